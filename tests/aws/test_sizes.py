"""The runners of a stack, from what template.yaml tells its functions, and who gets which."""

from __future__ import annotations

from itertools import pairwise

import pytest
from dishwasher.aws.sizes import COMPUTE, sizes
from dishwasher.core import price
from dishwasher.core.size import Needs, choose

from tests.aws import template

STACK = {
    "DISHWASHER_RUNNER": "stack-Run",
    "DISHWASHER_BUILDER": "stack-Builder",
    "DISHWASHER_RUNNER_MEMORY": "3538",
    "DISHWASHER_RUNNER_DISK": "4096",
    "DISHWASHER_ARCHITECTURE": "arm64",
}
GIBIBYTE = 1024**3


def test_a_stack_has_its_function_and_codebuild_from_small_to_large() -> None:
    found = sizes(STACK)
    assert [size.name for size in found] == ["function", "small", "medium", "large"]
    for before, after in pairwise(found):
        assert (after.memory, after.disk) >= (before.memory, before.disk)
        assert after.seconds >= before.seconds
    # https://aws.amazon.com/blogs/compute/parallel-processing-in-python-with-aws-lambda/
    assert [size.shared for size in found] == [False, True, True, True]
    assert found[0].words == "a Lambda function with 3,538 MB"
    assert found[1].words == "a small CodeBuild machine (2 processors, 4 GiB)"


def test_a_microvm_comes_between_them_where_there_is_an_image() -> None:
    found = sizes(STACK | {"DISHWASHER_MICROVM": "arn:image"})
    assert [size.name for size in found][:3] == ["function", "microvm", "small"]
    wanted = (
        *(Needs(trusted=False), Needs(trusted=True, services=True), Needs(trusted=True, jail=True)),
        *(Needs(trusted=True, docker=True), Needs(trusted=True)),
    )
    chosen = [size.name for need in wanted if (size := choose(found, need))]
    assert chosen == ["microvm", "microvm", "microvm", "small", "function"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Needs(trusted=True), "function"),
        (Needs(trusted=False), "small"),
        (Needs(trusted=True, services=True), "small"),
        (Needs(trusted=True, docker=True), "small"),
        (Needs(trusted=True, jail=True), "small"),
        (Needs(trusted=True, seconds=1800.0), "small"),
        (Needs(trusted=True, memory=6 * GIBIBYTE), "medium"),
        (Needs(trusted=True, memory=12 * GIBIBYTE), "large"),
    ],
)
def test_strangers_and_all_that_is_too_much_for_a_function_go_to_codebuild(
    wanted: Needs, expected: str
) -> None:
    size = choose(sizes(STACK), wanted)
    assert size is not None
    assert size.name == expected


def test_three_minutes_cost_what_docs_aws_says() -> None:
    given = template.load()["Parameters"]
    memory, disk = (str(given[name]["Default"]) for name in ("RunnerMemory", "RunnerDisk"))
    own = {"DISHWASHER_RUNNER_MEMORY": memory, "DISHWASHER_RUNNER_DISK": disk}
    function, small, *_ = (size.rate for size in sizes(STACK | own))
    assert function is not None and small is not None
    page = " ".join((template.ROOT / "docs" / "aws.md").read_text().split())
    assert (
        f"Three minutes of the function with its {int(memory):,} MB come to "
        f"{function.of(180):.4f}, on a small ARM machine of CodeBuild to {small.of(180):.4f}."
    ) in page


def test_all_who_need_to_know_them_are_told_the_same() -> None:
    """Who starts a job, who tells it its limits, and who ends it must mean the same runner."""
    functions = template.of_type(template.load(), "AWS::Serverless::Function")
    told = [
        {
            name: functions[who]["Environment"]["Variables"][name]
            for name in (*STACK, "DISHWASHER_MICROVM")
        }
        for who in ("Dispatch", "Tickets", "Reap")
    ]
    assert told[0] == told[1] == told[2]
    assert told[0]["DISHWASHER_BUILDER"] == {"Ref": "Builder"}


def test_every_size_of_codebuild_is_a_compute_type_of_its_own() -> None:
    assert len(set(COMPUTE.values())) == len(COMPUTE) == 3


@pytest.mark.parametrize("architecture", price.Architecture)
def test_the_price_table_knows_every_runner_but_one(architecture: price.Architecture) -> None:
    stack = STACK | {"DISHWASHER_MICROVM": "arn:image", "DISHWASHER_ARCHITECTURE": architecture}
    unknown = [size.name for size in sizes(stack) if not (size.rate and size.rate.of(60.0))]
    # AWS has told no price of a MicroVM for it; docs/aws.md says so.
    assert unknown == (["microvm"] if architecture is price.Architecture.X86_64 else [])
