"""Servers of a job's own: real ones, found by real clients, and gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from dishwasher.core.service import STARTABLE
from dishwasher.errors import InfraError, UserError
from dishwasher.runner.services import ports
from dishwasher.runner.services.ask import ask
from dishwasher.runner.services.postgresql import PostgreSQL
from dishwasher.runner.services.recipe import Place, Recipe
from dishwasher.runner.services.running import Services
from dishwasher.runner.services.table import RECIPES
from dishwasher.runner.stop import Cause, Stop, Stopped

from tests.conftest import REAL


def installed(name: str) -> pytest.MarkDecorator:
    """Skips where the server is not, except where nothing may be skipped."""
    if os.environ.get(REAL):
        return pytest.mark.skipif(False, reason="")
    try:
        RECIPES[name].check()
    except UserError as error:
        return pytest.mark.skipif(True, reason=str(error))
    return pytest.mark.skipif(False, reason="")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def services(said: list[str]) -> Iterator[Services]:
    made = Services(Stop(), said.append)
    yield made
    made.end()


def run(services: Services, home: Path, *argv: str) -> str:
    services.write_settings(home)
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), **services.environment}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def psql(services: Services, home: Path, *words: str) -> str:
    return run(services, home, "psql", "-AtqX", *words)


@installed("postgresql")
def test_postgresql_has_the_database_of_the_url(services: Services, tmp_path: Path) -> None:
    services.start(["postgresql"], {"DATABASE_URL": "postgres://app:secret@localhost/site_test"})
    asked = "select current_user, current_database()"
    assert psql(services, tmp_path, "-c", asked, "postgres://localhost/site_test").endswith(
        "|site_test"
    )
    assert psql(services, tmp_path, "-c", asked, "postgres://app@localhost/site_test") == (
        "app|site_test"
    )


@installed("postgresql")
def test_postgresql_has_what_circle_files_rely_on(services: Services, tmp_path: Path) -> None:
    services.start(["postgresql"], {})
    made = "create table t (x int); select 1"
    assert psql(services, tmp_path, "-U", "ubuntu", "-d", "circle_test", "-c", made) == "1"


@installed("postgresql")
def test_two_jobs_at_once_never_share_a_server(services: Services, tmp_path: Path) -> None:
    other = Services(Stop(), print)
    address = {"DATABASE_URL": "postgres://localhost/circle_test"}
    try:
        services.start(["postgresql"], address)
        other.start(["postgresql"], address)
        psql(services, tmp_path, "-d", "circle_test", "-c", "create table mine (x int)")
        tables = "select count(*) from pg_tables where tablename = 'mine'"
        assert psql(services, tmp_path, "-d", "circle_test", "-c", tables) == "1"
        assert psql(other, tmp_path, "-d", "circle_test", "-c", tables) == "0"
        assert services.environment["PGPORT"] != other.environment["PGPORT"]
    finally:
        other.end()


@installed("postgresql")
def test_without_an_address_the_usual_port_is_waited_for(
    services: Services, said: list[str]
) -> None:
    other = Services(Stop(), print)
    other.start(["postgresql"], {})
    assert other.environment["PGPORT"] == "5432"
    waiting = threading.Thread(target=services.start, args=(["postgresql"], {"DB_NAME": "shop"}))
    waiting.start()
    while not said:
        waiting.join(0.01)
    assert said == ["Port 5432 for postgresql is used by another job; waiting."]
    other.end()
    waiting.join(30)
    assert services.environment["PGPORT"] == "5432"


@installed("postgresql")
def test_next_to_a_server_of_the_machine_it_moves_and_says_so(
    services: Services, said: list[str]
) -> None:
    slot = ports.Slot(5432)
    while not slot.take():
        threading.Event().wait(0.05)
    with socket.create_server(("127.0.0.1", 5432)):
        slot.free()
        services.start(["postgresql"], {})
    assert services.environment["PGPORT"] != "5432"
    assert said[0] == "Port 5432 is another program's: it may be found in place of ours."


@installed("mysql")
def test_mysql_is_found_by_socket_and_by_port(services: Services, tmp_path: Path) -> None:
    services.start(["mysql"], {"DATABASE_URL": "mysql://app@127.0.0.1/shop"})
    asked = "select current_user()"
    for host in ("localhost", "127.0.0.1"):
        shown = run(services, tmp_path, "mysql", "-h", host, "-u", "app", "shop", "-Ne", asked)
        assert shown.startswith("app@")
    assert "circle_test" in run(services, tmp_path, "mysql", "-u", "root", "-e", "show databases")


@installed("mysql")
def test_mysql_takes_the_password_that_the_job_gives(services: Services, tmp_path: Path) -> None:
    services.start(
        ["mysql"],
        {
            "DATABASE_URL": "mysql://app:se%27cret@127.0.0.1/shop",
            "MYSQL_DATABASE": "site",
            "MYSQL_USER": "site",
            "MYSQL_PASSWORD": "a\\'b",
            "MYSQL_ROOT_PASSWORD": "top",
        },
    )
    for user, password in (("app", "se'cret"), ("site", "a\\'b"), ("root", "top")):
        words = ("-h", "127.0.0.1", "-u", user, f"-p{password}", "-Ne")
        asked = "create database test_site; drop database test_site; show databases"
        shown = run(services, tmp_path, "mysql", *words, asked)
        assert {"shop", "site"} <= set(shown.splitlines())


@installed("postgresql")
def test_postgresql_has_what_is_named_one_by_one(services: Services, tmp_path: Path) -> None:
    services.start(
        ["postgresql"],
        {
            "DB_ENGINE": "django.db.backends.postgresql",
            "DB_NAME": "shop",
            "DB_USER": "keeper",
            "DB_PASSWORD": "secret",
            "DB_HOST": "127.0.0.1",
            "REPLICA_DB_NAME": "copy",
            "PGDATABASE": "mine",
            "PGUSER": "me",
        },
    )
    asked = "select current_user, current_database()"
    for user, database in (("keeper", "shop"), ("keeper", "copy"), ("me", "mine")):
        address = f"postgres://{user}:any@127.0.0.1/{database}"
        assert psql(services, tmp_path, "-c", asked, address) == f"{user}|{database}"
    # As Django's test runner does.
    psql(services, tmp_path, "-c", "create database test_shop", "postgres://keeper@localhost/shop")
    for extension in ("pg_trgm", "citext", "hstore"):
        made = f"create extension {extension}"
        psql(services, tmp_path, "-c", made, "postgres://keeper@localhost/test_shop")


@installed("postgresql")
def test_an_address_without_a_port_reaches_the_job_s_own_server(
    services: Services, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        port = str(elsewhere.getsockname()[1])
        services.start(["postgresql"], {"DATABASE_URL": "postgres://localhost/circle_test"})
        services.write_settings(tmp_path)
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PGPORT": port}
        environment.update(services.environment)
        words = ("psql", "-AtqX", "-c", "select 1", "postgres://root@localhost/circle_test")
        said = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
        assert said.stdout == "1\n"


@installed("postgresql")
def test_a_missing_extension_names_the_package(services: Services, tmp_path: Path) -> None:
    services.start(["postgresql"], {})
    home = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **services.environment}
    for name in ("nowhere_at_all", "vector_of_none"):
        words = (
            "psql",
            "-X",
            "-c",
            f"create extension {name}",
            "postgres://root@localhost/postgres",
        )
        assert subprocess.run(words, env=home, capture_output=True, check=False).returncode
    (advice,) = services.advice()
    version = (services.servers[0].place.folder / "data/PG_VERSION").read_text().strip()
    assert advice == (
        f"PostgreSQL {version} of this machine lacks what `CREATE EXTENSION` asked for: "
        f"nowhere_at_all, vector_of_none. Install the package "
        f"postgresql-{version}-nowhere-at-all and postgresql-{version}-pgvector."
    )


@pytest.mark.parametrize(
    ("said", "package"),
    [
        ('ERROR:  extension "postgis" is not available', "postgresql-15-postgis-3"),
        ('control file "/usr/share/postgis_raster.control": No such', "postgresql-15-postgis-3"),
        ('ERROR:  extension "hstore" is not available', "postgresql-contrib"),
    ],
)
def test_extensions_have_packages(tmp_path: Path, said: str, package: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/PG_VERSION").write_text("15\n")
    place = Place(tmp_path, 5432, None, (), ())
    said = said.replace("control file", "could not open extension control file")
    assert PostgreSQL().advice(place, said).endswith(f"Install the package {package}.")
    assert PostgreSQL().advice(place, "all is well") == ""


@installed("redis")
@installed("memcached")
def test_redis_and_memcached_at_once(services: Services, said: list[str]) -> None:
    services.start(["redis", "memcached", "redis"], {})
    assert ask(6379, b"SET a 1\r\n") == b"+OK\r\n"
    assert ask(11211, b"version\r\n").startswith(b"VERSION")
    assert sorted(line.split(" is ready")[0] for line in said) == ["memcached", "redis"]


@installed("redis")
def test_a_fixed_port_is_a_slot_that_jobs_wait_for(services: Services, said: list[str]) -> None:
    other = Services(Stop(), print)
    other.start(["redis"], {})
    ask(6379, b"SET mine 1\r\n")
    waiting = threading.Thread(target=services.start, args=(["redis"], {}))
    waiting.start()
    while not said:
        waiting.join(0.01)
    assert said == ["Port 6379 for redis is used by another job; waiting."]
    other.end()
    waiting.join(30)
    assert ask(6379, b"GET mine\r\n") == b"$-1\r\n"


@installed("redis")
def test_who_waits_can_be_stopped(said: list[str]) -> None:
    stop = Stop()
    first, second = Services(Stop(), print), Services(stop, lambda _: stop.request(Cause.CANCELLED))
    try:
        first.start(["redis"], {})
        with pytest.raises(Stopped):
            second.start(["redis"], {})
    finally:
        second.end()
        first.end()


@installed("redis")
def test_a_program_of_the_machine_on_the_port_is_named(services: Services) -> None:
    with (
        socket.create_server(("127.0.0.1", 6379)),
        pytest.raises(UserError, match="needs port 6379, and a program of this machine"),
    ):
        services.start(["redis"], {})


@installed("postgresql")
def test_nothing_is_left(services: Services) -> None:
    services.start(["postgresql"], {})
    (folder,) = [server.place.folder for server in services.servers]
    (pid,) = services.pids
    port = int(services.environment["PGPORT"])
    assert [name for name, path in services.logs() if path.read_text()] == ["postgresql.log"]
    services.end()
    assert not folder.exists()
    assert not Path(f"/proc/{pid}").exists()
    assert ports.is_free(port)
    assert services.servers == []


def test_what_is_planned_can_be_started() -> None:
    assert set(RECIPES) == STARTABLE


def test_an_unknown_service_names_the_known_ones(services: Services) -> None:
    with pytest.raises(UserError, match=r"no service elasticsearch here; there is postgresql"):
        services.start(["elasticsearch"], {})


class Absent(PostgreSQL):
    def path(self) -> str:
        return "/nowhere"


def test_a_missing_program_names_the_package() -> None:
    with pytest.raises(UserError, match=r"no initdb. Install the package postgresql\."):
        Absent().check()


class Stubborn(Recipe):
    """A server that ends at once, or never answers."""

    name, port, package = "stubborn", 0, "none"

    def __init__(self, *argv: str) -> None:
        self.argv = argv

    def programs(self) -> tuple[tuple[str, ...], ...]:
        return (("sh",),)

    def prepare(self, place: Place) -> tuple[tuple[str, ...], bytes]:
        return (), b""

    def start(self, place: Place) -> tuple[str, ...]:
        return ("sh", "-c", *self.argv)

    def is_ready(self, place: Place) -> bool:
        return False

    def environment(self, place: Place) -> dict[str, str]:
        return {}


def test_a_server_that_ends_says_its_last_words(services: Services) -> None:
    RECIPES["stubborn"] = Stubborn("echo 'no room'; exit 3")
    try:
        with pytest.raises(InfraError, match="stubborn ended at once: no room"):
            services.start(["stubborn"], {})
    finally:
        del RECIPES["stubborn"]


def test_clients_that_the_tests_use_are_there_where_the_servers_are() -> None:
    for name, client in (("postgresql", "psql"), ("mysql", "mysql")):
        try:
            RECIPES[name].check()
        except UserError:
            continue
        assert shutil.which(client), f"{client} comes with the package of {name}"
