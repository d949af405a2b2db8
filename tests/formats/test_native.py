"""The native format: what it becomes, and every mistake at its place."""

from __future__ import annotations

import sys
import time

import pytest
import yaml
from dishwasher.core.config import Config, Kind, Uses
from dishwasher.core.outputs import ArtifactSet
from dishwasher.core.pattern import Filter, Pattern
from dishwasher.core.when import When
from dishwasher.errors import ConfigError, Problem
from dishwasher.formats import native
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.case import cases
from tests.samples import commands

PATH = ".dishwasher.yml"


def parse(text: str) -> Config:
    return native.parse(PATH, text.encode())


def mistakes(text: str | bytes) -> tuple[Problem, ...]:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(ConfigError) as caught:
        native.parse(PATH, data)
    assert caught.value.path == PATH
    return caught.value.problems


def mistake(text: str | bytes) -> Problem:
    (problem,) = mistakes(text)
    return problem


FULL = """\
checks:
  lint: {run: flake8 app, annotate: flake8}
  spelling: {uses: spelling}
  tests:
    needs: [lint, spelling]
    run:
      - cd app
      - python manage.py test
    artifacts: reports/*.xml
deployments:
  staging:
    branch: [master, main]
    run: ./deploy.sh staging
"""


def test_everything_that_the_format_knows() -> None:
    lint, spelling, tests, staging = parse(FULL).jobs
    assert (lint.line, commands(lint), lint.annotate) == (2, ("flake8 app",), ("flake8",))
    assert (spelling.uses, spelling.steps) == (Uses.SPELLING, ())
    assert commands(tests) == ("cd app", "python manage.py test")
    assert tests.needs == ("lint", "spelling")
    assert tests.artifacts == (ArtifactSet(("reports/*.xml",)),)
    assert (staging.kind, commands(staging)) == (Kind.DEPLOYMENT, ("./deploy.sh staging",))
    assert staging.when == When(branches=Filter((Pattern("master"), Pattern("main"))))


def test_the_short_form() -> None:
    (lint,) = parse("checks:\n  lint: flake8 app\n").jobs
    assert (lint.name, commands(lint)) == ("lint", ("flake8 app",))


@pytest.mark.parametrize("text", ["true", "3.10", "on", "0777", "1:30", "yes"])
def test_commands_are_what_was_typed(text: str) -> None:
    (job,) = parse(f"checks:\n  a: {{run: {text}}}\n").jobs
    assert commands(job) == (text,)


def test_a_step_of_several_lines() -> None:
    (job,) = parse("checks:\n  a:\n    run:\n      - |\n        cd x\n        ls\n").jobs
    assert commands(job) == ("cd x\nls\n",)


def test_text_where_a_list_may_stand() -> None:
    text = "checks:\n  a: x\n  b: {needs: a, run: x, annotate: [flake8], artifacts: [x, y/**]}\n"
    _, job = parse(text).jobs
    assert (job.needs, job.annotate, job.artifacts) == (
        ("a",),
        ("flake8",),
        (ArtifactSet(("x", "y/**")),),
    )


def test_what_is_named_twice_counts_once() -> None:
    text = "checks:\n  a: x\n  b: {needs: [a, a], run: x, annotate: [flake8, flake8]}\n"
    _, job = parse(text).jobs
    assert (job.needs, job.annotate) == (("a",), ("flake8",))


def test_deployments_alone_and_sections_in_any_order() -> None:
    config = parse("deployments:\n  s: {branch: m, run: x}\nchecks:\n  a: x\n")
    assert [(job.name, job.kind) for job in config.jobs] == [("a", "check"), ("s", "deployment")]
    assert len(parse("deployments:\n  s: {branch: feature/x-1.0, run: x}\n").jobs) == 1


def test_windows_line_ends() -> None:
    assert native.parse(PATH, FULL.replace("\n", "\r\n").encode()) == parse(FULL)


def test_aliases_and_merges() -> None:
    text = "checks:\n  a: &a\n    run: x\n    artifacts: y\n  b:\n    <<: *a\n    run: z\n"
    a, b = parse(text).jobs
    assert (commands(a), commands(b)) == (("x",), ("z",))
    assert b.artifacts == (ArtifactSet(("y",)),)


