"""Whatever stands in a circle.yml: a configuration or its mistakes, soon, and nothing else."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from dishwasher.core.selection import select
from dishwasher.errors import ConfigError
from dishwasher.formats import circle
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.samples import push

PATH = "circle.yml"
CORPUS = Path(__file__).parents[1] / "corpus" / "circle"


NAMES = """
    machine checkout dependencies database compile test deployment general pre override post
    commands branch tag owner heroku appname timeout pwd environment parallel files background
    python version services hosts timezone branches only ignore build_dir artifacts notify
    cache_directories true 3.10 /x(/ {a,b} psql $HOME/bin
"""
WORDS = st.sampled_from(sorted(set(NAMES.split())))
TREES = st.recursive(
    st.one_of(WORDS, st.just(""), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(WORDS, st.text(max_size=4)), inner)
    ),
    max_leaves=30,
)


def flow(value: object) -> str:
    """As YAML in flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return "'" + str(value).replace("'", "''") + "'"


@given(TREES)
@settings(max_examples=200, deadline=None)
def test_no_tree_makes_anything_but_a_config_error(value: object) -> None:
    try:
        config = circle.parse(PATH, flow(value).encode())
    except ConfigError as error:
        assert error.problems
    else:
        assert config.jobs[0].phases[-1].name == "test"
        select(config, push(branch="master"))


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_no_bytes_make_anything_but_a_config_error(data: bytes) -> None:
    try:
        circle.parse(PATH, data)
    except ConfigError as error:
        assert error.problems


@given(st.sampled_from(sorted(CORPUS.glob("*.yml"))), st.data())
@settings(max_examples=150, deadline=None)
def test_no_broken_file_makes_anything_but_a_config_error(path: Path, data: st.DataObject) -> None:
    text = path.read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    put = data.draw(st.text(alphabet=" \n:-#{}[]'\"&*!|>?,ab", max_size=4))
    try:
        circle.parse(PATH, (text[:start] + put + text[end:]).encode())
    except ConfigError as error:
        assert error.problems


def test_a_file_of_500_lines_takes_no_more_than_50_ms() -> None:
    lines = [f'    - cd app{number} && echo "test {number}" | tee x.log' for number in range(500)]
    data = ("test:\n  override:\n" + "\n".join(lines)).encode()
    seconds = []
    for _ in range(5):
        start = time.process_time()
        circle.parse(PATH, data)
        seconds.append(time.process_time() - start)
    traced = sys.gettrace() is not None
    assert min(seconds) < (0.05 if yaml.__with_libyaml__ and not traced else 0.5)


@pytest.mark.parametrize("part", [";a=", "service ", "\n", "sudo ", "{a,", "a.", "x://", "aws "])
def test_a_hostile_command_is_read_in_a_moment(part: str) -> None:
    text = "test:\n  override:\n" + f"    - '{part * (40_000 // len(part))}'\n" * 20
    start = time.process_time()
    # More than a job may hold, perhaps; what counts is the time.
    with suppress(ConfigError):
        circle.parse(PATH, text.encode())
    assert time.process_time() - start < 5
