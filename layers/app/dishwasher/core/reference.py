"""What a buildspec calls a secret of AWS, and the part of its value that it means."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from dishwasher.core.outputs import Secret, SecretStore

PARTS = 4
"""`secret-id:json-key:version-stage:version-id`, after the six colons of an ARN.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html#build-spec.env.secrets-manager
"""
CURRENT = "AWSCURRENT"
"""The stage of the version that is valid now:
https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html"""

_ARN = re.compile(r"arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:")


@dataclass(frozen=True, slots=True)
class Reference:
    """A secret by the name under which its store has it, and what of it is asked for."""

    id: str
    key: str = ""
    """Of a value that is a JSON object; empty for the whole value."""
    stage: str = ""
    version: str = ""

    @property
    def is_current(self) -> bool:
        return self.stage in ("", CURRENT) and not self.version


def split(text: str) -> list[str]:
    """The parts between colons; those of an ARN belong to the first."""
    arn = _ARN.match(text)
    begin = arn.end() if arn else 0
    first, *others = text[begin:].split(":")
    return [text[:begin] + first, *others]


def read(secret: Secret) -> Reference:
    """What a job's secret refers to; a format has seen to it that Secrets Manager's can be read."""
    if secret.store is SecretStore.SECRETS_MANAGER:
        return Reference(*split(secret.reference)[:PARTS])
    return Reference(secret.reference or secret.variable)


def part(value: str, key: str) -> str | None:
    """The value of a key of a JSON object, None where it is none or has no such key.

    No exception leaves here: it would hold the value.
    """
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or key not in found:
        return None
    inner = found[key]
    return inner if isinstance(inner, str) else json.dumps(inner)
