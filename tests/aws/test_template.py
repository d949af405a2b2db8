"""What the template promises beside rights: queues, runners, and what is kept."""

from __future__ import annotations

from typing import Any

import pytest
from dishwasher.wiring.hearing import ENOUGH

from tests.aws import template
from tests.aws.emulator import TABLE

QUEUES = ("Deliveries", "Jobs", "Reports")
NEW_ACCOUNT = 3008
"""MB of a function in an account that has used Lambda little; others have 10,240:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    found: dict[str, Any] = template.load()["Resources"]
    return found


def own(resources: dict[str, Any], name: str) -> dict[str, Any]:
    properties: dict[str, Any] = resources[name]["Properties"]
    return properties


def listener(resources: dict[str, Any], queue: str) -> dict[str, Any]:
    """Properties of the function that hears from this queue."""
    (found,) = [
        one["Properties"]
        for one in resources.values()
        if one["Type"] == "AWS::Serverless::Function"
        and queue in one["Properties"].get("Events", {})
    ]
    return found


@pytest.mark.parametrize("queue", QUEUES)
def test_a_message_is_hidden_for_six_times_its_functions_time(
    resources: dict[str, Any], queue: str
) -> None:
    function = listener(resources, queue)
    assert own(resources, queue)["VisibilityTimeout"] >= 6 * function["Timeout"]
    # The first of a batch has time, whatever it takes.
    assert function["Timeout"] >= 2 * ENOUGH
    event = function["Events"][queue]["Properties"]
    assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize("queue", QUEUES)
def test_what_can_not_be_done_goes_to_a_dead_queue(resources: dict[str, Any], queue: str) -> None:
    redrive = own(resources, queue)["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": [f"Dead{queue}", "Arn"]}
    assert redrive["maxReceiveCount"] >= 5


@pytest.mark.parametrize("queue", QUEUES)
def test_a_function_may_ring_its_own_queue_more_than_sixteen_times(
    resources: dict[str, Any], queue: str
) -> None:
    function = listener(resources, queue)
    role = own(resources, function["Role"]["Fn::GetAtt"][0])
    rung = {
        to["Fn::GetAtt"][0]
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == "sqs:SendMessage"
        for to in statement["Resource"]
    }
    assert queue in rung, "who rings only others' queues needs no leave"
    # Lambda's detection counts by botocore's header, and stops the chain otherwise.
    assert function["RecursiveLoop"] == "Allow"


def test_a_runner_hears_from_nobody_is_not_repeated_and_has_a_place_of_its_own(
    resources: dict[str, Any],
) -> None:
    runner = own(resources, "Run")
    assert "Events" not in runner
    assert runner["EventInvokeConfig"]["MaximumRetryAttempts"] == 0
    assert runner["TenancyConfig"] == {"TenantIsolationMode": "PER_TENANT"}


def test_a_round_of_the_reaper_is_not_repeated_beside_the_next(resources: dict[str, Any]) -> None:
    reaper = own(resources, "Reap")
    # What the schedule calls is asynchronous, so that its own policy ends before Lambda's begins.
    assert reaper["EventInvokeConfig"] == own(resources, "Run")["EventInvokeConfig"]
    events = [event["Properties"] for event in reaper["Events"].values()]
    assert [event["RetryPolicy"] for event in events] == [{"MaximumRetryAttempts": 0}] * 2


def test_a_runner_of_an_image_is_the_same_function(resources: dict[str, Any]) -> None:
    runner, image = own(resources, "Run"), own(resources, "RunImage")
    same = ("Role", "Timeout", "MemorySize", "EphemeralStorage", "TenancyConfig")
    assert {name: image[name] for name in same} == {name: runner[name] for name in same}
    assert image["Code"] == {"ImageUri": {"Ref": "RunnerImage"}}
    once = own(resources, "RunImageOnce")
    assert once["FunctionName"] == {"Ref": "RunImage"}
    assert runner["EventInvokeConfig"].items() <= once.items()
    assert {resources[name]["Condition"] for name in ("RunImage", "RunImageOnce")} == {"OwnImage"}
    # It is told nothing but how to run a job: no name of anything, and no place.
    assert image["Environment"]["Variables"] == {
        "DISHWASHER_SANDBOX": runner["Environment"]["Variables"]["DISHWASHER_SANDBOX"]
    }


def test_a_runner_is_not_told_where_anything_is(resources: dict[str, Any]) -> None:
    globals = template.load()["Globals"]["Function"]["Environment"]["Variables"]
    told = {**globals, **own(resources, "Run")["Environment"]["Variables"]}
    places = {name for name, value in told.items() if isinstance(value, dict) and value}
    assert places == {
        *("DISHWASHER_PUBLIC_URL", "DISHWASHER_GITHUB_URL", "DISHWASHER_GITHUB_API_URL"),
        *("DISHWASHER_TRUSTED_BOTS", "DISHWASHER_KEEP_DAYS"),
    }


def test_a_new_account_can_be_deployed_to() -> None:
    loaded = template.load()
    memory = {
        name: function.get("MemorySize", loaded["Globals"]["Function"]["MemorySize"])
        for name, function in template.of_type(loaded, "AWS::Serverless::Function").items()
    }
    assert memory.pop("Run") == {"Ref": "RunnerMemory"}
    assert max(*memory.values(), loaded["Parameters"]["RunnerMemory"]["Default"]) <= NEW_ACCOUNT


def test_the_table_is_the_one_that_the_store_is_tested_with(resources: dict[str, Any]) -> None:
    table = own(resources, "Table")
    assert {name: table[name] for name in TABLE} == TABLE
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


@pytest.mark.parametrize("name", ["Table", "Bucket"])
def test_no_change_of_the_stack_loses_data(resources: dict[str, Any], name: str) -> None:
    assert resources[name]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert resources[name]["UpdateReplacePolicy"] == "Retain"


def test_the_bucket_is_nobody_elses_and_forgets(resources: dict[str, Any]) -> None:
    bucket = own(resources, "Bucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    rules = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
    assert {rule.get("Prefix") for rule in rules.values()} >= {"attempts/", "caches/"}
    assert rules["unfinished uploads"]["AbortIncompleteMultipartUpload"]
    (statement,) = own(resources, "BucketPolicy")["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == (
        "Deny",
        {"Bool": {"aws:SecureTransport": False}},
    )


def test_every_route_of_ours_is_one_of_the_api(resources: dict[str, Any]) -> None:
    events = [
        (event["Properties"]["Method"], event["Properties"]["Path"])
        for one in resources.values()
        for event in one.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "HttpApi"
    ]
    verbs = ("claim", "started", "beat", "uploads", "result")
    wanted = {("POST", f"/jobs/{{attempt}}/{verb}") for verb in verbs}
    wanted |= {("PUT", "/jobs/{attempt}/log"), ("POST", "/jobs/{attempt}/caches/{verb}")}
    assert wanted | {("POST", "/webhook"), ("GET", "/{page+}"), ("GET", "/")} <= set(events)
