"""`python -m tests.aws_local.cloudformation`: moto that `sam deploy` can deploy to.

As moto's server, on a port that it prints, until stdin closes; with AWS's own transform of SAM's
resources in front of CloudFormation, which moto has not, and what `tests.aws.forms` adds.
"""

from __future__ import annotations

import json
from typing import Any

import moto.awslambda.models as lambdas
import moto.cloudformation.models as models
import moto.cloudformation.responses as responses
from moto.cloudformation.exceptions import ValidationError
from moto.core.responses import ActionResult
from samcli.yamlhelper import yaml_parse

from tests.aws import forms
from tests.aws_local import moto as server
from tests.aws_local.absent import without
from tests.aws_local.artifact import PARAMETERS
from tests.aws_local.stack import transformed

TRANSFORM = "AWS::Serverless-2016-10-31"

fetch = responses.get_stack_from_s3_url
delete = models.CloudFormationBackend.delete_stack
look_up = lambdas.LambdaFunction._get_layers_data
execute = models.CloudFormationBackend.execute_change_set


def fetched(url: str, account_id: str, partition: str) -> str:
    """A template as CloudFormation works on it."""
    text: str = fetch(url, account_id, partition)
    template = yaml_parse(text)
    if template.get("Transform") != TRANSFORM:
        return text
    made = without(transformed(template, PARAMETERS), PARAMETERS)
    # Of the two words for what stays, the one that moto knows.
    return json.dumps(made).replace("RetainExceptOnCreate", "Retain")


def protect(self: Any) -> ActionResult:
    """The call UpdateTerminationProtection, which moto has not."""
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    stack.enable_termination_protection = self._get_bool_param("EnableTerminationProtection")
    return ActionResult({"StackId": stack.stack_id})


def delete_stack(self: Any, name_or_stack_id: str) -> None:
    """As AWS: what is protected can not be deleted."""
    for stack in self.stacks.values():
        named = name_or_stack_id in (stack.name, stack.stack_id)
        if named and stack.enable_termination_protection:
            raise ValidationError(message=f"Stack {stack.name} can not be deleted: it is protected")
    delete(self, name_or_stack_id)


def execute_change_set(self: Any, change_set_name: str, stack_name: str | None = None) -> None:
    """With outputs and parameters of what was made, which moto leaves as they were."""
    execute(self, change_set_name, stack_name)
    change_set = self.change_sets[change_set_name]
    stack = self.stacks[change_set.stack_id]
    stack.parameters = change_set.parameters
    stack._parse_template()
    stack.output_map = stack._create_output_map()


def layers_data(self: Any, layers: list[Any]) -> Any:
    """By their names, where moto updates a function with what a reference leads to."""
    return look_up(self, [getattr(one, "arn", one) for one in layers])


def main() -> None:
    # moto finds them because they are there.
    assert forms.Api in models.CloudFormationModel.__subclasses__()
    responses.get_stack_from_s3_url = fetched
    models.get_stack_from_s3_url = fetched
    lambdas.LambdaFunction._get_layers_data = layers_data
    responses.CloudFormationResponse.update_termination_protection = protect
    models.CloudFormationBackend.delete_stack = delete_stack
    models.CloudFormationBackend.execute_change_set = execute_change_set
    server.main()


if __name__ == "__main__":
    main()
