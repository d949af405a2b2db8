"""`dishwasher doctor`: each thing that can be wrong is made wrong, and found with what to do."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from dishwasher.cli import doctor
from dishwasher.cli.checkup import data as folder
from dishwasher.cli.checkup import github as hub
from dishwasher.cli.checkup import machine
from dishwasher.cli.checkup.finding import Finding, Level
from dishwasher.cli.main import main
from dishwasher.core.sandbox import AUTO
from dishwasher.demo.github import App, StandIn
from dishwasher.demo.github.registering import key_pair
from dishwasher.github import manifest
from dishwasher.local.database import FILE, Database
from dishwasher.local.key_file import KeyFile
from dishwasher.wiring import settings
from dishwasher.wiring.registration import keep

from tests.github.conftest import pem
from tests.github.raw import RawServer, Say
from tests.wiring.test_registration import APP as STORED

PUBLIC = "http://127.0.0.1:9"


@dataclass
class Server:
    """A server's settings, with an App on the stand-in GitHub."""

    github: StandIn
    app: App
    environment: dict[str, str]

    def hears(self, ahead: float = 0.0) -> dict[str, Finding]:
        """What GitHub is found to say, by what was looked at; the worst of each."""
        chosen = settings.read(self.environment)
        findings = hub.look(chosen, self.environment, lambda: time.time() + ahead)
        return worst(findings)


def worst(findings: Iterator[Finding]) -> dict[str, Finding]:
    order = list(Level)
    found: dict[str, Finding] = {}
    for one in findings:
        known = found.get(one.what)
        if known is None or order.index(one.level) > order.index(known.level):
            found[one.what] = one
    return found


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with StandIn(tmp_path / "github") as github:
        app = github.add_app("mine", webhook_url=f"{PUBLIC}/webhook")
        github.add_repo("acme/site", {"a": "1"})
        key = tmp_path / "key.pem"
        key.write_text(app.private_key)
        key.chmod(0o600)
        yield Server(
            github,
            app,
            {
                "PATH": os.environ["PATH"],
                "DISHWASHER_GITHUB_APP_ID": str(app.id),
                "DISHWASHER_GITHUB_PRIVATE_KEY": str(key),
                "DISHWASHER_GITHUB_WEBHOOK_SECRET": app.webhook_secret,
                "DISHWASHER_GITHUB_URL": github.url,
                "DISHWASHER_PUBLIC_URL": PUBLIC,
                "DISHWASHER_DATA": str(tmp_path / "data"),
            },
        )
        assert github.violations == []


def levels(found: dict[str, Finding]) -> dict[str, str]:
    return {what: str(one.level) for what, one in found.items()}


# The whole command


def test_a_healthy_server_has_nothing_to_mend(
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Database(tmp_path / "data").close()
    server.github.install(server.app, "acme")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    with closing(RawServer()) as raw:
        raw.on("GET", "/healthz", Say(200, {"status": "ready"}))
        raw.on("POST", "/webhook", Say(202))
        server.github.set_webhook(server.app, f"{raw.url}/webhook")
        monkeypatch.setenv("DISHWASHER_PUBLIC_URL", raw.url)
        server.github.repo("acme/site").commit({"b": "1"})
        server.github.wait_idle()
        code = main(["doctor", "--json"])
    found = {one["what"]: one for one in json.loads(capsys.readouterr().out)}
    assert {what for what, one in found.items() if one["level"] == "failure"} <= {"disk", "files"}
    for what in ("settings", "App", "clock", "permissions", "events", "webhook", "server", "table"):
        assert found[what]["level"] == "ok", found[what]
    assert found["installations"]["text"] == "1: acme"
    assert code in (0, 1) and (code == 0) == ("failure" not in {o["level"] for o in found.values()})


def test_without_settings_each_is_named_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith("DISHWASHER_")]:
        monkeypatch.delenv(name)
    assert main(["doctor", "--data", str(tmp_path / "none")]) == 1
    out = capsys.readouterr().out
    assert out.count("✖ settings") == 3 and out.count("dishwasher app create") == 1
    assert "\nmachine\n" in out and "\ndata\n" in out and "\nGitHub\n" not in out
    assert "3 failures" in out
    assert not (tmp_path / "none").exists()