def test_a_file_of_500_lines_takes_under_50_ms() -> None:
    lines = ["machine: {services: [redis]}", "dependencies: make deps", "checks:"]
    for number in range(35):
        lines += [
            f"  job{number}:",
            f"    needs: [job{number - 1}]" if number else "    annotate: flake8",
            "    when:",
            '      branch: [main, "release/*", "!release/old"]',
            "      path: [app/**, '/.*\\.py/']",
            "    environment:",
            f"      NAME: value-{number}",
            "    timeout: 10m",
            "    run:",
            f"      - python manage.py test app{number}",
            "      - coverage xml",
            "    reports: {junit: reports/*.xml, cobertura: coverage.xml}",
            "    cache: {paths: [.tox], files: [tox.ini], key: tox-}",
            "    secrets: [TOKEN, OTHER]",
        ]
    lines += ["  matrix: {run: x, matrix: {python: ['3.12', '3.13'], DB: [a, b]}}"]
    lines += ["deployments: {live: {branch: main, run: x}}"]
    text = "\n".join(lines).encode()
    assert 490 <= text.count(b"\n") <= 500
    native.parse(PATH, text)
    best = 9.0
    for _ in range(5):
        # The processor's time: the machine that runs the tests does other things besides.
        started = time.process_time()
        native.parse(PATH, text)
        best = min(best, time.process_time() - started)
    # With libyaml some 15 ms; the pure Python parser takes eight times as long for YAML itself.
    traced = sys.gettrace() is not None
    assert best < (0.05 if yaml.__with_libyaml__ and not traced else 0.5)


