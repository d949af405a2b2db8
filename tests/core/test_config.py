from __future__ import annotations

import pytest
from dishwasher.core.config import Config, Input, JobSpec, Kind, Uses
from dishwasher.core.when import When

from tests.samples import deployment, spec


def test_a_job_runs_the_users_commands_unless_it_says_otherwise() -> None:
    bare = JobSpec("lint", Kind.CHECK, 3)
    assert (bare.uses, bare.steps, bare.needs, bare.when) == (Uses.RUN, (), (), When())


def test_jobs_are_values() -> None:
    assert spec("a") == spec("a") != spec("b")
    assert hash(deployment("a")) == hash(deployment("a"))


def test_an_input_is_what_was_given_or_its_default_and_no_other_is_taken() -> None:
    inputs = (Input("COLOUR", default="blue"), Input("SIZE"), Input("SHAPE", default="round"))
    config = Config("circle.yml", (), inputs=inputs)
    assert config.given(()) == (("COLOUR", "blue"), ("SHAPE", "round"))
    assert config.given((("SIZE", "3"), ("COLOUR", "red"), ("PATH", "/evil"))) == (
        ("COLOUR", "red"),
        ("SIZE", "3"),
        ("SHAPE", "round"),
    )


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        ((), "the input A is required"),
        ((("A", "x"), ("B", "3")), "the input B is none of 1, 2"),
        ((("A", "x"), ("B", "2")), ""),
        ((("A", "x"),), ""),
    ],
)
def test_inputs_are_refused_with_the_reason(inputs: tuple[tuple[str, str], ...], why: str) -> None:
    asked = (Input("A", required=True), Input("B", options=("1", "2")))
    assert Config("f", (), inputs=asked).refuses(inputs) == why
