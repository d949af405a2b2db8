"""`machine` of circle.yml: versions, variables, services, hosts, time zone."""

from __future__ import annotations

import pytest
from dishwasher.core.machine import Machine, Variable

from tests.formats.test_circle import build, codes, mistake, parse

TEST = "test: {override: [t]}\n"


def machine(text: str) -> Machine:
    return build(TEST + text).machine


def services(text: str) -> dict[str, str]:
    return {service.name: service.why for service in machine(text).services}


@pytest.mark.parametrize("version", ["3.10", "2.7", "3.4.2", '"3.12"', "pypy-2.2.1"])
def test_a_version_is_raw_text(version: str) -> None:
    found = machine(f"machine: {{python: {{version: {version}}}}}")
    assert found.python == version.strip('"')


def test_a_version_may_stand_on_the_next_line() -> None:
    assert machine("machine:\n  python:\n    version:\n      3.9.2\n").python == "3.9.2"


def test_a_bare_version_is_taken_as_meant() -> None:
    config = parse(TEST + "machine:\n  node: 18\n")
    assert config.jobs[0].machine.node == "18"
    assert codes(config) == [(3, "shape")]


def test_a_version_of_python_asks_for_a_virtual_environment() -> None:
    assert machine("machine: {python: {version: 3.12}}").virtualenv
    assert not machine("machine: {node: {version: 22}}").virtualenv


@pytest.mark.parametrize(
    "command", ["pip install x", "cd a && pip3 install x", "python setup.py t"]
)
def test_installing_python_packages_asks_for_one_too(command: str) -> None:
    assert machine(f"dependencies: {{override: [{command}]}}").virtualenv


def test_other_languages_are_kept_and_warned_of() -> None:
    config = parse(TEST + "machine:\n  ruby: {version: 2.3.1}\n  java: {version: openjdk7}\n")
    found = config.jobs[0].machine.others
    assert found == (("ruby", "2.3.1"), ("java", "openjdk7"))
    assert codes(config) == [(3, "language"), (4, "language")]


@pytest.mark.parametrize(
    ("language", "version", "old"),
    [
        ("python", "2.7.12", True),
        ("python", "3.4", True),
        ("python", "3.10", False),
        ("python", "3", False),
        ("python", "pypy-2.2.1", True),
        ("node", "0.10", True),
        ("node", "v6.1.0", True),
        ("node", "stable", False),
        ("node", "22", False),
    ],
)
def test_a_version_that_has_vanished_is_warned_of(language: str, version: str, old: bool) -> None:
    config = parse(f"{TEST}machine:\n  {language}:\n    version: {version}\n")
    assert codes(config) == ([(4, "old-version")] if old else [])


def test_variables_are_raw_text_and_expanded() -> None:
    text = "machine:\n  environment:\n    DEBUG: True\n    V: 3.10\n    P: $HOME/x\n    E:\n"
    assert machine(text).environment == (
        Variable("DEBUG", "True", expand=True),
        Variable("V", "3.10", expand=True),
        Variable("P", "$HOME/x", expand=True),
        Variable("E", "", expand=True),
    )


def test_a_variable_with_a_bad_name_is_a_mistake() -> None:
    assert mistake(TEST + "machine:\n  environment:\n    my-var: 1\n").line == 4


def test_the_time_zone_is_kept() -> None:
    assert machine("machine: {timezone: America/New_York}").timezone == "America/New_York"
    assert mistake(TEST + "machine: {timezone: America/New York}").code == "bad-value"


def test_hosts_are_kept_and_warned_of() -> None:
    config = parse(TEST + "machine:\n  hosts:\n    dev.example.com: 127.0.0.1\n    six: '::1'\n")
    assert config.jobs[0].machine.hosts == (("dev.example.com", "127.0.0.1"), ("six", "::1"))
    assert codes(config) == [(3, "needs-root")]


@pytest.mark.parametrize("pair", ["a_b: 127.0.0.1", "a: localhost"])
def test_hosts_have_names_and_addresses(pair: str) -> None:
    assert mistake(TEST + f"machine:\n  hosts:\n    {pair}\n").line == 4


def test_own_programs_are_found_where_a_file_puts_some() -> None:
    found = machine("dependencies: {pre: [cp tool ~/bin/tool]}").environment
    assert found == (Variable("PATH", "$HOME/bin:$PATH", expand=True),)


# Services


def test_listed_services_start() -> None:
    found = build(TEST + "machine:\n  services:\n    - redis-server\n    - mysql\n")
    names = [(service.name, service.line, service.why) for service in found.machine.services]
    assert names == [("redis", 4, ""), ("mysql", 5, "")]


def test_services_may_be_one_or_none() -> None:
    assert services("machine: {services: postgresql}") == {"postgresql": ""}
    assert services("machine: {services: []}") == {}


