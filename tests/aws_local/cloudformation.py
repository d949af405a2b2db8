"""`python -m tests.aws_local.cloudformation`: moto that `sam deploy` can deploy to.

As moto's server, on a port that it prints, until stdin closes; with AWS's own transform of SAM's
resources in front of CloudFormation, which moto has not, and what `tests.aws.forms` adds.
"""

from __future__ import annotations

import json
from typing import Any

import moto.cloudformation.models as models
import moto.cloudformation.responses as responses
from moto.cloudformation.exceptions import ValidationError
from moto.core.responses import ActionResult
from samcli.yamlhelper import yaml_parse

from tests.aws import forms
from tests.aws_local import moto as server
from tests.aws_local.artifact import PARAMETERS
from tests.aws_local.stack import transformed

TRANSFORM = "AWS::Serverless-2016-10-31"

fetch = responses.get_stack_from_s3_url
delete = models.CloudFormationBackend.delete_stack


def fetched(url: str, account_id: str, partition: str) -> str:
    """A template as CloudFormation works on it."""
    text: str = fetch(url, account_id, partition)
    template = yaml_parse(text)
    if template.get("Transform") != TRANSFORM:
        return text
    return json.dumps(transformed(template, PARAMETERS))


def protect(self: Any) -> ActionResult:
    """The call UpdateTerminationProtection, which moto has not."""
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    stack.enable_termination_protection = self._get_bool_param("EnableTerminationProtection")
    return ActionResult({"StackId": stack.stack_id})


def delete_stack(self: Any, name_or_stack_id: str) -> None:
    """As AWS: what is protected can not be deleted, and what is retained is not."""
    for stack in self.stacks.values():
        if name_or_stack_id in (stack.name, stack.stack_id):
            if stack.enable_termination_protection:
                raise ValidationError(message="Stack can not be deleted: it is protected")
            for resource in stack.template_dict["Resources"].values():
                if resource.get("DeletionPolicy") == "RetainExceptOnCreate":
                    # The only one of these words that moto knows.
                    resource["DeletionPolicy"] = "Retain"
    delete(self, name_or_stack_id)


def main() -> None:
    # moto finds them because they are there.
    assert forms.Api in models.CloudFormationModel.__subclasses__()
    responses.get_stack_from_s3_url = fetched
    models.get_stack_from_s3_url = fetched
    responses.CloudFormationResponse.update_termination_protection = protect
    models.CloudFormationBackend.delete_stack = delete_stack
    server.main()


if __name__ == "__main__":
    main()
