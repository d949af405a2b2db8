"""The template as CloudFormation makes it: SAM's own transform, and a stack in moto."""

from __future__ import annotations

import ast
import json
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from dishwasher.aws.clients import Clients

from tests.aws_local.absent import without
from tests.aws_local.artifact import ANYONE, PARAMETERS, Artifact
from tests.aws_local.function import Definition
from tests.aws_local.iam.signature import Key

REGION = ANYONE["AWS_REGION"]
AMAZON = f"https://sqs.{REGION}.amazonaws.com"
NAME = "dishwasher"
CODE = {"S3Bucket": "artifacts", "S3Key": "code.zip"}
FUNCTION = re.compile(r"functions/\$\{(\w+)\.Arn\}/invocations")

HASH = 10
"""Characters."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """An event source mapping."""

    queue_url: str
    function: str
    batch: int
    concurrency: int


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    function: str


@dataclass(frozen=True, slots=True)
class Schedule:
    function: str
    seconds: float
    payload: str


class Stack:
    """Functions are called by their names in the template."""

    def __init__(self, artifact: Artifact, endpoint: str, parameters: Mapping[str, str]) -> None:
        self._artifact, self._endpoint = artifact, endpoint
        self._parameters = {**PARAMETERS, **parameters}
        self.template = without(_here(artifact.template), self._parameters)
        self._physical: dict[str, str] = {}

    def client(self, service: str, endpoint: str = "", key: Key | None = None) -> Any:
        """As anybody at moto itself, or with a role's own key at what stands in front of it."""
        # Here, so that the rest can be tested where only the demo's packages are.
        import botocore.session

        return botocore.session.get_session().create_client(
            service,
            region_name=REGION,
            endpoint_url=endpoint or self._endpoint,
            aws_access_key_id=key.id if key else ANYONE["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=key.secret if key else ANYONE["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=key.token if key else None,
        )

    @property
    def clients(self) -> Clients:
        """As our own adapters take them."""
        return Clients(REGION, self._endpoint)

    def deploy(self, api_url: str) -> None:
        """`api_url` is what API Gateway would say: moto makes no API of this kind."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=CODE["S3Bucket"])
        s3.put_object(Bucket=CODE["S3Bucket"], Key=CODE["S3Key"], Body=_some_zip())
        words = json.dumps(self.template).replace(
            '{"Fn::GetAtt": ["Api", "ApiEndpoint"]}', json.dumps(api_url)
        )
        client = self.client("cloudformation")
        client.create_stack(
            StackName=NAME,
            TemplateBody=words,
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in self._parameters.items()
            ],
            Capabilities=["CAPABILITY_IAM"],
        )
        stack = client.describe_stacks(StackName=NAME)["Stacks"][0]
        if stack["StackStatus"] != "CREATE_COMPLETE":
            raise RuntimeError(f"the stack is {stack['StackStatus']}")
        found = client.describe_stack_resources(StackName=NAME)["StackResources"]
        # Those that moto does not know have no name.
        self._physical = {
            one["LogicalResourceId"]: one["PhysicalResourceId"]
            for one in found
            if {"LogicalResourceId", "PhysicalResourceId"} <= one.keys()
        }

    def name(self, logical: str) -> str:
        """What AWS calls the resource."""
        return self._physical[logical]

    def logical(self, physical: str) -> str:
        """The template's name for it; `physical` may be an ARN."""
        return next(
            name for name, known in self._physical.items() if known == physical.rpartition(":")[2]
        )

    def queue_url(self, logical: str) -> str:
        """A queue's URL names Amazon's server, and moto is on this machine."""
        return self.name(logical).replace(AMAZON, self._endpoint)

    def statements(self, function: str) -> list[Json]:
        """What the role of the function allows, with real names."""
        own = list[Json]()
        role = self.name(f"{function}Role")
        iam = self.client("iam")
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            found = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            # moto keeps what comes from a template as what Python prints.
            own += (ast.literal_eval(found) if isinstance(found, str) else found)["Statement"]
        return own

    def functions(
        self, endpoint: str, key: Callable[[str], Mapping[str, str]]
    ) -> Iterator[tuple[str, Definition]]:
        """`endpoint`: where they find AWS. `key`: a function's own credentials, as variables."""
        client = self.client("lambda")
        for logical, resource in self._of("AWS::Lambda::Function"):
            if logical not in self._physical:
                # Of an image, which this stack has none of.
                continue
            made = client.get_function_configuration(FunctionName=self.name(logical))
            variables = made["Environment"]["Variables"]
            yield (
                logical,
                Definition(
                    name=logical,
                    code=self._artifact.folder / logical,
                    handler=made["Handler"],
                    environment={
                        # moto keeps the numbers of parameters as such.
                        **{
                            name: str(value).replace(AMAZON, endpoint)
                            for name, value in variables.items()
                        },
                        "AWS_DEFAULT_REGION": REGION,
                        "AWS_REGION": REGION,
                        "AWS_ENDPOINT_URL": endpoint,
                        **key(logical),
                    },
                    timeout=made["Timeout"],
                    memory=made["MemorySize"],
                    layers=tuple(self._layers(resource)),
                ),
            )

    def mappings(self) -> Iterator[Source]:
        for _, resource in self._of("AWS::Lambda::EventSourceMapping"):
            own = resource["Properties"]
            yield Source(
                queue_url=self.queue_url(own["EventSourceArn"]["Fn::GetAtt"][0]),
                function=own["FunctionName"]["Ref"],
                batch=own["BatchSize"],
                concurrency=own["ScalingConfig"]["MaximumConcurrency"],
            )

    def routes(self) -> Iterator[Route]:
        for _, resource in self._of("AWS::ApiGatewayV2::Api"):
            for path, methods in resource["Properties"]["Body"]["paths"].items():
                for method, found in methods.items():
                    uri = found["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
                    name = FUNCTION.search(uri)
                    assert name is not None, uri
                    yield Route(method.upper(), path, name[1])

    def schedules(self) -> Iterator[Schedule]:
        for _, resource in self._of("AWS::Scheduler::Schedule"):
            own = resource["Properties"]
            number = re.fullmatch(r"rate\((\d+) minutes?\)", own["ScheduleExpression"])
            assert number is not None, own["ScheduleExpression"]
            target = own["Target"]
            yield Schedule(target["Arn"]["Fn::GetAtt"][0], 60.0 * int(number[1]), target["Input"])

    def _of(self, type: str) -> Iterator[tuple[str, Json]]:
        for logical, resource in self.template["Resources"].items():
            if resource["Type"] == type:
                yield logical, resource

    def _layers(self, resource: Json) -> Iterator[Any]:
        for layer in resource["Properties"].get("Layers", ()):
            # SAM adds a hash to the name, so that a change makes a new layer.
            yield self._artifact.folder / layer["Ref"][:-HASH] / "python"


def transformed(template: Json, parameters: Mapping[str, str]) -> Json:
    """What CloudFormation makes of SAM's resources, by AWS's own code."""
    from samtranslator.translator.transform import transform

    class NoPolicies:
        """Roles are written out in the template."""

        def load(self) -> Json:
            return {}

    # It reads the region from there, and from nowhere else.
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    done: Json = transform(json.loads(json.dumps(template)), dict(parameters), NoPolicies())
    return done


def _here(template: Json) -> Json:
    """Of a template that was built and not uploaded."""
    copy: Json = json.loads(json.dumps(template))
    place = f"s3://{CODE['S3Bucket']}/{CODE['S3Key']}"
    # Alarms and a dashboard are for people, and moto has none to look at.
    del copy["Resources"]["Watch"]
    for resource in copy["Resources"].values():
        for name in ("CodeUri", "ContentUri"):
            if name in resource.get("Properties", {}):
                resource["Properties"][name] = place
    return transformed(copy, PARAMETERS)


def _some_zip() -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("handler.py", "# The code is run from where it was built.\n")
    return packed.getvalue()
