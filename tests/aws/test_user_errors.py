"""What AWS answers no with is told to a person with what to do."""

from __future__ import annotations

import re

import pytest

botocore = pytest.importorskip("botocore.exceptions", reason="needs botocore")

from dishwasher.aws.user_errors import explained  # noqa: E402
from dishwasher.errors import InfraError, UserError  # noqa: E402

WHO = "User: arn:aws:iam::1:user/a is not authorized to perform: ssm:PutParameter on resource: *"


def refusal(code: str, message: str = "") -> Exception:
    answer = {"Error": {"Code": code, "Message": message}}
    error: Exception = botocore.ClientError(answer, "PutParameter")
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (refusal("AccessDeniedException", WHO), "to perform: ssm:PutParameter"),
        (refusal("AccessDenied"), "AWS does not let you: PutParameter. Use credentials"),
        (refusal("ExpiredToken"), "have expired: sign in again"),
        (refusal("UnrecognizedClientException"), "does not know your credentials"),
        (refusal("OptInRequired"), "not enabled for the account"),
        (botocore.NoCredentialsError(), "sign in with"),
        (botocore.SSOTokenLoadError(error_msg="gone"), "sign in with"),
        (botocore.NoRegionError(), "set AWS_REGION"),
        (botocore.ProfileNotFound(profile="x"), "AWS_PROFILE"),
        (botocore.EndpointConnectionError(endpoint_url="https://x"), "a region's name"),
    ],
)
def test_a_person_can_mend_it(error: Exception, told: str) -> None:
    with pytest.raises(UserError, match=re.escape(told)), explained("can not deploy"):
        raise error


def test_the_fault_of_an_adapter_is_told_by_its_cause() -> None:
    with pytest.raises(UserError, match="have expired"), explained("can not deploy"):
        raise InfraError("can not store it") from refusal("ExpiredToken")


@pytest.mark.parametrize("error", [refusal("InternalError", "later"), InfraError("can not: later")])
def test_what_nobody_can_mend_stays_a_fault_of_aws(error: Exception) -> None:
    with pytest.raises(InfraError, match=r"can not.*later"), explained("can not deploy"):
        raise error
