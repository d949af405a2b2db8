"""No file makes anything but a Config or a ConfigError, whatever stands in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dishwasher.core.config import JOBS
from dishwasher.errors import ConfigError
from dishwasher.formats.buildspec import keys, parse
from dishwasher.formats.buildspec.guard import Phase
from dishwasher.formats.repository import Repository
from dishwasher.formats.tree import Scalar, Style
from hypothesis import given
from hypothesis import strategies as st

WORDS = sorted(
    {
        key.name
        for record in (keys.FILE, keys.OLD_FILE, keys.PHASE, keys.ENV, keys.ARTIFACTS, keys.CACHE)
        for key in record.keys
    }
    | {key.name for key in (*keys.PHASE_KEYS, *keys.GRAPH_ENTRY.keys)}
    | {key.name for key in keys.KINDS}
    | {"static", "dynamic", "tests", "CODEBUILD_X", "$A", "<<", ""}
)
TEXTS = st.sampled_from(
    [
        *("0.2", "0.1", "yes", "RETRY-3-(a|b", "RETRY", "a.yml", "$A", "arn:aws:s3:::b", "**/*"),
        *("if [ $CODEBUILD_BUILD_SUCCEEDING = 1 ]; then eb deploy; fi", "fi; esac; else", "((("),
        *(
            "version: 0.2\nphases: {build: {commands: [x]}}",
            "sudo",
            "bash -c",
            "&& || ;",
            "'",
            "\\",
        ),
    ]
) | st.text(max_size=20)
VALUES: st.SearchStrategy[Any] = st.recursive(
    TEXTS | st.none() | st.booleans() | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=6), inner, max_size=6)
    ),
    max_leaves=30,
)
OTHER = Repository(
    frozenset({"a.yml"}), {"a.yml": "version: 0.2\nphases: {build: {commands: [x]}}"}.get
)


def outcome(data: bytes) -> int:
    """The number of jobs, or of problems."""
    try:
        jobs = parse("buildspec.yml", data, OTHER).jobs
    except ConfigError as error:
        assert all(problem.line > 0 and problem.column > 0 for problem in error.problems)
        return len(error.problems)
    assert len(jobs) <= JOBS
    return len(jobs)


@given(st.binary(max_size=200))
def test_any_bytes_end_in_jobs_or_in_problems(data: bytes) -> None:
    assert outcome(data) > 0


@given(st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=8))
def test_any_values_under_known_keys_end_in_jobs_or_in_problems(content: dict[str, Any]) -> None:
    assert outcome(json.dumps({"version": "0.2", **content}).encode()) > 0


@given(VALUES, VALUES, VALUES)
def test_any_batch_ends_in_jobs_or_in_problems(one: Any, env: Any, dynamic: Any) -> None:
    entry = {"identifier": "a", "buildspec": one, "env": env}
    for kind in ({"build-list": [entry, one]}, {"build-matrix": {"dynamic": dynamic}}):
        content = {"version": "0.2", "phases": {"build": {"commands": ["x"]}}, "batch": kind}
        assert outcome(json.dumps(content).encode()) > 0


@given(
    st.lists(
        st.sampled_from(
            [
                *("if", "then", "else", "elif", "fi", "case", "esac", ";", "&&", "||", "|", "\n"),
                *("(", ")", "((", "))", "'", '"', "\\", "#", "$(", "`", "bash -c", "exit 1", "!"),
                *(
                    "[ $CODEBUILD_BUILD_SUCCEEDING = 1 ]",
                    "eb deploy",
                    "set -e",
                    " ",
                    "&",
                    "2>&1",
                    "<<A",
                    "A",
                ),
            ]
        ),
        max_size=40,
    )
)
def test_any_shell_text_is_looked_through(parts: list[str]) -> None:
    text = "".join(parts)
    lines = text.count("\n") + 1
    effects = list(Phase().effects(Scalar(text, 1, 1, Style.LITERAL)))
    assert all(2 <= effect.line <= 1 + lines for effect in effects)


MANY = 20_000


@pytest.mark.parametrize(
    "text",
    [
        "if [ $CODEBUILD_BUILD_SUCCEEDING = 1 ]; then\n" * MANY + "eb deploy",
        "if a; then eb deploy\n" * MANY,
        "if a; then exit 1\n" * MANY,
        "if " * MANY * 5,
        "make -" + "-deploy" * MANY,
        "bash " + "-deploy" * MANY,
        "((" * MANY,
        "$(" * MANY,
        "'\"" * MANY,
        "&& " * MANY,
        "A=1 " * MANY,
        "npm run " * MANY,
        "pip " * MANY,
        "<<A\n" * MANY,
        "cat <<A <<B\nA\n" * MANY,
    ],
    ids=lambda text: text[:20],
)
def test_a_hostile_command_is_looked_through_at_once(text: str) -> None:
    content = {"version": "0.2", "phases": {"build": {"commands": [text]}}}
    assert outcome(json.dumps(content).encode()) > 0


@pytest.mark.parametrize(
    "text",
    ["/" * MANY * 10 + "x", "$(codebuild-hash-files" + " " * MANY * 10, "`" * MANY, "$($(" * MANY],
    ids=lambda text: text[:20],
)
def test_a_hostile_value_is_read_at_once(text: str) -> None:
    content = {
        "version": "0.2",
        "phases": {"build": {"commands": ["make"], "on-failure": "RETRY-" + text}},
        "env": {"variables": {"A": text}, "secrets-manager": {"B": text}},
        "cache": {"paths": [text], "key": text},
        "artifacts": {"files": [text], "base-directory": text, "name": text},
        "reports": {text: {"files": text}},
    }
    assert outcome(json.dumps(content).encode()) > 0
