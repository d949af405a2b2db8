"""`machine`, `dependencies`, `cache` and `setup` of the native format."""

from __future__ import annotations

import pytest
from dishwasher.core.machine import Machine, Service, Variable
from dishwasher.core.outputs import Cache
from dishwasher.core.step import Phase, Step

from tests.formats.native_files import check, job, mistake, mistakes, parse, warnings

SETUP = """\
machine: {python: "3.12", services: [redis]}
dependencies: [pip install x, make]
cache: ~/.cache/pip
"""


def test_everything_below_machine_reaches_every_job_that_runs() -> None:
    config = parse(
        "machine:\n"
        "  python: 3.10\n"
        "  node: latest\n"
        "  timezone: Europe/Zurich\n"
        "  services: [postgres, redis]\n"
        "  environment: {A: b}\n"
        "checks: {a: x, b: {run: x}, s: {uses: spelling}}\n"
        "deployments: {d: {branch: m, run: x}}\n"
    )
    a, b, spelling, deployment = config.jobs
    assert (
        a.machine
        == b.machine
        == deployment.machine
        == Machine(
            python="3.10",
            node="latest",
            virtualenv=True,
            timezone="Europe/Zurich",
            services=(Service("postgresql", 5), Service("redis", 5)),
            environment=(Variable("A", "b"),),
        )
    )
    assert spelling.machine == Machine()


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("postgres", "postgresql"),
        ("postgresql", "postgresql"),
        ("mysql", "mysql"),
        ("mariadb", "mysql"),
        ("redis", "redis"),
        ("memcached", "memcached"),
    ],
)
def test_a_service_has_one_name_inside(word: str, name: str) -> None:
    machine = job(f"machine: {{services: {word}}}\nchecks: {{it: x}}").machine
    assert machine.services == (Service(name, 1),)


def test_a_service_that_is_named_twice_is_started_once() -> None:
    machine = job("machine: {services: [postgres, postgresql]}\nchecks: {it: x}").machine
    assert machine.services == (Service("postgresql", 1),)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pip install -r requirements.txt", True),
        ("python -m pip install x", True),
        ("cd app && pip3 install x", True),
        ("uv sync", True),
        ("poetry install", True),
        ("pipenv install --dev", True),
        ("npm ci", False),
        ("make pip", False),
        ("apt-get install python3-pip", False),
        ("./pipeline", False),
    ],
)
def test_python_dependencies_ask_for_a_virtual_environment(command: str, expected: bool) -> None:
    assert job(f"dependencies: {command}\nchecks: {{it: x}}").machine.virtualenv is expected


def test_dependencies_are_a_phase_before_the_steps() -> None:
    assert job(f"{SETUP}checks:\n  it: {{run: [a, b], finally: c}}").phases == (
        Phase("dependencies", (Step("pip install x", 2), Step("make", 2))),
        Phase("build", (Step("a", 5), Step("b", 5)), (Step("c", 5),)),
    )


def test_without_dependencies_there_is_one_phase() -> None:
    assert check("").phases == (Phase("build", (Step("x", 1),)),)


def test_deployments_are_set_up_as_checks_are() -> None:
    deployment = job(f"{SETUP}deployments: {{it: {{branch: m, run: x}}}}")
    assert [phase.name for phase in deployment.phases] == ["dependencies", "build"]
    assert deployment.machine.services == (Service("redis", 1),)
    assert deployment.caches == (Cache(("~/.cache/pip",)),)


@pytest.mark.parametrize("keys", ["checks: {it: {%s}}", "deployments: {it: {branch: m, %s}}"])
def test_setup_false_leaves_out_dependencies_services_and_the_cache(keys: str) -> None:
    made = job(SETUP + keys % "run: x, setup: false")
    assert [phase.name for phase in made.phases] == ["build"]
    assert made.machine == Machine(python="3.12", virtualenv=True)
    assert made.caches == ()


def test_setup_false_needs_no_virtual_environment_for_dependencies_that_are_not_installed() -> None:
    assert not check("setup: false", "dependencies: pip install x\n").machine.virtualenv


def test_setup_false_keeps_the_check_s_own_cache() -> None:
    assert check("setup: false, cache: .tox", SETUP).caches == (Cache((".tox",)),)


def test_setup_true_is_as_if_it_were_not_there() -> None:
    assert check("setup: true", SETUP) == check("", SETUP)


def test_setup_false_with_nothing_to_leave_out_is_a_warning() -> None:
    assert [code for code, _ in warnings("checks: {it: {run: x, setup: no}}")] == ["no-effect"]


def test_spelling_is_not_set_up() -> None:
    spelling = job(f"{SETUP}checks: {{it: {{uses: spelling}}}}")
    assert (spelling.phases, spelling.caches, spelling.facts) == ((), (), ())


@pytest.mark.parametrize(
    ("written", "value", "expand"),
    [
        ("True", "True", False),
        ("3.10", "3.10", False),
        ("", "", False),
        ("0777", "0777", False),
        ("$HOME/x", "$HOME/x", True),
        ('"${A}b"', "${A}b", True),
        ("'$HOME'", "$HOME", False),
        ("'it''s'", "it's", False),
    ],
)
def test_values_are_as_typed_and_expanded_except_in_single_quotes(
    written: str, value: str, expand: bool
) -> None:
    text = f"machine:\n  environment:\n    NAME: {written}\nchecks: {{it: x}}"
    assert job(text).machine.environment == (Variable("NAME", value, expand),)


