"""A stack of template.yaml in the emulator, with what a person's commands look at.

moto carries out no transform of SAM's, and makes no HTTP API: functions, schedules and sources are
written here as SAM writes them, by the names that SAM gives them; the output `Url` is a parameter.
`python -m tests.aws_local.deploying` has all of it, made by `sam deploy` itself.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

from tests.aws.emulator import Emulator
from tests.aws.template import ROOT, Loader, load

Json = dict[str, Any]
PLAIN = {
    *("AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::Logs::LogGroup"),
    "AWS::IAM::Role",
}
ROLE = {"Fn::GetAtt": ["RunRole", "Arn"]}
CODE = {"ZipFile": "def handler(event, context): ..."}


def template() -> Json:
    whole = load()
    made: Json = {}
    for name, resource in whole["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            made |= _function(name, resource["Properties"].get("Events", {}))
        elif resource["Type"] in PLAIN:
            own = json.loads(json.dumps(resource))
            if resource["Type"] == "AWS::IAM::Role":
                own["Properties"].pop("Policies", None)
            made[name] = own
    alarms = yaml.load((ROOT / "infra" / "watch.yaml").read_text(), Loader)["Resources"]
    for name in ("Dead", "Forgotten"):
        words = {key: alarms[name]["Properties"][key] for key in KEPT}
        plain = {"Namespace": "Dishwasher", "MetricName": name, "Period": 60, "Statistic": "Sum"}
        made[name] = {"Type": "AWS::CloudWatch::Alarm", "Properties": {**words, **plain}}
    outputs = {
        **{name: whole["Outputs"][name] for name in ("Table", "Bucket", "Version")},
        "Url": {"Value": {"Ref": "PublicUrl"}},
    }
    return {"Parameters": whole["Parameters"], "Resources": made, "Outputs": outputs}


KEPT = ("AlarmDescription", "ComparisonOperator", "Threshold", "EvaluationPeriods")


def _function(name: str, events: Json) -> Json:
    made: Json = {
        name: {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                **{"Runtime": {"Ref": "Runtime"}, "Handler": "index.handler"},
                **{"Role": ROLE, "Code": CODE},
            },
        }
    }
    for event, found in events.items():
        own = found["Properties"]
        if found["Type"] == "SQS":
            words = {"EventSourceArn": own["Queue"], "FunctionName": {"Ref": name}}
            made[name + event] = {"Type": "AWS::Lambda::EventSourceMapping", "Properties": words}
        elif found["Type"] == "ScheduleV2":
            target = {"Arn": {"Fn::GetAtt": [name, "Arn"]}, "RoleArn": ROLE}
            words = {
                "ScheduleExpression": own["ScheduleExpression"],
                **{"FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target, "State": "ENABLED"},
            }
            made[name + event] = {"Type": "AWS::Scheduler::Schedule", "Properties": words}
    return made


def deploy(emulator: Emulator, name: str, **parameters: str) -> None:
    client = emulator.clients.client("cloudformation")
    client.create_stack(
        StackName=name,
        TemplateBody=json.dumps(template()),
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
        Capabilities=["CAPABILITY_IAM"],
    )
    # What moto's CloudFormation leaves out of the table's properties.
    table = client.describe_stack_resource(StackName=name, LogicalResourceId="Table")
    emulator.clients.dynamodb.update_continuous_backups(
        TableName=table["StackResourceDetail"]["PhysicalResourceId"],
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )
