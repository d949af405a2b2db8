"""Kinds of resources that our stack has, and CloudFormation in moto does not make."""

from __future__ import annotations

from typing import Any, ClassVar

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.common_models import CloudFormationModel
from moto.scheduler.models import scheduler_backends

Json = dict[str, Any]


class _Form(CloudFormationModel):
    """What moto asks of each kind; its name is all that another resource may want of it."""

    KIND: ClassVar[str] = ""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def physical_resource_id(self) -> str:
        return self._name

    @property
    def name(self) -> str:
        return self._name

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @classmethod
    def cloudformation_type(cls) -> str:
        return cls.KIND

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in ("ApiEndpoint", "Arn")

    def get_cfn_attribute(self, attribute_name: str) -> str:
        if attribute_name == "Arn":
            return f"arn:aws:codebuild:us-east-1:123456789012:project/{self._name}"
        return f"https://{self._name}.execute-api.us-east-1.amazonaws.com"

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> _Form:
        properties = cloudformation_json["Properties"]
        return cls(cls.made(resource_name, properties, account_id, region_name))

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource: Any, *words: Any, **more: Any
    ) -> Any:
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Json, account_id: str, region_name: str
    ) -> None:
        cls.gone(resource_name, account_id, region_name)

    @classmethod
    def made(cls, name: str, own: Json, account: str, region: str) -> str:
        """Its name, once it is there; `own` are the template's properties."""
        return name

    @classmethod
    def gone(cls, name: str, account: str, region: str) -> None:
        """Moto has nothing of it."""


class Schedule(_Form, CloudFormationModel):
    KIND = "AWS::Scheduler::Schedule"

    @classmethod
    def made(cls, name: str, own: Json, account: str, region: str) -> str:
        name = own.get("Name") or name
        scheduler_backends[account][region].create_schedule(
            **dict.fromkeys(("description", "end_date", "start_date", "kms_key_arn"), None),
            flexible_time_window=own.get("FlexibleTimeWindow", {"Mode": "OFF"}),
            group_name="default",
            name=name,
            schedule_expression=own["ScheduleExpression"],
            schedule_expression_timezone="UTC",
            state=own.get("State", "ENABLED"),
            target=own["Target"],
            action_after_completion=None,
        )
        return name

    @classmethod
    def gone(cls, name: str, account: str, region: str) -> None:
        scheduler_backends[account][region].delete_schedule("default", name)


class Alarm(_Form, CloudFormationModel):
    KIND = "AWS::CloudWatch::Alarm"

    @classmethod
    def made(cls, name: str, own: Json, account: str, region: str) -> str:
        cloudwatch_backends[account][region].put_metric_alarm(
            name=name,
            namespace=own.get("Namespace", "Dishwasher"),
            metric_name=own.get("MetricName", name),
            comparison_operator=own["ComparisonOperator"],
            evaluation_periods=own["EvaluationPeriods"],
            period=60,
            threshold=own["Threshold"],
            statistic="Sum",
            description=own["AlarmDescription"],
            dimensions=[],
            alarm_actions=[],
        )
        return name

    @classmethod
    def gone(cls, name: str, account: str, region: str) -> None:
        cloudwatch_backends[account][region].delete_alarms([name])


class Api(_Form, CloudFormationModel):
    KIND = "AWS::ApiGatewayV2::Api"

    @classmethod
    def made(cls, name: str, own: Json, account: str, region: str) -> str:
        return "api1234567"


class Project(_Form, CloudFormationModel):
    KIND = "AWS::CodeBuild::Project"