# Each: the file, the place, the code, a part of the message, the suggestion.
MISTAKES = [
    ("", (1, 1), "empty", "the file is empty", "Write at least one check."),
    ("# nothing\n", (1, 1), "empty", "the file is empty", "Write at least one check."),
    ("---\n", (1, 1), "empty", "the file is empty", "Write at least one check."),
    ("{}", (1, 1), "empty", "the file has no check and no deployment", ""),
    ("checks:\n", (1, 1), "empty", "the file has no check and no deployment", ""),
    ("checks: {}\n", (1, 1), "empty", "the file has no check and no deployment", ""),
    ("- a\n", (1, 1), "wrong-type", "the file must be a mapping with", ""),
    ("flake8\n", (1, 1), "wrong-type", "the file must be a mapping with", ""),
    ("checks: [a]\n", (1, 9), "wrong-type", "`checks` must map names to what they run", "Write"),
    ("checks: lint\n", (1, 9), "wrong-type", "and is the text `lint`", "Write"),
    ("checks:\n  - lint\n", (1, 1), "wrong-type", "`checks` must map names", "Write"),
    ("checks:\n  a: [x]\n", (2, 6), "wrong-type", "`a` must map keys to values", "Write"),
    ("chekcs: {}\n", (1, 1), "unknown-key", "`chekcs` is not a key at the top", "`checks`?"),
    ("checks:\n  a:\n", (2, 3), "empty", "`a` says nothing", "Add `run: command`."),
    ("checks:\n  a: ''\n", (2, 3), "empty", "`a` is empty", ""),
    ("checks:\n  a: {run: ''}\n", (2, 7), "empty", "`run` is empty", ""),
    ("checks:\n  a: {run: }\n", (2, 7), "empty", "`run` is empty", ""),
    ("checks:\n  a: {run: ~}\n", (2, 7), "empty", "`run` is empty", ""),
    ("checks:\n  a: {run: []}\n", (2, 7), "empty", "`run` is an empty list", ""),
    ("checks:\n  a: {run: [x, ' ']}\n", (2, 16), "empty", "`run` is empty", ""),
    ("checks:\n  a: {run: {x: y}}\n", (2, 12), "wrong-type", "must be text or a list", ""),
    ("checks:\n  a:\n    run:\n      x: y\n", (3, 5), "wrong-type", "must be text or a list", ""),
    ("checks:\n  a: {run: [[x]]}\n", (2, 13), "wrong-type", "each item of `run`", ""),
    (
        "checks:\n  a:\n    run:\n      - echo a: b\n",
        (4, 9),
        "wrong-type",
        "each item of `run` must be text, and this is a mapping",
        "Put the command in quotes",
    ),
    ("checks:\n  a: {}\n", (2, 3), "missing-run", "has neither `run` nor `uses`", "Add"),
    ("checks:\n  a: {run: x, rn: y}\n", (2, 15), "unknown-key", "`rn` is not a key of a", "`run`?"),
    ("checks:\n  a: {run: x, script: y}\n", (2, 15), "unknown-key", "`script` is not a key", ""),
    ("checks:\n  a: {run: x, branch: y}\n", (2, 15), "unknown-key", "`branch` is not a key", ""),
    (
        "checks:\n  a: {run: x, reports: y}\n",
        (2, 24),
        "wrong-type",
        "`reports` must be a mapping, and is the text `y`",
        "Its keys are `junit`, `cobertura`.",
    ),
    ("checks:\n  a: {run: x, report: y}\n", (2, 15), "unknown-key", "`report` is", "`reports`?"),
    (
        "checks:\n  a: {uses: speling}\n",
        (2, 13),
        "unknown-value",
        "`speling` is not",
        "`spelling`?",
    ),
    ("checks:\n  a: {uses: run}\n", (2, 13), "unknown-value", "`run` is not a check of", ""),
    ("checks:\n  a: {uses: [spelling]}\n", (2, 13), "wrong-type", "`uses` must be text", ""),
    ("checks:\n  a: {uses: }\n", (2, 7), "empty", "`uses` is empty", ""),
    ("checks:\n  a: {run: x, uses: spelling}\n", (2, 7), "conflict", "`uses` and `run`", "Delete"),
    (
        "checks:\n  a: {uses: spelling, annotate: flake8}\n",
        (2, 23),
        "conflict",
        "`uses` and `annotate` can not stand together",
        "Delete",
    ),
    (
        "checks:\n  a: {uses: spelling, artifacts: x}\n",
        (2, 23),
        "conflict",
        "`uses` and `artifacts` can not stand together",
        "Delete",
    ),
    (
        "checks:\n  a: {run: x, annotate: flake}\n",
        (2, 25),
        "unknown-value",
        "`flake` is not a tool whose output can be read; there is `flake8`",
        "Did you mean `flake8`?",
    ),
    ("checks:\n  a: {run: x, artifacts: /etc}\n", (2, 26), "bad-path", "`/etc` does not stay", ""),
    ("checks:\n  a: {run: x, artifacts: [a/../b]}\n", (2, 27), "bad-path", "`a/../b`", "Write"),
    ("checks:\n  a: {run: x, artifacts: ~/x}\n", (2, 26), "bad-path", "`~/x` does not", "Write"),
    (
        "deployments:\n  s: {run: x}\n",
        (2, 3),
        "missing-branch",
        "the deployment `s` has no `branch`",
        "Add `branch: main`.",
    ),
    ("deployments:\n  s: {branch: m}\n", (2, 3), "missing-run", "`s` has no `run`", "Add `run:"),
    ("deployments:\n  s: deploy.sh\n", (2, 6), "wrong-type", "`s` must map keys to values", ""),
    ("deployments:\n  s:\n", (2, 3), "missing-run", "`s` has no `run`", "Add `run: "),
    ("deployments:\n  s: {branch: [], run: x}\n", (2, 7), "empty", "`branch` is an empty", ""),
    (
        "deployments:\n  s: {branch: m, run: x, needs: a}\n",
        (2, 33),
        "unknown-need",
        "`s` needs `a`, which is not in this file",
        "",
    ),
    ("a: 'x\n", (1, 4), "syntax", "this quote is never closed", ""),
    ("checks:\n  a: &x {run: x}\n  b: *y\n", (3, 6), "alias", "no anchor `&y`", ""),
]


@pytest.mark.parametrize(("text", "place", "code", "message", "suggestion"), MISTAKES)
def test_one_mistake(
    text: str, place: tuple[int, int], code: str, message: str, suggestion: str
) -> None:
    found = mistakes(text)[0]
    assert (found.line, found.column, found.code) == (*place, code)
    assert message in found.message
    assert suggestion in found.suggestion
    assert found.severity == "error"


