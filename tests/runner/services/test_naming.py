"""Which databases the variables of a job name."""

from __future__ import annotations

import pytest
from dishwasher.runner.services.naming import Named, named


@pytest.mark.parametrize(
    ("value", "users", "databases", "ports"),
    [
        ("postgres://localhost/site", {}, {"site"}, set()),
        ("postgresql+psycopg://a:b@127.0.0.1:5433/site?x=1", {"a": "b"}, {"site"}, {5433}),
        ("postgres://a:p%40ss@localhost/s", {"a": "p@ss"}, {"s"}, set()),
        ("postgres:///site", {}, {"site"}, set()),
        ("postgres://db.example.org/site", {}, set(), set()),
        ("mysql://localhost/site", {}, set(), set()),
        ("postgres://localhost:70000/site", {}, set(), set()),
        ('postgres://localhost/a";drop', {}, set(), set()),
        ("postgres://[::1/site", {}, set(), set()),
        ("just text", {}, set(), set()),
    ],
)
def test_what_an_address_names(
    value: str, users: dict[str, str], databases: set[str], ports: set[int]
) -> None:
    is_found = bool(users or databases)
    assert named("postgresql", {"X": value}) == Named(users, databases, ports, is_found)


@pytest.mark.parametrize(
    ("environment", "users", "databases", "ports"),
    [
        ({"PGDATABASE": "a", "PGUSER": "b", "PGPASSWORD": "c"}, {"b": "c"}, {"a"}, set()),
        ({"POSTGRES_DB": "a", "POSTGRES_USER": "b"}, {"b": ""}, {"a"}, set()),
        ({"POSTGRES_DB": "a", "POSTGRES_HOST": "db.example.org"}, {}, set(), set()),
        ({"DB_NAME": "a", "DB_PORT": "5433"}, {}, {"a"}, {5433}),
        ({"DB_NAME": "a", "DB_HOST": "/var/run/postgresql"}, {}, {"a"}, set()),
        ({"DB_NAME": "a", "DB_PORT": "3306"}, {}, set(), set()),
        ({"DB_NAME": "a", "DB_ENGINE": "django.db.backends.mysql"}, {}, set(), set()),
        ({"DB_NAME": "a", "DB_ENGINE": "django.db.backends.sqlite3"}, {}, set(), set()),
        ({"DB_NAME": "a.b/c"}, {}, set(), set()),
        ({"SQL_DATABASE": "a", "SQL_USER": "", "SQL_ENGINE": "x.postgresql"}, {}, {"a"}, set()),
        ({"RDS_DB_NAME": "a", "RDS_USERNAME": "b", "RDS_PORT": "5"}, {"b": ""}, {"a"}, {5}),
        ({"DJANGO_DB_NAME": "a", "OTHER_DB_NAME": "b"}, {}, {"a", "b"}, set()),
        ({"MYSQL_DATABASE": "a", "DB_NAME": ""}, {}, set(), set()),
        ({"DB_PORT": "a", "DB_PASSWORD": "x", "DATABASES": "y"}, {}, set(), set()),
    ],
)  # fmt: skip
def test_what_variables_name_one_by_one(
    environment: dict[str, str], users: dict[str, str], databases: set[str], ports: set[int]
) -> None:
    found = named("postgresql", environment)
    assert (found.users, found.databases, found.ports) == (users, databases, ports)


def test_beside_another_database_server_the_engine_must_be_told() -> None:
    environment = {"DB_NAME": "a", "POSTGRES_DB": "b", "MYSQL_DATABASE": "c"}
    assert named("postgresql", environment, alone=False).databases == {"b"}
    assert named("mysql", environment, alone=False).databases == {"c"}
    assert named("mysql", environment).databases == {"a", "c"}
    assert named("redis", environment) == Named()


def test_only_who_asks_the_client_s_library_finds_another_port() -> None:
    assert named("postgresql", {"PGDATABASE": "a"}).is_found
    assert named("postgresql", {"URL": "postgres://localhost/a"}).is_found
    assert not named("postgresql", {"DB_NAME": "a"}).is_found


def test_the_root_of_mysql_has_the_password_that_is_given() -> None:
    assert named("mysql", {"MYSQL_ROOT_PASSWORD": "p"}).users == {"root": "p"}
    assert named("mysql", {"MYSQL_USER": "a", "MYSQL_PASSWORD": "b\nc"}).users == {"a": ""}