def test_a_mistake_in_a_setting_is_not_mended_by_another_app(tmp_path: Path) -> None:
    environment = {
        "DISHWASHER_GITHUB_APP_ID": "12",
        "DISHWASHER_GITHUB_PRIVATE_KEY": "no key at all",
        "DISHWASHER_GITHUB_WEBHOOK_SECRET": "s" * 20,
    }
    first = next(iter(doctor.examine(environment, tmp_path)))
    assert "neither a private key in PEM form nor the path of a file" in first.text
    assert first.todo == "`dishwasher serve --help` lists all settings."


def test_what_is_broken_is_counted(tmp_path: Path) -> None:
    one = Finding(Level.WARNING, "a", "disk", "little", "make room")
    assert doctor._sum([one], doctor.paint()) == "Nothing is broken, 1 warning; 0 fine"


# GitHub


def test_no_app_has_this_id(server: Server) -> None:
    server.environment["DISHWASHER_GITHUB_APP_ID"] = "12"
    found = server.hears()
    assert "no App has the id 12" in found["App"].text
    assert levels(found) == {"clock": "ok", "App": "failure"}


def test_the_key_is_another_apps(server: Server) -> None:
    Path(server.environment["DISHWASHER_GITHUB_PRIVATE_KEY"]).write_text(pem())
    found = server.hears()
    assert f"not one of the App {server.app.id}" in found["App"].text
    assert "DISHWASHER_GITHUB_PRIVATE_KEY" in found["App"].todo


def test_the_key_is_none(server: Server) -> None:
    broken = "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----"
    Path(server.environment["DISHWASHER_GITHUB_PRIVATE_KEY"]).write_text(broken)
    found = server.hears()
    assert levels(found) == {"key": "failure"}
    assert "generate one on the App's settings page" in found["key"].todo


@pytest.mark.parametrize(
    ("ahead", "level", "way"),
    [(45, "warning", r"4\d s ahead of"), (-100, "warning", r"(9\d|100) s behind")],
)
def test_the_clock_is_somewhat_wrong(server: Server, ahead: float, level: str, way: str) -> None:
    found = server.hears(ahead)
    assert found["clock"].level == level and re.search(way, found["clock"].text)
    assert found["App"].level == "ok"


def test_the_clock_is_so_wrong_that_github_refuses_us(server: Server) -> None:
    found = server.hears(3600)
    assert found["clock"].level == found["App"].level == "failure"
    assert "timedatectl" in found["clock"].todo and found["App"].todo == "set this machine's clock"


def test_github_can_not_be_reached(server: Server) -> None:
    server.environment["DISHWASHER_GITHUB_API_URL"] = "http://127.0.0.1:1/api/v3"
    server.environment["HTTPS_PROXY"] = "http://proxy.example:3128"
    found = server.hears()
    assert levels(found) == {"network": "failure"}
    assert found["network"].text.endswith("can not be reached through the proxy of HTTPS_PROXY")


def test_github_is_ill(server: Server) -> None:
    server.github.fail("502-before", "/app", times=1)
    found = server.hears()
    assert "GitHub answered 502" in found["App"].text and "githubstatus" in found["App"].todo
    server.github.fail("502-before", "/app/hook/config", times=1)
    assert server.hears()["answers"].level == "failure"


def test_permissions_and_events_are_missing(server: Server) -> None:
    less = {"checks": "read", "contents": "read"}
    other = server.github.add_app("less", permissions=less, events=["push"])
    server.environment["DISHWASHER_GITHUB_APP_ID"] = str(other.id)
    found = server.hears()
    lacking = "checks:write, deployments:write, issues:read, merge_queues:read, pull_requests:write"
    assert found["permissions"].text == f"the App lacks {lacking}"
    assert "issue_comment, merge_group" in found["events"].text
    assert found["permissions"].todo.startswith(
        f"grant them at {server.github.url}/organizations/less-makers/settings/apps/less"
    )


def test_permissions_that_nothing_needs_are_told(server: Server) -> None:
    more = {**manifest.asked().permissions, "administration": "write"}
    other = server.github.add_app("more", permissions=more)
    server.environment["DISHWASHER_GITHUB_APP_ID"] = str(other.id)
    found = server.hears()["permissions"]
    assert (found.level, found.text.endswith("more: administration")) == ("note", True)


def test_the_webhook_goes_elsewhere(server: Server) -> None:
    server.github.set_webhook(server.app, "https://old.example.com/webhook")
    found = server.hears()["webhook"]
    assert (found.level, found.todo) == ("failure", f"dishwasher app webhook {PUBLIC}")
    server.github.set_webhook(server.app, "")
    assert server.hears()["webhook"].text == "the App has no webhook"


