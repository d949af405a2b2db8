"""Checks and deployments of the native format, key by key, and what contradicts what."""

from __future__ import annotations

import time

import pytest
from dishwasher.core import facts
from dishwasher.core.config import Kind, Spelling, Uses
from dishwasher.core.outputs import ArtifactSet, ReportFormat, ReportSet, Secret
from dishwasher.core.step import Shell
from dishwasher.formats.native.jobs import FACTS

from tests.formats.native_files import check, job, mistake, mistakes, parse, warnings


def deployment(keys: str) -> str:
    return f"deployments: {{it: {{branch: m, run: x, {keys}}}}}"


def test_steps_run_strictly() -> None:
    assert check("").shell is Shell.STRICT


def test_every_job_that_runs_learns_what_is_known_of_its_build() -> None:
    lint, it, live = parse(
        "checks: {lint: x, it: {run: x}}\ndeployments: {live: {branch: m, run: x}}"
    ).jobs
    assert lint.facts == it.facts == live.facts == FACTS


def test_the_names_of_facts_are_known_and_dishwasher_s_own() -> None:
    for name, template in FACTS:
        assert name.startswith("DISHWASHER_")
        assert facts.names(template) <= facts.NAMES
        assert facts.names(template)


@pytest.mark.parametrize("words", ["timeout: 1h30m, silence: 90s", "timeout: 90m, silence: 1m30s"])
def test_durations_are_seconds(words: str) -> None:
    made = check(words)
    assert (made.timeout, made.silence) == (5400, 90)


def test_what_a_deployment_knows() -> None:
    made = job(
        deployment(
            "url: 'https://$HOST/', smoke: s.yaml, screenshots: p.yaml, secrets: [K, L, K], "
            "artifacts: [a, b/**], timeout: 1m, silence: 10s, allow_failure: true, finally: y"
        )
    )
    assert made.kind is Kind.DEPLOYMENT
    assert (made.url, made.smoke, made.screenshots) == ("https://$HOST/", "s.yaml", "p.yaml")
    assert made.secrets == (Secret("K", line=1), Secret("L", line=1))
    assert made.artifacts == (ArtifactSet(("a", "b/**")),)
    assert (made.timeout, made.silence, made.allow_failure) == (60, 10, True)
    assert [step.command for step in made.phases[-1].closing] == ["y"]


def test_a_deployment_may_need_checks_and_deployments() -> None:
    text = (
        "checks: {c: x}\n"
        "deployments: {a: {branch: m, run: x}, it: {branch: m, run: x, needs: [a, c]}}"
    )
    assert job(text).needs == ("a", "c")


def test_reports_are_read_by_their_format() -> None:
    assert check("reports: {cobertura: [a.xml, b.xml], junit: r/*.xml}").reports == (
        ReportSet(ReportFormat.JUNIT, ("r/*.xml",)),
        ReportSet(ReportFormat.COBERTURA, ("a.xml", "b.xml")),
    )


def test_artifacts_may_take_some_away() -> None:
    assert check('artifacts: [out/**, "!out/tmp/**", "!*.log", x]').artifacts == (
        ArtifactSet(("out/**", "x"), exclude=("out/tmp/**", "*.log")),
    )


def test_the_spelling_check_is_set_by_with_and_fail() -> None:
    made = job(
        "checks: {it: {uses: spelling, fail: true, with: {words: [a, b, a], "
        "brands: {GitHub: [Git-Hub, Git-Hub], npm: NPM, Django: , Sphinx: []}}}}"
    )
    assert made.uses is Uses.SPELLING
    assert made.spelling == Spelling(
        (("GitHub", ("Git-Hub",)), ("npm", ("NPM",)), ("Django", ()), ("Sphinx", ())),
        ("a", "b"),
        True,
    )


def test_a_built_in_check_has_needs_when_timeout_and_allow_failure() -> None:
    made = job(
        "checks: {a: x, it: {uses: spelling, needs: a, when: {branch: m}, timeout: 1m, "
        "allow_failure: true}}"
    )
    assert (made.needs, str(made.when.branches), made.timeout) == (("a",), "m", 60)
    assert made.allow_failure


