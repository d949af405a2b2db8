"""Servers of a buildspec: an address on this machine starts one, unless the file does so itself."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.formats.buildspec_files import config, job, warnings, with_build

POSTGRES = "env: {variables: {DATABASE_URL: 'postgres://localhost/app_test'}}"


def services(text: str) -> list[str]:
    return [one.name for one in job(text).machine.services]


def with_command(command: str) -> str:
    return f"version: 0.2\n{POSTGRES}\nphases: {{build: {{commands: ['{command}', make]}}}}\n"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("postgres://localhost/app_test", ["postgresql"]),
        ("postgresql+psycopg_async://app:secret@127.0.0.1:5432/app", ["postgresql"]),
        ("postgis:///app", ["postgresql"]),
        ("mysql2://root@127.0.0.1/app", ["mysql"]),
        ("redis://localhost:6379/0", ["redis"]),
        ("localhost:11211", ["memcached"]),
        ("postgres://db.example.com/app", []),
        ("https://localhost/redis", []),
        ("postgres", []),
        ("", []),
    ],
)
def test_an_address_on_this_machine_starts_its_server(value: str, wanted: list[str]) -> None:
    assert services(with_build(f"env: {{variables: {{ADDRESS: '{value}'}}}}")) == wanted


def test_a_server_says_which_variable_asked_for_it() -> None:
    (service,) = job(with_build(POSTGRES)).machine.services
    assert service.why == "the variable `DATABASE_URL` on line 3 names it"
    assert service.line == 3


@pytest.mark.parametrize(
    "command",
    [
        "service postgresql start",
        "sudo systemctl restart postgresql",
        "/etc/init.d/postgresql start",
        "/usr/lib/postgresql/16/bin/pg_ctl -D data start",
        "su postgres -c true; docker run -d -p 5432:5432 postgres:16",
        "docker-compose -f ci.yml up -d",
        "docker compose up -d db",
        'bash -c "pg_ctlcluster 16 main start"',
    ],
)
def test_a_server_that_a_command_starts_is_the_files_own(command: str) -> None:
    assert services(with_command(command)) == []


@pytest.mark.parametrize(
    "command",
    ["redis-server --daemonize yes", "pg_isready", "docker build .", "docker run app", "echo up"],
)
def test_another_command_leaves_the_server_to_us(command: str) -> None:
    assert services(with_command(command)) == ["postgresql"]


def test_a_server_that_can_not_be_started_is_told() -> None:
    text = with_build("env: {variables: {MONGO: 'mongodb://localhost/app'}}")
    assert services(text) == []
    assert warnings(text) == ["3 unknown-service"]


def test_each_build_of_a_batch_has_the_servers_of_its_own_variables() -> None:
    text = dedent("""
        version: 0.2
        env: {variables: {DATABASE_URL: 'postgres://localhost/app'}}
        batch:
          build-list:
            - identifier: pg
            - identifier: my
              env: {variables: {DATABASE_URL: 'mysql://localhost/app'}}
        phases: {build: {commands: [make]}}
        """)
    made = {spec.name: [one.name for one in spec.machine.services] for spec in config(text).jobs}
    assert made == {"pg": ["postgresql"], "my": ["mysql"]}


def test_the_servers_of_another_files_variables_stand_at_the_line_that_names_it() -> None:
    text = dedent("""
        version: 0.2
        batch:
          build-list:
            - identifier: api
              buildspec: api.yml
        """)
    (spec,) = config(text, api_yml=f"\n\n\n{with_build(POSTGRES)}").jobs
    assert [one.line for one in spec.machine.services] == [6]
