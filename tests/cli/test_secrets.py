"""Secrets on the command line: what is typed, what is told, and that no value is."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from dishwasher.cli.main import OK, WRONG_USAGE, main
from dishwasher.core.history import begun
from dishwasher.core.outputs import SecretStore
from dishwasher.core.pattern import Pattern, Syntax
from dishwasher.core.secret import VALUE_BYTES, Slot, StoredSecret
from dishwasher.demo.github import StandIn
from dishwasher.local.database import FILE, Database
from dishwasher.local.key_file import KEY_FILE, KeyFile
from dishwasher.local.store import SqliteStore
from dishwasher.local.vault import SqliteVault

from tests.github.conftest import pem
from tests.samples import build

VALUE = "canary-hunter2-hunter2"
SECONDS = 30
ROOT = Path(__file__).parents[2]
Call = Callable[..., str]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder whose server has built acme/site, which is number 7."""
    folder = tmp_path / "data"
    database = Database(folder)
    SqliteStore(database).save(build(), begun(build(), ()))
    database.close()
    monkeypatch.setenv("DISHWASHER_DATA", str(folder))
    return folder


@pytest.fixture
def call(data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """What a command says, on either stream; it never says a value."""

    def run(*words: str, value: str | bytes = VALUE, code: int = OK, at: str = "acme/site") -> str:
        given = value.encode() if isinstance(value, str) else value
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        assert main(("secrets", *words, "--repository", at)) == code
        said = "".join(capsys.readouterr())
        assert VALUE not in said
        return said

    return run


def stored(data: Path) -> dict[Slot, tuple[StoredSecret, str]]:
    database = Database(data)
    try:
        vault = SqliteVault(database, KeyFile(data))
        secrets = vault.list(7)
        # Read by its own time of use, so that nothing changes.
        values = [vault.read((one,), one.used_at)[0] for one in secrets]
    finally:
        database.close()
    return {one.slot: (one, value) for one, value in zip(secrets, values, strict=True)}


def only(data: Path) -> tuple[StoredSecret, str]:
    (found,) = stored(data).values()
    return found


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\n\n"])
def test_the_value_is_what_was_read_without_the_lines_end(
    call: Call, data: Path, ending: str
) -> None:
    assert call("set", "TOKEN", value=f" {VALUE}\n2{ending}") == (
        "Set TOKEN, for every branch and tag.\n"
    )
    secret, value = only(data)
    assert (secret.slot, value) == (Slot(7, "TOKEN"), f" {VALUE}\n2")
    assert time.time() - 60 < secret.set_at <= time.time()


def test_a_repository_may_be_given_by_its_number_before_it_was_heard_of(
    call: Call, data: Path
) -> None:
    call("set", "TOKEN", at="7")
    assert only(data)[0].slot.repository == 7
    said = call("set", "TOKEN", at="acme/other", code=WRONG_USAGE)
    assert "not heard of acme/other" in said and "gh api repos/acme/other" in said
    for wrong in ("acme", "a/b/c", "/site", "9" * 30, "²"):
        assert "write OWNER/NAME" in call("set", "TOKEN", at=wrong, code=WRONG_USAGE)


def test_a_repository_that_github_knows_is_found_by_the_servers_settings(
    call: Call, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    with StandIn() as github:
        app = github.add_app()
        repo = github.add_repo("octo/new", {"a": "1"})
        github.install(app, "octo")
        for name, value in (
            ("APP_ID", str(app.id)),
            ("PRIVATE_KEY", app.private_key),
            ("WEBHOOK_SECRET", app.webhook_secret),
            ("API_URL", github.api_url),
            ("URL", github.url),
        ):
            monkeypatch.setenv(f"DISHWASHER_GITHUB_{name}", value)
        call("set", "TOKEN", at="octo/new")
        assert "not heard of octo/old" in call("set", "TOKEN", at="octo/old", code=WRONG_USAGE)
        assert github.violations == []
    database = Database(data)
    try:
        (found,) = SqliteVault(database, KeyFile(data)).list(repo.id)
    finally:
        database.close()
    assert found.slot == Slot(repo.id, "TOKEN")


def test_rules_are_what_was_said(call: Call, data: Path) -> None:
    words = ("--branch", "main", "--branch", "release/*", "--tag", "/v\\d+/", "--pull-requests")
    said = call("set", "TOKEN", "--environment", "live", *words)
    assert "for the branches main, release/*, the tags /v\\d+/ and pull requests" in said
    secret, _ = only(data)
    assert secret.slot.environment == "live"
    branches = (Pattern("main"), Pattern("release/*", Syntax.GLOB))
    assert secret.rules.branches.only == branches
    assert secret.rules.tags.only == (Pattern("v\\d+", Syntax.REGEX),)
    assert secret.rules.pull_requests


def test_an_environments_secret_is_for_the_default_branch_where_nothing_is_said(
    call: Call,
) -> None:
    assert call("set", "KEY", "--environment", "live") == "Set KEY, for the default branch.\n"


def test_a_new_value_does_not_widen_the_rules(call: Call, data: Path) -> None:
    call("set", "TOKEN", "--branch", "main")
    assert call("set", "TOKEN", value="another") == "Replaced TOKEN, for the branches main.\n"
    secret, value = only(data)
    assert (secret.rules.branches.only, value) == ((Pattern("main"),), "another")


def test_rules_change_without_the_value(call: Call, data: Path) -> None:
    call("set", "TOKEN", "--branch", "main")
    before, _ = only(data)
    assert call("allow", "TOKEN", "--pull-requests", value="") == (
        "TOKEN is for the branches main and pull requests of these branches now.\n"
    )
    assert "the branches dev and" in call("allow", "TOKEN", "--branch", "dev", value="")
    call("allow", "TOKEN", "--no-pull-requests", "--tag", "v1", value="")
    after, value = only(data)
    assert value == VALUE
    assert (after.set_at, after.used_at) == (before.set_at, 0.0)
    assert not after.rules.pull_requests and after.rules.tags.only == (Pattern("v1"),)


def test_allow_needs_to_be_told_whom_and_what(call: Call) -> None:
    assert "say whom it is for" in call("allow", "TOKEN", code=WRONG_USAGE)
    assert "no secret TOKEN" in call("allow", "TOKEN", "--branch", "main", code=WRONG_USAGE)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((f"TOKEN={VALUE}",), "does not belong in a command"),
        (("1TOKEN",), "a secret is a variable"),
        (("DISHWASHER_SHA",), "server's own"),
        (("a b", "--store", "parameter-store"), "no spaces"),
        (("TOKEN", "--environment", "a\nb"), "named like a deployment"),
    ],
)
def test_names_that_can_not_be_are_refused(call: Call, words: tuple[str, ...], why: str) -> None:
    assert why in call("set", *words, code=WRONG_USAGE)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "It is empty."),
        ("\n", "It is empty."),
        (b"\xff" + VALUE.encode(), "text in UTF-8"),
        (VALUE + "\0", "without NUL"),
        (VALUE * 10_000, "at most 49,152 are kept"),
    ],
    ids=["nothing", "a line", "bytes", "NUL", "long"],
)
def test_values_that_can_not_be_are_refused_without_being_told(
    call: Call, data: Path, value: str | bytes, why: str
) -> None:
    assert why in call("set", "TOKEN", value=value, code=WRONG_USAGE)
    assert stored(data) == {}


