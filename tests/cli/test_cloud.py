"""`make upgrade` and `make remove` as far as they need no SAM; `make try-deploy` has all of it."""

from __future__ import annotations

import io
import sys
import uuid
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from dishwasher.cli.cloud.__main__ import main
from dishwasher.cli.main import OK, WRONG_USAGE

from tests.aws.deployed import deploy
from tests.aws.emulator import Emulator
from tests.cli.test_account import environment


def call(emulator: Emulator, *words: str, code: int = OK) -> str:
    """What a command says to nobody at a terminal, on both channels and in one line."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(said):
        for name, text in environment(emulator).items():
            patch.setenv(name, text)
        patch.setattr(sys, "stdin", io.StringIO())
        assert main(words) == code, said.getvalue()
    return " ".join(said.getvalue().split())


@pytest.fixture
def name(emulator: Emulator) -> str:
    name = f"t{uuid.uuid4().hex[:12]}"
    deploy(emulator, name, PublicUrl="http://127.0.0.1:9", Settings=f"/{name}")
    path = f"/{name}/app-id"
    emulator.clients.ssm.put_parameter(Name=path, Value="7", Type="SecureString")
    return name


def stacks(emulator: Emulator) -> list[str]:
    found = emulator.clients.client("cloudformation").describe_stacks()["Stacks"]
    return [one["StackName"] for one in found]


def test_a_stack_that_is_not_there_is_upgraded_and_removed_by_nobody(emulator: Emulator) -> None:
    assert "`make deploy` makes one" in call(emulator, "upgrade", code=WRONG_USAGE)
    assert "there is no stack dishwasher in us-east-1" in call(emulator, "remove", code=WRONG_USAGE)


def test_a_parameter_that_is_none_is_told_before_anything_is_done(emulator: Emulator) -> None:
    said = call(emulator, "deploy", "AlarmMail=a@example.com", code=WRONG_USAGE)
    assert "did you mean AlarmEmail?" in said


def test_parameters_are_taken_wherever_they_stand(emulator: Emulator) -> None:
    words = ("upgrade", "KeepDays=30", "--stack", "nowhere", "AlarmMail=a@example.com", "--yes")
    assert "did you mean AlarmEmail?" in call(emulator, *words, code=WRONG_USAGE)


@pytest.mark.parametrize("words", [("deploy", "--foo"), ("remove", "KeepDays=30")])
def test_what_is_no_option_is_refused(words: tuple[str, ...]) -> None:
    said = io.StringIO()
    with redirect_stderr(said), pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == WRONG_USAGE
    assert f"unrecognized arguments: {words[-1]}" in said.getvalue()


@pytest.mark.parametrize("verb", ["deploy", "upgrade", "remove"])
def test_help_says_how_make_is_told_of_options(verb: str) -> None:
    said = io.StringIO()
    with redirect_stdout(said), pytest.raises(SystemExit):
        main([verb, "--help"])
    assert f'usage: make {verb} [ARGS="[OPTION ...]' in said.getvalue()
    assert "--aws" not in said.getvalue()


def test_without_sam_it_is_said_how_to_get_it(emulator: Emulator, name: str) -> None:
    if (Path(sys.executable).parent / "sam").exists():
        pytest.skip("SAM is installed in this environment, where it does not belong")
    said = call(emulator, "upgrade", "--stack", name, code=WRONG_USAGE)
    assert "`make deploy` installs it" in said


def test_a_stack_is_removed_by_its_name_alone(emulator: Emulator, name: str) -> None:
    said = call(emulator, "remove", "--stack", name, code=WRONG_USAGE)
    assert "This stays: - the table" in said and f"--confirm {name}" in said
    words = ("remove", "--stack", name, "--confirm", "yes")
    assert "nothing was removed" in call(emulator, *words, code=WRONG_USAGE)
    assert name in stacks(emulator)
    said = call(emulator, "remove", "--stack", name, "--confirm", name)
    assert "aws dynamodb delete-table" in said and f"{name} is removed" in said
    assert f"aws ssm delete-parameters --names /{name}/app-id --region us-east-1" in said
    assert name not in stacks(emulator)
    assert emulator.clients.ssm.get_parameters(Names=[f"/{name}/app-id"])["Parameters"]


def test_data_is_deleted_where_that_is_said(emulator: Emulator, name: str) -> None:
    said = call(emulator, "remove", "--stack", name, "--data", "delete", "--confirm", name)
    assert "This is DELETED with it" in said
    assert not emulator.clients.ssm.get_parameters(Names=[f"/{name}/app-id"])["Parameters"]