@pytest.mark.parametrize(
    ("name", "code", "suggestion"),
    [
        ("docker", "no-docker", "Elsewhere, commands that call `docker` will fail."),
        ("elasticsearch", "unknown-service", ""),
        ("cassandra", "unknown-service", ""),
        ("rediss-server", "unknown-service", "Did you mean `redis-server`?"),
    ],
)
def test_a_service_that_can_not_start_is_warned_of(name: str, code: str, suggestion: str) -> None:
    config = parse(f"{TEST}machine:\n  services:\n    - {name}\n    - redis\n")
    (warning,) = config.warnings
    assert (warning.line, warning.code, warning.suggestion) == (4, code, suggestion)
    assert [service.name for service in config.jobs[0].machine.services] == ["redis"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("machine:\n  environment:\n    B: localhost:5672\n", "rabbitmq"),
        ("machine:\n  environment:\n    MONGO_URL: mongodb://localhost/test\n", "mongodb"),
        ("database:\n  override:\n    - sudo service mongod restart\n", "mongodb"),
        ("database:\n  override:\n    - curl http://localhost:9200/_cat\n", "elasticsearch"),
    ],
)
def test_one_that_only_a_value_names_is_warned_of_too(text: str, name: str) -> None:
    config = parse(TEST + text)
    assert config.jobs[0].machine.services == ()
    (warning,) = (one for one in config.warnings if one.code == "unknown-service")
    assert warning.line == 4
    assert warning.message.startswith(f"{name} can not be started, and the ")


def test_nothing_starts_that_nothing_names() -> None:
    assert services("machine: {environment: {DEBUG: True, CACHE: locmem}}") == {}


@pytest.mark.parametrize(
    ("variable", "names"),
    [
        ("DATABASE_URL: postgres://ubuntu:@127.0.0.1:5432/circle_test", ["postgresql"]),
        ("DATABASE_URL: postgis://localhost/app", ["postgresql"]),
        ("DATABASE_URL: mysql2://root@localhost/app", ["mysql"]),
        ("DATABASE_URL: sqlite:///test.db", []),
        ("DATABASE_URL: postgres://db.example.com/app", []),
        ("DB_URL: postgresql+psycopg2://localhost/x", ["postgresql"]),
        ("REDIS_URL: redis://localhost:6379/0", ["redis"]),
        ("REDIS_HOST: localhost", ["redis"]),
        ("REDIS_HOST: redis.example.com", []),
        ("MEMCACHE_SERVERS: 127.0.0.1:11211", ["memcached"]),
        ("PGHOST: localhost", ["postgresql"]),
        ("MYSQL_DATABASE: circle_test", ["mysql"]),
        ("DB_ENGINE: django.db.backends.postgresql_psycopg2", ["postgresql"]),
        ("DB: mysql", ["mysql"]),
        ("HOMEPAGE: https://postgresql.example.com/", []),
        ("REDIS_DISABLED: 'yes'", []),
    ],
)
def test_a_variable_names_a_service_of_this_machine(variable: str, names: list[str]) -> None:
    found = services(f"machine:\n  environment:\n    {variable}\n")
    assert list(found) == names
    name = variable.partition(":")[0]
    assert all(why == f"the variable `{name}` on line 4 names it" for why in found.values())


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("psql -c 'create extension hstore' -d circle_test -U ubuntu", ["postgresql"]),
        ("PGPASSWORD=x psql -h localhost -f dump.sql", ["postgresql"]),
        ("sudo -u postgres createdb app", ["postgresql"]),
        ("psql -h db.example.com -f dump.sql", []),
        ("psql postgres://db.example.com/x", []),
        ("cd db && mysql -u ubuntu circle_test < x.sql", ["mysql"]),
        ("pip install mysql", []),
        ("redis-cli flushall", ["redis"]),
        ("sudo service redis-server restart", ["redis"]),
        ("bin/wait-for localhost:11211", ["memcached"]),
        ("DATABASE_URL=postgres://localhost/x ./manage.py test", ["postgresql"]),
        ("cat psql.log", []),
    ],
)
def test_a_command_names_a_service(command: str, names: list[str]) -> None:
    found = services(f'database:\n  override:\n    - "{command}"\n')
    assert list(found) == names
    assert all(why.startswith("the command on line 4 names it with") for why in found.values())


def test_a_variable_of_one_command_names_a_service() -> None:
    text = "database:\n  override:\n    - rake:\n        environment:\n          DB: postgres\n"
    assert services(text) == {"postgresql": "the variable `DB` of the command on line 4 names it"}


def test_a_service_that_is_listed_and_named_starts_once() -> None:
    text = "machine:\n  services: [redis]\n  environment: {REDIS_URL: redis://localhost}\n"
    assert services(text) == {"redis": ""}


def test_commands_of_a_deployment_name_nothing() -> None:
    text = "deployment:\n  x:\n    branch: a\n    commands: [psql -f x]\n"
    assert services(text) == {}