@pytest.mark.parametrize(
    "branch",
    ["/v.*", "a b", "-x", "a..b", "x.lock", "a//b", "x/", ".x", "@", "a^", "rel~*", "!a b"],
)
def test_what_can_be_no_branch(branch: str) -> None:
    found = mistake(f"deployments:\n  s: {{branch: '{branch}', run: x}}\n")
    assert (found.line, found.column, found.code) == (2, 15, "bad-branch")
    assert "a glob such as `release/*`, or `/regex/` between two slashes" in found.suggestion


def test_all_mistakes_of_a_file_in_its_order() -> None:
    text = """\
checks:
  lint: {run: flake8, annotate: flak8}
  spelling: {uses: speling}
  tests:
    needs: [lnt, spelling]
    machine: big
    run:
      - cd app
      - echo a: b
deployments:
  tests: {run: x}
  staging: {branch: main, run: x, smokes: y}
"""
    found = [(problem.line, problem.column, problem.code) for problem in mistakes(text)]
    assert found == [
        (2, 33, "unknown-value"),
        (3, 20, "unknown-value"),
        (5, 13, "unknown-need"),
        (6, 5, "unknown-key"),
        (9, 9, "wrong-type"),
        (11, 3, "missing-branch"),
        (11, 3, "duplicate-name"),
        (12, 35, "unknown-key"),
    ]


def test_a_hostile_file_of_many_jobs_gives_a_short_answer_soon() -> None:
    text = "checks:\n" + "".join(f"  a{n}: {{rn: x, needs: [a{n + 1}, b]}}\n" for n in range(1500))
    started = time.process_time()
    found = mistakes(text)
    assert time.process_time() - started < 5
    assert len(found) == 101
    assert found[-1].code == "more"


@pytest.mark.parametrize(
    "text",
    [
        "dependencies: [{}]\nchecks:\n{}".format(
            ", ".join(["pip install x"] * 8000),
            "".join(f"  a{number}: x\n" for number in range(3000)),
        ),
        "machine:\n  environment:\n{}checks:\n{}".format(
            "".join(f"    V{number}: x\n" for number in range(4000)),
            "".join(f"  a{number}: {{run: x, secrets: V1}}\n" for number in range(1500)),
        ),
        "checks:\n"
        + "".join(
            f"  a{number}: {{run: x, group: g, needs: [{', '.join(['b'] * 5)}]}}\n"
            for number in range(1400)
        )
        + "  b: {run: x, needs: a1}\n",
        "checks:\n"
        + "".join(
            f"  a{number}: {{run: x, group: g, needs: [{', '.join(['b'] * 350)}]}}\n"
            for number in range(45)
        )
        + "  b: {run: x, needs: a1}\n",
    ],
    ids=["dependencies", "variables", "groups", "needs"],
)
def test_a_hostile_file_of_products_gives_a_short_answer_soon(text: str) -> None:
    started = time.process_time()
    assert len(mistakes(text)) <= 101
    assert time.process_time() - started < 3


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_change_of_one_place_is_a_config_or_mistakes(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(FULL)))
    end = data.draw(st.integers(start, min(start + 4, len(FULL))))
    new = data.draw(st.sampled_from(["", "[", "{", "x", ": ", "- ", "'", "\n", "\t", "*x", "&x "]))
    text = FULL[:start] + new + FULL[end:]
    try:
        config = parse(text)
    except ConfigError as error:
        assert error.problems
        assert all(problem.line <= text.count("\n") + 2 for problem in error.problems)
    else:
        assert config.jobs


CORPUS = [case.data.decode() for case in cases() if case.format == "native"]
PIECES = ["", "[", "{", "x", ": ", "- ", "'", "\n", "\t", "*x", "&x ", "[]", "{}", "~", "[[]]", "!"]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_change_of_a_real_file_is_a_config_or_mistakes(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(CORPUS))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(start + 20, len(text))))
        text = text[:start] + data.draw(st.sampled_from(PIECES)) + text[end:]
    try:
        config = parse(text)
    except ConfigError as error:
        assert any(problem.severity == "error" for problem in error.problems)
    else:
        assert config.jobs
        assert all(problem.severity == "warning" for problem in config.warnings)
