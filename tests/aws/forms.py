"""Kinds of resources that our stack has, and CloudFormation in moto does not make."""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.common_models import CloudFormationModel
from moto.scheduler.models import scheduler_backends

Json = dict[str, Any]


class _Form(CloudFormationModel):
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
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in ("ApiEndpoint", "Arn")

    def get_cfn_attribute(self, attribute_name: str) -> str:
        if attribute_name == "Arn":
            return f"arn:aws:codebuild:us-east-1:123456789012:project/{self._name}"
        return f"https://{self._name}.execute-api.us-east-1.amazonaws.com"

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource: Any, *words: Any, **more: Any
    ) -> Any:
        return original_resource


class Schedule(_Form, CloudFormationModel):
    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Scheduler::Schedule"

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> Schedule:
        own = cloudformation_json["Properties"]
        name = own.get("Name") or resource_name
        scheduler_backends[account_id][region_name].create_schedule(
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
        return cls(name)

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Json, account_id: str, region_name: str
    ) -> None:
        scheduler_backends[account_id][region_name].delete_schedule("default", resource_name)


class Alarm(_Form, CloudFormationModel):
    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudWatch::Alarm"

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> Alarm:
        own = cloudformation_json["Properties"]
        cloudwatch_backends[account_id][region_name].put_metric_alarm(
            name=resource_name,
            namespace=own.get("Namespace", "Dishwasher"),
            metric_name=own.get("MetricName", resource_name),
            comparison_operator=own["ComparisonOperator"],
            evaluation_periods=own["EvaluationPeriods"],
            period=60,
            threshold=own["Threshold"],
            statistic="Sum",
            description=own["AlarmDescription"],
            dimensions=[],
            alarm_actions=[],
        )
        return cls(resource_name)

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Json, account_id: str, region_name: str
    ) -> None:
        cloudwatch_backends[account_id][region_name].delete_alarms([resource_name])


class Api(_Form, CloudFormationModel):
    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::ApiGatewayV2::Api"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Json, *words: Any, **more: Any
    ) -> Api:
        return cls("api1234567")

    @classmethod
    def delete_from_cloudformation_json(cls, *words: Any) -> None: ...


class Project(_Form, CloudFormationModel):
    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CodeBuild::Project"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Json, *words: Any, **more: Any
    ) -> Project:
        return cls(resource_name)

    @classmethod
    def delete_from_cloudformation_json(cls, *words: Any) -> None: ...
