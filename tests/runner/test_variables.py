"""What a value becomes, and what a step finds in its environment."""

from __future__ import annotations

import pytest
from dishwasher.core.machine import Machine, Variable
from dishwasher.core.step import Shell
from dishwasher.runner.variables import directory

from tests.runner.job import Jobs, phase

VALUES = {"A": "a", "EMPTY": "", "LONG_1": "l"}


def test_a_directory_is_absolute() -> None:
    assert directory("a/../b", "/base", {}) == "/base/b"
    assert directory("~/b", "/base", {"HOME": "/home"}) == "/home/b"
    assert directory("~b", "/base", {"HOME": "/home"}) == "/base/~b"


def seen(job: Jobs, **values: object) -> dict[str, str]:
    done = job(phase("build", "env"), **values)
    return dict(line.split("=", 1) for line in done.printed if "=" in line)


def test_variables_of_the_machine_are_text_and_see_those_before_them(job: Jobs) -> None:
    machine = Machine(
        environment=(
            Variable("DEBUG", "True"),
            Variable("VERSION", "3.10"),
            Variable("LITERAL", "$HOME"),
            Variable("REPORT", "$CIRCLE_REPORTS/x-${VERSION}", expand=True),
            Variable("PATH", "$HOME/bin:$PATH", expand=True),
        )
    )
    facts = (("CIRCLE_REPORTS", "{reports}"),)
    found = seen(job, machine=machine, facts=facts)
    assert (found["DEBUG"], found["VERSION"], found["LITERAL"]) == ("True", "3.10", "$HOME")
    assert found["REPORT"].endswith("/reports/x-3.10")
    assert found["PATH"].startswith(f"{found['HOME']}/bin:/")


def test_facts_fill_the_formats_names_and_unknown_ones_are_not_set(job: Jobs) -> None:
    templates = (
        ("CIRCLE_BRANCH", "{branch}"),
        ("CIRCLE_TAG", "{tag}"),
        ("CI_PULL_REQUEST", "{pull_request_url}"),
        ("CODEBUILD_SRC_DIR", "{checkout}"),
        ("CIRCLE_ARTIFACTS", "{artifacts}"),
        ("CIRCLECI", "true"),
        ("JOIN", "x/{branch}/{tag}"),
    )
    found = seen(job, facts=templates, of_ticket=(("branch", "main"), ("tag", "")))
    assert found["CIRCLE_BRANCH"] == "main"
    assert "CIRCLE_TAG" not in found
    assert "CI_PULL_REQUEST" not in found
    assert found["CODEBUILD_SRC_DIR"] == found["PWD"]
    assert found["CIRCLE_ARTIFACTS"] == found["DISHWASHER_ARTIFACTS"]
    assert (found["CIRCLECI"], found["JOIN"]) == ("true", "x/main/")


def test_what_the_ticket_says_wins(job: Jobs) -> None:
    machine = Machine(
        environment=(Variable("TOKEN", "file"), Variable("COPY", "$TOKEN", expand=True))
    )
    found = seen(job, machine=machine, environment=(("TOKEN", "stored"),))
    assert (found["TOKEN"], found["COPY"]) == ("stored", "stored")


def test_the_timezone_is_tz(job: Jobs) -> None:
    done = job(phase("build", "date -d @0 +%H:%M"), machine=Machine(timezone="America/New_York"))
    assert done.printed == ["19:00"]


@pytest.mark.parametrize("shell", list(Shell))
def test_exported_variables_are_handed_on(job: Jobs, shell: Shell) -> None:
    done = job(
        phase("build", "export TAG=v2; A=1"),
        shell=shell,
        machine=Machine(environment=(Variable("TAG", "v1"),)),
        exported=("TAG", "NONE"),
    )
    assert done.build.outputs.exported == (("TAG", "v2" if shell is Shell.ONE else "v1"),)
    assert done.notes == ["The exported variable NONE is not set and is left out."]


def test_exported_values_are_taken_after_a_failure_and_an_exit(job: Jobs) -> None:
    done = job(phase("build", "export TAG=v2; exit 1"), shell=Shell.ONE, exported=("TAG",))
    assert done.build.outputs.exported == (("TAG", "v2"),)


def test_a_long_value_is_not_exported(job: Jobs) -> None:
    step = "export TAG=$(head -c 20000 /dev/zero | tr '\\0' x)"
    done = job(phase("build", step), shell=Shell.ONE, exported=("TAG",))
    assert done.build.outputs.exported == ()
    assert done.notes == ["The exported variable TAG is too long and is left out."]