def test_the_largest_value_is_kept_with_its_lines_end_left_out(call: Call, data: Path) -> None:
    call("set", "TOKEN", value="x" * VALUE_BYTES + "\r\n")
    assert len(only(data)[1]) == VALUE_BYTES


def test_a_value_too_short_to_be_masked_is_kept_and_told_of(call: Call) -> None:
    assert "too few to be masked" in call("set", "PIN", value="12345")
    assert "masked" not in call("set", "PIN", value="123456")


@pytest.mark.parametrize("option", ["--branch", "--tag"])
@pytest.mark.parametrize(("pattern", "why"), [("", "matches nothing"), ("/(/", "can not be read")])
def test_patterns_that_can_not_be_are_refused(
    call: Call, capsys: pytest.CaptureFixture[str], option: str, pattern: str, why: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        call("set", "TOKEN", option, pattern)
    assert ended.value.code == WRONG_USAGE
    assert why in capsys.readouterr().err


def test_the_list_tells_names_rules_and_use_and_no_value(call: Call, data: Path) -> None:
    assert call("list") == "acme/site has no secrets.\n"
    call("set", "TOKEN")
    assert re.fullmatch(
        r"NAME +FOR +SET +USED\nTOKEN +every branch and tag +just now +never\n", call("list")
    )
    call("set", "KEY", "--environment", "live", "--tag", "v*")
    call("set", "/app/token", "--store", "parameter-store")
    database = Database(data)
    vault = SqliteVault(database, KeyFile(data))
    hours = 3600.0
    for age, one in zip((50, 2, 24), vault.list(7), strict=True):
        aged = StoredSecret(one.slot, one.rules, time.time() - age * hours)
        vault.put(aged, VALUE)
        vault.read((aged,), time.time() - 90)
    database.close()
    lines = [re.split(r"  +", line) for line in call("list").splitlines()]
    assert lines[0] == ["NAME", "ENVIRONMENT", "STORE", "FOR", "SET", "USED"]
    assert sorted(lines[1:]) == [
        ["/app/token", "parameter-store", "every branch and tag", "2 hours ago", "1 minute ago"],
        ["KEY", "live", "the tags v*", "1 day ago", "1 minute ago"],
        ["TOKEN", "every branch and tag", "2 days ago", "1 minute ago"],
    ]


def test_what_is_removed_is_gone_and_only_that(call: Call, data: Path) -> None:
    call("set", "TOKEN")
    call("set", "TOKEN", "--environment", "live")
    said = call("remove", "TOKEN", "--environment", "dev", code=WRONG_USAGE)
    assert "no secret TOKEN of dev" in said and "secrets list" in said
    assert call("remove", "TOKEN", "--environment", "live") == "Removed TOKEN.\n"
    assert list(stored(data)) == [Slot(7, "TOKEN")]


def test_a_buildspecs_stores_have_slots_of_their_own(call: Call, data: Path) -> None:
    for store in SecretStore:
        call("set", "token", "--store", str(store), value=str(store))
    assert {slot.store: value for slot, (_, value) in stored(data).items()} == {
        store: str(store) for store in SecretStore
    }


def test_without_a_server_there_is_no_folder_to_put_it_in(call: Call, tmp_path: Path) -> None:
    said = call("set", "TOKEN", "--data", str(tmp_path / "other"), code=WRONG_USAGE)
    assert "is no data folder" in said and "--data" in said
    assert not (tmp_path / "other").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_folder_is_left_alone(call: Call, data: Path) -> None:
    os.chown(data / FILE, 12345, -1)
    assert "belongs to another user" in call("set", "TOKEN", code=WRONG_USAGE)


def test_a_key_that_others_may_read_is_refused_before_anything_is_served(
    call: Call, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("set", "TOKEN")
    (data / KEY_FILE).chmod(0o644)
    assert "chmod 600" in call("set", "TOKEN", code=WRONG_USAGE)
    for name, value in (("APP_ID", "1"), ("PRIVATE_KEY", pem()), ("WEBHOOK_SECRET", "x" * 20)):
        monkeypatch.setenv(f"DISHWASHER_GITHUB_{name}", value)
    words = (sys.executable, "-m", "dishwasher", "serve", "--port", "0")
    done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == WRONG_USAGE
    assert "chmod 600" in done.stderr and "listens" not in done.stdout


def documented() -> list[str]:
    """Every command of the page, and of the README, that stands in a line of its own or in code.

    Those that go to a stack on AWS are tried in `tests/cli/test_account.py`.
    """
    texts = [(ROOT / name).read_text() for name in ("docs/secrets.md", "README.md")]
    pattern = r"^    dishwasher secrets .+$|`dishwasher secrets [^`]+`"
    found = [one.strip(" `") for text in texts for one in re.findall(pattern, text, re.M)]
    return [one for one in found if "--aws" not in one]


def test_the_commands_of_the_page_are_there_and_do_what_they_say(call: Call, data: Path) -> None:
    commands = documented()
    assert len(commands) == 9
    said = []
    for command in commands:
        words = shlex.split(command.partition(" <")[0])[2:]
        at = words.index("--repository")
        del words[at : at + 2]
        said.append(call(*words))
    assert said[0] == "Set PYPI_TOKEN, for every branch and tag.\n"
    assert "DEPLOY_KEY  staging" in said[2]
    assert {(slot.name, slot.store) for slot in stored(data)} == {
        ("TOKEN", SecretStore.DISHWASHER),
        ("DEPLOY_KEY", SecretStore.DISHWASHER),
        ("/app/token", SecretStore.PARAMETER_STORE),
        ("app/db", SecretStore.SECRETS_MANAGER),
    }


def test_at_a_terminal_the_value_is_asked_for_and_not_shown(data: Path) -> None:
    words = ("secrets", "set", "TOKEN", "--repository", "acme/site")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        (sys.executable, "-m", "dishwasher", *words),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    try:
        assert process.stderr is not None
        asked = process.stderr.read(len("Value of TOKEN (not shown): "))
        assert asked == "Value of TOKEN (not shown): "
        os.write(ours, f"{VALUE}\n".encode())
        said, rest = process.communicate(timeout=SECONDS)
        assert (process.returncode, said) == (OK, "Set TOKEN, for every branch and tag.\n")
        # Our end of theirs is still open, so this can be asked also after the process's end.
        is_shown = select.select([ours], [], [], 0)[0]
        echoed = os.read(ours, 1000) if is_shown else b""
    finally:
        process.kill()
        os.close(ours)
        os.close(theirs)
    assert VALUE not in rest + echoed.decode()
    assert only(data)[1] == VALUE