@pytest.mark.parametrize(
    "keys",
    [
        "run: x",
        "annotate: flake8",
        "artifacts: x",
        "reports: {junit: x}",
        "cache: x",
        "environment: {A: b}",
        "secrets: S",
        "matrix: {A: [1, 2]}",
        "silence: 1m",
        "finally: x",
        "group: g",
        "setup: false",
    ],
)
def test_what_is_for_commands_does_not_go_with_uses(keys: str) -> None:
    name = keys.partition(":")[0]
    found = mistake(f"checks:\n  it: {{uses: spelling, {keys}}}")
    assert (found.line, found.column, found.code) == (2, 24, "conflict")
    assert found.message == f"`uses` and `{name}` can not stand together"


@pytest.mark.parametrize("keys", ["with: {words: a}", "fail: true"])
def test_what_is_for_uses_does_not_go_with_run(keys: str) -> None:
    found = mistake(f"checks: {{it: {{run: x, {keys}}}}}")
    assert found.code == "conflict"
    assert "says how `uses` does its work" in found.message


@pytest.mark.parametrize(
    ("keys", "code", "message"),
    [
        ("timeout: 10", "bad-value", "`10` is not a duration"),
        ("timeout: 0s", "bad-value", "is not between 1s and 24h"),
        ("timeout: 25h", "bad-value", "is not between 1s and 24h"),
        ("timeout: 1m, silence: 1m", "conflict", "`silence` is not shorter than `timeout`"),
        ("allow_failure: maybe", "wrong-type", "`allow_failure` is true or false"),
        ("setup: maybe", "wrong-type", "`setup` is true or false"),
        ("secrets: a-b", "bad-name", "`a-b` can not be the name of a variable"),
        ("secrets: [A, DISHWASHER_B]", "reserved", "begin with `DISHWASHER_`"),
        ("secrets: A, environment: {A: b}", "conflict", "a secret here and a variable"),
        ("environment: {DISHWASHER_B: c}", "reserved", "begin with `DISHWASHER_`"),
        ("reports: x.xml", "wrong-type", "`reports` must be a mapping"),
        ("reports: {}", "empty", "`reports` says nothing"),
        ("reports: {junit: /x}", "bad-path", "does not stay inside the checkout"),
        ("reports: {jnuit: x}", "unknown-key", "`jnuit` is not a key of `reports`"),
        ("artifacts: ../x", "bad-path", "does not stay inside the checkout"),
        ("artifacts: '!x'", "conflict", "`artifacts` only takes away"),
        ("artifacts: [x, '!/y']", "bad-path", "does not stay inside the checkout"),
        ("artifacts: [x, '!']", "bad-path", "does not stay inside the checkout"),
        ("reports: {junit: ['a', '!b']}", "bad-path", "does not stay inside the checkout"),
        ('finally: "\\0"', "bad-value", "a command can not hold a NUL"),
        ("group: ''", "empty", "`group` is empty"),
        ("group: [a]", "wrong-type", "`group` must be text"),
    ],
)
def test_one_mistake_in_a_check(keys: str, code: str, message: str) -> None:
    found = mistake(f"checks: {{it: {{run: x, {keys}}}}}")
    assert found.code == code
    assert message in found.message


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ("url: example.com", "bad-value"),
        ("url: 'https://a b'", "bad-value"),
        ("smoke: /x", "bad-path"),
        ("screenshots: [a]", "wrong-type"),
        ("matrix: {A: [1]}", "unknown-key"),
        ("uses: spelling", "unknown-key"),
        ("group: g", "unknown-key"),
        ("reports: {junit: x}", "unknown-key"),
        ("needs: nothing", "unknown-need"),
    ],
)
def test_one_mistake_in_a_deployment(keys: str, code: str) -> None:
    assert mistake(deployment(keys)).code == code


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("script: x", "Write `run`."),
        ("steps: [x]", "Write `run`."),
        ("env: {A: b}", "Write `environment`."),
        ("continue-on-error: true", "Write `allow_failure: true`."),
        ("branch: main", "Write `when: {branch: …}`."),
        ("services: [redis]", "`machine` at the top says it for all jobs."),
        ("timeout-minutes: 5", "Write `timeout: 10m`."),
        ("depends_on: lint", "Write `needs`."),
    ],
)
def test_keys_of_other_services_are_told_what_to_write(key: str, hint: str) -> None:
    found = mistake(f"checks: {{lint: x, it: {{run: x, {key}}}}}")
    assert (found.code, found.suggestion) == ("unknown-key", hint)


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("jobs: {}", "Write `checks`."),
        ("test: {}", "Write `checks`."),
        ("deployment: {}", "Did you mean `deployments`?"),
        ("services: [redis]", "It stands below `machine`."),
        ("install: x", "Write `dependencies`."),
    ],
)
def test_sections_of_other_services_are_told_what_to_write(key: str, hint: str) -> None:
    found = mistake(f"{key}\nchecks: {{it: x}}")
    assert (found.code, found.suggestion) == ("unknown-key", hint)


