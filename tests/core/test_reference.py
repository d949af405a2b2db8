"""A secret of AWS by the name that a buildspec has for it."""

from __future__ import annotations

import pytest
from dishwasher.core.outputs import Secret, SecretStore
from dishwasher.core.reference import Reference, part, read

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/token-AbCdEf"


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("app/token", Reference("app/token")),
        ("app/token:password", Reference("app/token", "password")),
        ("app/token::AWSPREVIOUS", Reference("app/token", "", "AWSPREVIOUS")),
        ("app/token:password::0815", Reference("app/token", "password", "", "0815")),
        (ARN, Reference(ARN)),
        (f"{ARN}:password:AWSCURRENT", Reference(ARN, "password", "AWSCURRENT")),
    ],
)
def test_colons_divide_what_secrets_manager_is_asked_for(text: str, reference: Reference) -> None:
    assert read(Secret("TOKEN", SecretStore.SECRETS_MANAGER, text)) == reference


def test_a_parameter_is_named_whole_and_our_own_secrets_as_their_variable() -> None:
    parameter = Secret("TOKEN", SecretStore.PARAMETER_STORE, "/app/token:3")
    assert read(parameter) == Reference("/app/token:3")
    assert read(Secret("TOKEN")) == Reference("TOKEN")


def test_only_the_current_version_is_current() -> None:
    assert Reference("a").is_current and Reference("a", stage="AWSCURRENT").is_current
    assert not Reference("a", stage="AWSPREVIOUS").is_current
    assert not Reference("a", version="0815").is_current


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ('{"key": "hunter2", "other": 1}', "hunter2"),
        ('{"key": ""}', ""),
        ('{"key": 12.5}', "12.5"),
        ('{"key": true}', "true"),
        ('{"key": {"inner": [1]}}', '{"inner": [1]}'),
        ('{"other": "hunter2"}', None),
        ('["key"]', None),
        ("hunter2", None),
        ("[" * 100_000, None),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_part_is_the_value_of_a_key(value: str, found: str | None) -> None:
    assert part(value, "key") == found
