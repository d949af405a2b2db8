"""Servers and variables: one test for each rule."""

from __future__ import annotations

import json

import pytest
from dishwasher.core.machine import Machine

from tests.formats.projects import MANAGE, plan

URL = "postgres://localhost/app_test"


def machine(settings: str = "", packages: str = "", /, **files: str) -> Machine:
    site = {
        "manage.py": MANAGE.format("shop.settings"),
        "shop/settings.py": settings,
        "shop/tests.py": "",
        "requirements.txt": f"django\n{packages}\n",
        **{name.replace("env_", ".env.").replace("__", "/"): text for name, text in files.items()},
    }
    return next(job.machine for job in plan(site).jobs if job.name == "tests")


def services(made: Machine) -> list[str]:
    return [service.name for service in made.services]


def environment(made: Machine) -> dict[str, str]:
    return {variable.name: variable.value for variable in made.environment}


@pytest.mark.parametrize(
    ("package", "wanted"),
    [
        ("psycopg[binary]>=3", ["postgresql"]),
        ("psycopg2", ["postgresql"]),
        ("psycopg2-binary==2.9", ["postgresql"]),
        ("mysqlclient", ["mysql"]),
        ("PyMySQL", ["mysql"]),
        ("redis", ["redis"]),
        ("django-redis", ["redis"]),
        ("pymemcache", ["memcached"]),
        ("psycopg\nredis", ["postgresql", "redis"]),
        ("requests", []),
    ],
)
def test_a_driver_starts_its_server(package: str, wanted: list[str]) -> None:
    made = machine("", package)
    assert services(made) == wanted
    assert all(service.why for service in made.services)


def test_celery_with_redis_in_the_settings_starts_redis() -> None:
    assert services(machine("BROKER_URL = 'redis://localhost'\n", "celery")) == ["redis"]
    assert services(machine("BROKER_URL = 'amqp://localhost'\n", "celery")) == []


SQLITE = "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3'}}\n"


def test_settings_with_sqlite_start_no_database_server() -> None:
    assert services(machine(SQLITE, "psycopg\nredis")) == ["redis"]


def test_settings_for_tests_decide_over_those_for_production() -> None:
    server = SQLITE.replace("sqlite3", "postgresql")
    assert services(machine(server, "psycopg")) == ["postgresql"]
    assert services(machine(server, "psycopg", shop__test_settings=SQLITE)) == ["postgresql"]
    made = machine(server, "psycopg", **{"shop__test_settings.py": SQLITE})
    assert services(made) == []


def test_an_example_of_the_environment_starts_what_its_addresses_name() -> None:
    text = (
        "# ours\nexport DATABASE_URL='postgres://a:b@db/shop'\nCACHE_URL=rediss://cache\nDEBUG=1\n"
    )
    made = machine("", "", env_example=text)
    assert services(made) == ["postgresql", "redis"]
    assert environment(made) == {"CACHE_URL": "redis://localhost:6379/0", "DATABASE_URL": URL}


def test_an_example_with_sqlite_starts_nothing() -> None:
    assert services(machine("", "psycopg", env_example="DATABASE_URL=sqlite:///db\n")) == []


@pytest.mark.parametrize(
    "settings",
    [
        "DATABASES = {'default': env.db()}\n",
        "DATABASES = {'default': env.db('DATABASE_URL')}\n",
        "DATABASES = {'default': dj_database_url.config()}\n",
        "x = os.environ['DATABASE_URL']\n",
        "x = config('DATABASE_URL', default='postgres://db')\n",
    ],
)
def test_settings_that_read_the_address_of_the_database_get_one(settings: str) -> None:
    assert environment(machine(settings, "psycopg")) == {"DATABASE_URL": URL}
    assert environment(machine(settings, "mysqlclient")) == {
        "DATABASE_URL": "mysql://localhost/app_test"
    }


def test_no_address_is_made_up_for_a_server_that_is_not_started() -> None:
    assert environment(machine("x = env('DATABASE_URL', default='sqlite:///x')\n")) == {}
    assert environment(machine("x = env('REDIS_URL')\n")) == {}


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ("SECRET_KEY = os.environ['SECRET_KEY']\n", {"SECRET_KEY"}),
        ('SECRET_KEY = env("DJANGO_SECRET_KEY")\n', {"DJANGO_SECRET_KEY"}),
        ("SECRET_KEY = config('SECRET_KEY')\n", {"SECRET_KEY"}),
        ("SECRET_KEY = config('SECRET_KEY', default='x')\n", set()),
        ("SECRET_KEY = os.environ.get('SECRET_KEY')\n", set()),
        ("SECRET_KEY = 'x'\n", set()),
    ],
)
def test_a_key_that_has_to_be_there_is_there(settings: str, wanted: set[str]) -> None:
    made = environment(machine(settings))
    assert made == dict.fromkeys(wanted, "only-for-checks")


def test_variables_that_nothing_gives_are_noted() -> None:
    settings = "env = Env(A=(bool, False))\nenv.bool('A')\nenv('B')\nos.environ['C']\nenv('D', 1)\n"
    site = {"manage.py": MANAGE.format("s"), "s.py": settings}
    note = "`s.py` reads `B`, `C` from the environment, and nothing here gives them values."
    assert note in plan(site).notes


def test_packages_of_node_start_servers_too() -> None:
    package = {"scripts": {"test": "jest"}, "dependencies": {"pg": "8", "ioredis": "5"}}
    (_, tests) = plan({"package.json": json.dumps(package)}).jobs
    assert services(tests.machine) == ["postgresql", "redis"]


def test_the_note_on_a_server_says_what_asked_for_it() -> None:
    notes = plan({"requirements.txt": "psycopg\n", "pytest.ini": ""}).notes
    assert "The project uses the package `psycopg`, so postgresql is started." in notes


def test_a_note_names_so_many_variables_and_counts_the_rest() -> None:
    settings = "".join(f"env('V{number:02}')\n" for number in range(14))
    notes = plan({"manage.py": MANAGE.format("s"), "s.py": settings}).notes
    assert any("`V09` and 4 more from the environment" in note for note in notes)


def test_of_an_endless_example_only_the_first_variables_count() -> None:
    text = "".join(f"V{number}=redis://db\n" for number in range(900))
    assert len(environment(machine("", "", env_example=text))) == 50
