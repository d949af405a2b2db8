"""What AWS says went wrong, in the words of `errors`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    HTTPClientError,
    ReadTimeoutError,
)

from dishwasher.errors import Ambiguous, InfraError, Rejected

INVALID = frozenset(
    {"ValidationException", "ValidationError", "InvalidParameterValue", "EntityTooLarge"}
)
"""The same call again would get the same answer."""


def code(error: ClientError) -> str:
    """AWS's word for what went wrong; for an answer without a body the status of HTTP."""
    return error.response.get("Error", {}).get("Code", "")


def detail(error: ClientError, name: str) -> Any:
    """What an answer holds beside the word; None where it does not."""
    return dict(error.response).get(name)


@contextmanager
def faults(what: str, *, writes: bool = False) -> Iterator[None]:
    """Raise InfraError for what botocore could not do; `writes` if it may have been done anyway.

    A limit of AWS's is no Throttled here: flows take that for GitHub's, which says when it ends.
    """
    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {}).get("Message", "")
        text = f"{what}: {code(error)} {said}".strip()
        raise (Rejected if code(error) in INVALID else InfraError)(text) from error
    except (ConnectionClosedError, ReadTimeoutError, HTTPClientError) as error:
        # All attempts are used up, and the last of them may have come through.
        raise (Ambiguous if writes else InfraError)(f"{what}: {error}") from error
    except BotoCoreError as error:
        raise InfraError(f"{what}: {error}") from error