def test_a_job_that_can_not_be_read_can_still_be_needed() -> None:
    found = mistakes("checks:\n  a: [x]\n  b: {run: x, needs: a}\n  c: ''\n  d: {run: x, needs: c}")
    assert [(one.line, one.code) for one in found] == [(2, "wrong-type"), (4, "empty")]
    found = mistakes("deployments: {a: x, b: {branch: m, run: x, needs: a}}")
    assert [one.code for one in found] == ["wrong-type"]


GROUP = "checks:\n  a: {group: g, run: x}\n"


def test_checks_of_a_group_are_told_apart_by_nothing_but_their_group() -> None:
    config = parse(f"{GROUP}  b: {{group: g, run: x, needs: a}}\n  c: {{run: x, needs: b}}\n")
    assert [one.group for one in config.jobs] == ["g", "g", ""]
    assert config.warnings == ()


def test_the_combinations_of_a_matrix_may_share_a_runner() -> None:
    config = parse("checks: {t: {group: g, run: x, matrix: {SHARD: [1, 2]}}}")
    assert [one.group for one in config.jobs] == ["g", "g"]
    assert config.warnings == ()


def test_a_group_of_one_is_a_warning() -> None:
    assert warnings(GROUP) == [("no-effect", "`a` is alone in the group `g`")]


@pytest.mark.parametrize(
    ("rest", "code", "message"),
    [
        ("  b: {group: g, run: x, matrix: {node: [20, 22]}}", "conflict", "one version of node"),
        ("  b: {group: g, run: x, setup: false}", "conflict", "`setup` differs from that of `a`"),
        (
            "  m: {run: x, needs: a}\n  b: {group: g, run: x, needs: m}",
            "cycle",
            "`m` waits for `a`, which is of the same group",
        ),
        (
            "  m: {run: x, needs: a}\n  n: {run: x, needs: m}\n  b: {group: g, run: x, needs: [n]}",
            "cycle",
            "`n` waits for `a`, which is of the same group",
        ),
    ],
)
def test_what_one_machine_can_not_run_in_order_is_refused(
    rest: str, code: str, message: str
) -> None:
    found = mistake(f"dependencies: y\n{GROUP}{rest}\n")
    assert found.code == code
    assert message in found.message


def test_a_group_runs_in_the_order_of_the_file() -> None:
    found = mistake("checks:\n  a: {group: g, run: x, needs: b}\n  b: {group: g, run: x}\n")
    assert (found.line, found.column, found.code) == (2, 32, "conflict")
    assert "stands later in the same group" in found.message


def test_a_circle_through_a_group_ends() -> None:
    text = "checks:\n  a: {group: g, run: x}\n  b: {group: g, run: x, needs: c}\n"
    text += "  c: {run: x, needs: d}\n  d: {run: x, needs: c}\n"
    assert {one.code for one in mistakes(text)} == {"cycle"}


def test_many_needs_of_a_group_take_no_time() -> None:
    lines = []
    for one in range(50):
        needs = [f"c{other}" for other in range(50) if other != one]
        needs += [f"x{one}-{other}" for other in range(320)]
        group = "group: g, " if one % 2 else ""
        lines.append(f"  c{one}: {{run: x, {group}needs: [{', '.join(needs)}]}}\n")
    began = time.process_time()
    mistakes("checks:\n" + "".join(lines))
    assert time.process_time() - began < 5


def test_a_misspelt_need_of_a_deployment_may_mean_another_one() -> None:
    text = "deployments:\n  staging: {branch: main, run: x}\n"
    found = mistake(text + "  live: {branch: main, run: x, needs: stagin}\n")
    assert found.suggestion == "Did you mean `staging`?"