def test_the_public_url_is_not_set(server: Server) -> None:
    del server.environment["DISHWASHER_PUBLIC_URL"]
    found = server.hears()
    assert found["webhook"].todo == f"set DISHWASHER_PUBLIC_URL={PUBLIC}"
    assert "server" not in found


@pytest.mark.parametrize(
    ("say", "text"),
    [
        (Say(503, {"status": "not ready"}), "it answers 503"),
        (Say(200, "hello"), "something else than Dishwasher answers"),
    ],
)
def test_somebody_else_answers_at_our_address(server: Server, say: Say, text: str) -> None:
    with closing(RawServer()) as raw:
        raw.on("GET", "/healthz", say)
        server.environment["DISHWASHER_PUBLIC_URL"] = raw.url
        found = server.hears()["server"]
    assert (found.level, text in found.text) == ("warning", True)


def test_nobody_answers_at_our_address(server: Server) -> None:
    found = server.hears()["server"]
    assert found.level == "warning" and "refused" in found.text


def test_deliveries_do_not_arrive(server: Server) -> None:
    server.github.install(server.app, "acme")
    server.github.wait_idle()
    found = server.hears()["deliveries"]
    assert (
        found.level == "failure" and "0 of the last 1 arrived: 1 × Failed to connect" in found.text
    )
    assert "open to GitHub's hosts" in found.todo


def test_the_webhook_secret_differs(server: Server) -> None:
    with closing(RawServer()) as raw:
        raw.on("POST", "/webhook", Say(401, "no"), Say(202))
        server.github.set_webhook(server.app, f"{raw.url}/webhook")
        installation = server.github.install(server.app, "acme")
        server.github.wait_idle()
        found = server.hears()["deliveries"]
        assert found.level == "failure" and "webhook secret differs" in found.todo
        server.github.suspend(installation)
        server.github.wait_idle()
        found = server.hears()["deliveries"]
    assert found.level == "warning" and "1 of the last 2 arrived" in found.text


def test_without_deliveries_a_push_is_advised(server: Server) -> None:
    assert server.hears()["deliveries"].level == "note"


def test_nobody_has_installed_it(server: Server) -> None:
    found = server.hears()["installations"]
    assert found.todo == f"install it: {server.github.url}/apps/mine/installations/new"


def test_owners_have_suspended_it_or_not_accepted_what_is_new(server: Server) -> None:
    for owner in ("old", "sleepy", "fine"):
        server.github.add_user(owner)
    server.github.install(server.app, "old", permissions={"checks": "write", "contents": "read"})
    server.github.suspend(server.github.install(server.app, "sleepy"))
    server.github.install(server.app, "fine")
    chosen = settings.read(server.environment)
    found = [one for one in hub.look(chosen, {}) if one.what == "installations"]
    assert [one.level for one in found] == ["warning", "warning", "ok"]
    assert found[2].text == "1: fine"
    assert "old has not accepted deployments:write" in found[0].text
    assert "sleepy has suspended the App" in found[1].text
    assert all("/settings/installations/" in one.todo for one in found[:2])


def test_a_limit_is_nearly_spent(server: Server) -> None:
    installation = server.github.install(server.app, "acme")
    assert "limit" not in server.hears()
    now = server.github.clock.now()
    bucket = server.github.limits._bucket(f"installation {installation.id}", now)
    bucket.used = bucket.limit - 100
    found = server.hears()["limit"]
    assert found.level == "warning" and "acme has 100 of 5000 calls left" in found.text
    assert server.github.world.tokens == {}


# This machine


def test_what_a_machine_lacks_is_named_with_its_package(tmp_path: Path) -> None:
    found = worst(machine.look({"PATH": str(tmp_path)}, tmp_path, AUTO))
    assert found["programs"].level == "failure" and "install bash" in found["programs"].todo
    assert found["services"].text.startswith("here: ")


def test_git_is_missed_and_not_needed(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    (tmp_path / "bash").symlink_to(bash)
    found = worst(machine.look({"PATH": str(tmp_path)}, tmp_path, "plain"))["programs"]
    assert found.level == "warning" and "without history" in found.text
    assert found.todo.startswith("install git")


def test_spelling_needs_typos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    found = worst(machine.look({"PATH": str(tmp_path)}, tmp_path, "plain"))
    assert found["spelling"].todo.startswith("pip install typos")
    assert found["sandbox"].text == "jobs run plain: plain was asked for"


@pytest.mark.parametrize(("free", "level"), [(1, "failure"), (5, "warning"), (500, "ok")])
def test_a_disk_that_fills_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: str
) -> None:
    found = machine.room(tmp_path / "none", free * machine.GIBIBYTE, 1000 * machine.GIBIBYTE, 0, 0)
    assert [one.level for one in found] == [level]