def test_a_job_s_own_variables_come_after_those_of_the_machine() -> None:
    top = "machine: {environment: {A: 1, B: 2}}\n"
    assert check("environment: {A: 3, C: 4}", top).machine.environment == (
        Variable("A", "1"),
        Variable("B", "2"),
        Variable("A", "3"),
        Variable("C", "4"),
    )


@pytest.mark.parametrize(
    "url",
    [
        "postgres://localhost/app",
        "postgresql+psycopg://me:pw@localhost:5432/app",
        "postgis://127.0.0.1/app",
        "postgres:///app",
        "postgres://[::1]:5432/app",
        "mysql://root@localhost/app",
        "redis://localhost:6379/0",
        "redis://:pw@localhost",
        "memcached://localhost:11211",
    ],
)
def test_a_server_on_this_machine_that_nothing_starts_is_a_warning(url: str) -> None:
    top = f'machine: {{environment: {{DATABASE_URL: "{url}"}}}}\n'
    assert [code for code, _ in warnings(f"{top}checks: {{it: x}}")] == ["missing-service"]
    own = f'checks: {{it: {{run: x, environment: {{DATABASE_URL: "{url}"}}}}}}'
    assert [code for code, _ in warnings(own)] == ["missing-service"]


@pytest.mark.parametrize(
    "url",
    [
        "postgres://db.example.com/app",
        "postgres://localhost.example.com/app",
        "sqlite:///db.sqlite3",
        "https://localhost/",
        "postgres",
        "$DATABASE",
    ],
)
def test_other_servers_are_nobody_s_concern(url: str) -> None:
    assert warnings(f'machine: {{environment: {{U: "{url}"}}}}\nchecks: {{it: x}}') == []


def test_a_server_that_is_started_is_no_warning() -> None:
    top = 'machine: {services: postgres, environment: {U: "postgresql://localhost/a"}}\n'
    assert warnings(f"{top}checks: {{it: x}}") == []


def test_a_server_that_setup_false_does_not_start_is_a_warning_in_that_check() -> None:
    text = (
        "machine: {services: redis}\n"
        'checks: {it: {run: x, setup: false, environment: {U: "redis://localhost"}}}'
    )
    assert [code for code, _ in warnings(text)] == ["missing-service"]


@pytest.mark.parametrize(
    ("written", "cache"),
    [
        (".tox", Cache((".tox",))),
        ("[~/.npm, a/b, a/b]", Cache(("~/.npm", "a/b"))),
        ("{paths: x}", Cache(("x",))),
        (
            "{paths: [x], files: [a.txt, b/*.txt], key: k-$A-, fallbacks: [k-, l-]}",
            Cache(("x",), "k-$A-", ("a.txt", "b/*.txt"), ("k-", "l-")),
        ),
    ],
)
def test_a_cache_is_paths_or_more_of_it(written: str, cache: Cache) -> None:
    assert job(f"cache: {written}\nchecks: {{it: x}}").caches == (cache,)
    assert check(f"cache: {written}").caches == (cache,)


def test_a_check_s_cache_comes_beside_the_file_s() -> None:
    assert check("cache: b", "cache: a\n").caches == (Cache(("a",)), Cache(("b",)))


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("/tmp", "bad-path"),
        ("../x", "bad-path"),
        ("~", "empty"),
        ("~/../x", "bad-path"),
        ("~root/x", "bad-path"),
        ("$HOME/x", "bad-path"),
        ("[]", "empty"),
        ("{key: x}", "missing-paths"),
        ("{paths: x, fallbacks: y}", "conflict"),
        ("{paths: x, files: /y}", "bad-path"),
        ("{path: x, paths: y}", "unknown-key"),
    ],
)
def test_a_cache_that_can_not_be_kept_is_refused(written: str, code: str) -> None:
    assert mistake(f"cache: {written}\nchecks: {{it: x}}").code == code


@pytest.mark.parametrize(
    ("machine", "code"),
    [
        ("{python: three}", "bad-value"),
        ("{python: 3.12-dev}", "bad-value"),
        ("{node: [20]}", "wrong-type"),
        ("{timezone: utc}", "bad-value"),
        ("{timezone: Europe Zurich}", "bad-value"),
        ("{services: oracle}", "unknown-value"),
        ("{services: []}", "empty"),
        ("{services: {redis: 7}}", "wrong-type"),
        ("{environment: [A]}", "wrong-type"),
        ("{environment: {1A: b}}", "bad-name"),
        ("{environment: {A: [b]}}", "wrong-type"),
        ('{environment: {A: "\\0"}}', "bad-value"),
        ("{environment: {DISHWASHER_SHA: b}}", "reserved"),
        ("{pyhton: 3.12}", "unknown-key"),
        ("[python]", "wrong-type"),
    ],
)
def test_one_mistake_below_machine(machine: str, code: str) -> None:
    (found,) = mistakes(f"machine: {machine}\nchecks: {{it: x}}")
    assert found.code == code


def test_an_empty_machine_is_a_warning() -> None:
    assert [code for code, _ in warnings("machine:\nchecks: {it: x}")] == ["empty"]
