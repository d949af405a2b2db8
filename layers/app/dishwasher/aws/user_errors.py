"""What AWS answers no with, as a sentence for who sits at the terminal and can mend it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as said
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from dishwasher.aws.faults import code
from dishwasher.errors import InfraError, UserError

SIGN_IN = "`aws sso login` or `aws login`, or AWS_PROFILE for another profile"
UNKNOWN = frozenset(
    {
        *("InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"),
        *("AuthFailure", "InvalidSignatureException", "InvalidAccessKeyId"),
    }
)
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"})
NO_SIGN_IN = (
    said.NoCredentialsError,
    said.PartialCredentialsError,
    said.CredentialRetrievalError,
    said.TokenRetrievalError,
    said.SSOError,
)
NO_WAY = (said.EndpointConnectionError, said.ConnectTimeoutError)


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Raise UserError for what the person can mend, and InfraError for all else of botocore's.

    Also for a fault of our adapters that one of botocore's has caused.
    """
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        if text := explanation(error):
            raise UserError(text) from error
        raise InfraError(f"{what}: {error}") from error
    except ResponseParserError as error:
        # A proxy's page, or a server that is none of AWS's.
        text = f"{what}: what answers is not AWS; see AWS_ENDPOINT_URL and HTTPS_PROXY"
        raise UserError(text) from error
    except InfraError as error:
        cause = error.__cause__
        if isinstance(cause, BotoCoreError | ClientError) and (text := explanation(cause)):
            raise UserError(text) from error
        raise


def explanation(error: BotoCoreError | ClientError) -> str:
    """What to do, after what is wrong; empty where it is none of the person's."""
    if isinstance(error, ClientError):
        return _refused(error)
    if isinstance(error, NO_SIGN_IN):
        return f"AWS does not know who you are ({error}): sign in with {SIGN_IN}"
    if isinstance(error, said.ProfileNotFound):
        return f"{error}: AWS_PROFILE names it, and `aws configure list-profiles` shows yours"
    if isinstance(error, said.NoRegionError):
        return "no region of AWS is chosen: set AWS_REGION, as AWS_REGION=eu-central-1"
    if isinstance(error, said.InvalidRegionError):
        return f"{error}: set AWS_REGION to one, as AWS_REGION=eu-central-1"
    if isinstance(error, NO_WAY):
        return f"{error}: see that AWS_REGION is a region's name, and that the network lets you out"
    return ""


def _refused(error: ClientError) -> str:
    word = code(error)
    message = error.response.get("Error", {}).get("Message", "")
    if word in EXPIRED:
        return f"your credentials for AWS have expired: sign in again with {SIGN_IN}"
    if word in UNKNOWN:
        return f"AWS does not know your credentials ({word}): sign in with {SIGN_IN}"
    if word in DENIED:
        what = message if " to perform" in message else f"{error.operation_name}. {message}".strip()
        return (
            f"AWS does not let you: {what.rstrip('.')}. Use credentials that may "
            "(AWS_PROFILE), or ask who administers the account"
        )
    if word == "OptInRequired":
        return "this region is not enabled for the account: choose another one by AWS_REGION"
    return ""
