"""As whom a job runs: never as root where the server is root, and else as the server's user."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from dishwasher.core.job import Reason
from dishwasher.core.machine import Machine, Service
from dishwasher.core.sandbox import Level
from dishwasher.core.ticket import Limits
from dishwasher.errors import InfraError
from dishwasher.runner import orphans
from dishwasher.runner.environment import Workspace
from dishwasher.runner.place import Place
from dishwasher.runner.sandbox import accounts, probe, users
from dishwasher.runner.sandbox.enclosure import enclose
from dishwasher.runner.sandbox.probe import Isolation

from tests.runner.conftest import Launch, Serve
from tests.runner.sandbox.levels import AS_ROOT, WALLED, at
from tests.runner.sandbox.people import NUMBER, Person, by

OWN = range(users.FIRST, users.FIRST + users.COUNT)
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root gives jobs users of their own")


def lines(log: bytes) -> list[str]:
    return log.decode("utf-8", "replace").splitlines()


@at(*WALLED)
@by(Person.ROOT, Person.USER)
def test_a_job_has_a_user_of_its_own_or_is_the_servers(
    serve: Serve, launch: Launch, work: Path, level: Level, person: Person
) -> None:
    # Python and the workspace may stand where only the server can enter: the job comes there.
    steps = (
        "id -u",
        "touch here ~/there ${TMPDIR:-/tmp}/it",
        "python3 -c 'print(6 * 7)'",
        "git log -1",
    )
    server = serve(*steps)
    launch(server, *person.before(work), DISHWASHER_SANDBOX=level)
    result = server.result()
    assert result.reason is Reason.OK, server.log.decode()
    printed = lines(server.log)
    uid = int(printed[printed.index("$ id -u") + 1])
    if person is Person.ROOT:
        assert uid in OWN
        assert f"user {uid}," in next(line for line in printed if "Sandbox:" in line)
    else:
        assert uid == (NUMBER if AS_ROOT else os.getuid())
    assert "42" in printed


@needs_root
@at(*WALLED)
def test_the_jobs_own_user_has_a_name(serve: Serve, launch: Launch, level: Level) -> None:
    server = serve("id -un", "ls -ld ~/ | awk '{print $3}'", "cat /etc/passwd")
    launch(server, DISHWASHER_SANDBOX=level)
    assert server.result().reason is Reason.OK, server.log.decode()
    assert lines(server.log).count(accounts.NAME) == 2
    assert not any("/var/" in line for line in lines(server.log))


@at(Level.CONFINED)
@by(Person.CONTAINER)
def test_where_nobody_may_mount_a_closed_folder_is_said_and_no_job_is_root(
    serve: Serve, launch: Launch, work: Path, level: Level, person: Person
) -> None:
    shut = work / "shut"
    shut.mkdir(mode=0o700)
    server = serve("id -u")
    launch(server, *person.before(), DISHWASHER_SANDBOX=level)
    result = server.result()
    assert result.reason is Reason.INFRA
    assert "A job's own user can not enter /" in result.detail
    assert "jobs do not run as root" in result.detail
    assert "chmod o+x /" in result.detail


@needs_root
@pytest.mark.parametrize("mounts", [True, False])
def test_without_any_wall_a_job_still_has_a_user_of_its_own(tmp_path: Path, mounts: bool) -> None:
    """As `auto` comes to it; `plain` by its name leaves jobs to be who the server is."""
    isolation = Isolation(Level.PLAIN, own_user=True, mounts=mounts)
    workspace = Workspace(tmp_path / "work")
    workspace.root.mkdir(mode=0o700)
    workspace.make()
    orphans.adopt()
    try:
        if not mounts:
            with pytest.raises(InfraError, match="jobs do not run as root"):
                enclose(isolation, workspace, Limits(), os.environ)
            return
        enclosed = enclose(isolation, workspace, Limits(), os.environ, services=True)
        assert enclosed.cell is not None and enclosed.user is not None
        said = printed(enclosed.cell, workspace.checkout, "id -u; id -un; sudo -n id -u || true")
        enclosed.cell.close()
    finally:
        orphans.adopt(False)
    assert said.split()[:2] == [str(enclosed.user[0]), accounts.NAME]
    assert enclosed.words.startswith("plain: no wall between this job and the machine, network on")
    assert enclosed.houses_servers
    assert enclosed.services is not None and not enclosed.services.exists()


def test_plain_by_its_name_says_whose_rights_jobs_have(tmp_path: Path) -> None:
    enclosed = enclose(probe.choose("plain"), Workspace(tmp_path), Limits(), os.environ)
    assert enclosed.place is not None
    enclosed.place.close()
    said = f"plain: no wall between this job and the machine, user {os.geteuid()}, "
    assert enclosed.words.startswith(said)


def printed(place: Place, folder: Path, command: str) -> str:
    reader, writer = os.pipe()
    process = place.start(
        ("bash", "-c", command), folder, {"PATH": os.environ["PATH"], "HOME": "/"}, writer
    )
    os.close(writer)
    process.wait()
    with open(reader) as file:
        return file.read()


@pytest.mark.real("redis-server", "psql")
@at(*WALLED)
@by(Person.ROOT, Person.USER)
def test_the_jobs_servers_are_there_as_whoever_it_is(
    serve: Serve, launch: Launch, work: Path, level: Level, person: Person
) -> None:
    asked = "psql -h localhost -d circle_test -Atc 'select 6 * 7'"
    machine = Machine(services=(Service("postgresql"), Service("redis")))
    server = serve("redis-cli ping", asked, machine=machine)
    launch(server, *person.before(work), DISHWASHER_SANDBOX=level)
    result = server.result(60.0)
    if (person, level) == (Person.USER, Level.CONFINED) and AS_ROOT:
        # A number without a name, and nobody who could give it one.
        assert "could not look up effective user ID" in result.detail
        return
    assert result.reason is Reason.OK, (result, server.log.decode())
    assert {"PONG", "42"} <= set(lines(server.log))