def test_a_disk_without_room_for_files(tmp_path: Path) -> None:
    whole = 500 * machine.GIBIBYTE
    assert [one.what for one in machine.room(tmp_path, whole, whole, 10**6, 100)] == [
        "disk",
        "files",
    ]
    assert [one.what for one in machine.room(tmp_path, whole, whole, 0, 0)] == ["disk"]


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (7, "7 bytes"),
        (2048, "2 KiB"),
        (5 << 20, "5 MiB"),
        (3 << 30, "3.0 GiB"),
        (2 << 40, "2048.0 GiB"),
    ],
)
def test_sizes_are_said_as_people_do(count: int, text: str) -> None:
    assert machine.size(count) == text


# The data folder


def test_a_folder_and_keys_that_others_may_read(tmp_path: Path) -> None:
    data, key = tmp_path / "data", tmp_path / "key.pem"
    Database(data).close()
    data.chmod(0o755)
    (data / FILE).chmod(0o644)
    key.write_text("x")
    key.chmod(0o644)
    keep(STORED, data)
    (data / "app" / "webhook-secret").chmod(0o604)
    environment = {"DISHWASHER_GITHUB_PRIVATE_KEY": str(key)}
    found = list(folder.look(environment, data))
    broken = [(one.what, one.todo) for one in found if one.level == "failure"]
    assert [what for what, _ in broken] == ["keys", "folder", "keys", "table"]
    assert broken[0][1].startswith(f"chmod 600 {key}")
    assert broken[1][1] == f"chmod 700 {data}"
    assert "webhook-secret" in broken[2][1]
    assert stat.S_IMODE(data.stat().st_mode) == 0o755


def test_a_vault_key_that_others_may_read(tmp_path: Path) -> None:
    KeyFile(tmp_path).make()
    (tmp_path / "vault.key").chmod(0o640)
    tmp_path.chmod(0o700)
    found = worst(folder.look({}, tmp_path))
    assert (found["keys"].level, "chmod 600" in found["keys"].todo) == ("failure", True)


def test_a_secret_as_text_is_no_file(tmp_path: Path) -> None:
    environment = {"DISHWASHER_GITHUB_PRIVATE_KEY": key_pair()[0]}
    found = worst(folder.look(environment, tmp_path / "none"))
    assert levels(found) == {"folder": "note"}


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    (tmp_path / "data").chmod(0o600)
    assert worst(folder.look({}, tmp_path / "data"))["folder"].text.endswith("is no folder")


def test_a_table_from_the_future_or_the_past(tmp_path: Path) -> None:
    Database(tmp_path).close()
    tmp_path.chmod(0o700)
    for version, level in ((99, "failure"), (1, "note")):
        with sqlite3.connect(tmp_path / FILE) as table:
            table.execute(f"PRAGMA user_version={version}")
        table.close()
        assert worst(folder.look({}, tmp_path))["table"].level == level


@pytest.mark.parametrize("whole", [True, False])
def test_a_damaged_table_is_told(tmp_path: Path, whole: bool) -> None:
    database = Database(tmp_path)
    with database.writing(durable=True) as connection:
        connection.executemany(
            "INSERT INTO rows VALUES ('a', ?, 1, '', 0, ?)",
            [(str(n), "x" * 500) for n in range(200)],
        )
    database.close()
    path = tmp_path / FILE
    content = bytearray(path.read_bytes())
    if whole:
        content[4096 * 3 : 4096 * 6] = b"\xff" * 4096 * 3
    else:
        content[:100] = b"\0" * 100
    path.write_bytes(content)
    found = worst(folder.look({}, tmp_path))["table"]
    assert found.level == "failure" and "put a copy of the folder back" in found.todo


def test_what_takes_room_is_told(tmp_path: Path) -> None:
    (tmp_path / "blobs" / "logs").mkdir(parents=True)
    (tmp_path / "blobs" / "logs" / "a").write_bytes(b"x" * 100_000)
    (tmp_path / "work").mkdir()
    tmp_path.chmod(0o700)
    found = worst(folder.look({}, tmp_path))["size"]
    assert "blobs/logs 1" in found.text and found.level == "ok"


def test_another_users_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert "belongs to another user" in worst(folder.look({}, tmp_path))["folder"].text
