"""Cases 7 to 11: configuration files that would hurt whoever reads or runs them."""

from __future__ import annotations

import pytest
from dishwasher.core.config import JOBS
from dishwasher.demo.github import CheckRun

from tests.e2e.world import World
from tests.formats.test_hostile import PLAIN, bomb

PATHS = {"native": ".dishwasher.yml", "circle": "circle.yml", "buildspec": "buildspec.yml"}
HUNDRED = list(range(100))
HARMLESS = 'checks: {tests: "true"}\n'

each_format = pytest.mark.parametrize("format", PATHS)


def refused(world: World, content: str | bytes, format: str = "native") -> CheckRun:
    """The one check of a commit with this configuration; the next case proves the planner alive."""
    repo = world.repo(content, path=PATHS[format])
    checks = world.build(repo)
    assert set(checks) == {"config"}
    run = checks["config"]
    assert run.conclusion == "failure"
    assert {note.path for note in run.output.annotations} == {PATHS[format]}
    assert len(run.output.summary or "") < 20_000
    return run


@each_format
def test_case_07_an_alias_bomb_ends_at_its_line(world: World, format: str) -> None:
    run = refused(world, bomb() + PLAIN[format].format("true"), format)
    (note,) = run.output.annotations
    assert note.start_line == 5
    assert "more than 20,000 values" in note.message


@each_format
def test_case_08_a_value_arrives_as_it_was_typed(world: World, format: str) -> None:
    values = {"A": "3.10", "B": "1:30", "C": "on", "D": "0777", "E": "1e3", "F": "2.70"}
    written = "{" + ", ".join(f"{name}: {value}" for name, value in values.items()) + "}"
    typed = "-".join(values.values())
    command = "test $A-$B-$C-$D-$E-$F = " + typed
    text = {
        "native": f"machine: {{environment: {written}}}\nchecks: {{build: {command}}}\n",
        "circle": f"machine: {{environment: {written}}}\ntest: {{override: [{command}]}}\n",
        "buildspec": f"version: 0.2\nenv: {{variables: {written}}}\n"
        f"phases: {{build: {{commands: [{command}]}}}}\n",
    }[format]
    checks = world.build(world.repo(text, path=PATHS[format]))
    assert {name: run.conclusion for name, run in checks.items()} == {"build": "success"}


@each_format
def test_case_08_a_doubled_key_names_both_lines(world: World, format: str) -> None:
    text = PLAIN[format].format("true")
    run = refused(world, text + text, format)
    messages = [note.message for note in run.output.annotations]
    lines = text.count("\n")
    assert any(f"is written twice, on lines 1 and {lines + 1}" in message for message in messages)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"checks: {}\n" + b"#" * 1024 * 1024, "larger than 1048576 bytes"),
        (b"checks: " + b"[" * 3000, "nested more than 40 deep"),
        (b"checks: " + b"{a: " * 3000, "nested more than 40 deep"),
        ('checks: {a: "true"}\n'.encode("utf-16"), "the file is UTF-16"),
        (b"checks: {a: tr\0ue}\n", "a NUL (U+0000)"),
        (b"checks: {a: \xff}\n", "the byte 0xff is not UTF-8"),
    ],
    ids=["megabyte", "lists", "mappings", "UTF-16", "NUL", "Latin-1"],
)
def test_case_09_a_file_that_is_none_is_refused_with_a_word(
    world: World, content: bytes, said: str
) -> None:
    (note,) = refused(world, content).output.annotations
    assert said in note.message
    assert note.start_line == 1


@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbf" + HARMLESS.encode(), HARMLESS.replace("\n", "\r\n").encode()],
    ids=["byte order mark", "CRLF"],
)
def test_case_09_an_editors_habits_are_no_mistake(world: World, content: bytes) -> None:
    checks = world.build(world.repo(content))
    assert {name: run.conclusion for name, run in checks.items()} == {"tests": "success"}


def test_case_10_the_configuration_of_a_fork_is_shown_and_not_used(world: World) -> None:
    """What runs, and with what, is the base branch's; this machine has no jail to run it in."""
    repo = world.repo('checks:\n  lint: "true"\n  tests: "true"\n')
    fork = repo.fork("stranger")
    hostile = (
        "checks: {tests: {run: env, timeout: 24h}}\ndeployments: {live: {branch: t, run: env}}\n"
    )
    sha = fork.commit({".dishwasher.yml": hostile}, branch="t")
    repo.open_pull("t", fork=fork)
    checks = world.concluded(sha, jobs=2)
    # The fork has taken `lint` away and added a deployment.
    assert set(checks) == {"lint", "tests"}
    assert {run.conclusion for run in checks.values()} == {"action_required"}
    said = (checks["lint"].output.summary or "").replace("\\", "")
    assert "This pull request changes .dishwasher.yml; it takes effect when it is" in said
    assert "It would add live and remove lint." in said


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("checks: {a: {run: x, needs: b}, b: {run: x, needs: a}}\n", "wait for each other"),
        (
            f"checks: {{a: {{run: x, matrix: {{n: {HUNDRED}, m: {HUNDRED}}}}}}}\n",
            str(JOBS),
        ),
        ("checks: {a: {run: x, matrx: {}}}\n", "is not a key of a check"),
        ('checks: {"a\\nb": x}\n', "holds an invisible character"),
        (f"checks: {{{'x' * 1000}: y}}\n", "has 1000 characters"),
        ("checks: {tests: x, t\u0435sts: y}\n", "looks like"),
    ],
    ids=["cycle", "matrix", "key", "newline", "length", "look-alike"],
)
def test_case_11_is_refused_before_there_is_a_job(world: World, config: str, said: str) -> None:
    run = refused(world, config)
    assert [note.message for note in run.output.annotations if said in note.message]


def test_case_11_a_name_with_a_slash_is_a_name_everywhere(world: World) -> None:
    name = "../../unit/py3 $(id) <b>"
    checks = world.build(world.repo(f"checks: {{'{name}': 'echo done'}}\n"))
    assert {name: run.conclusion for name, run in checks.items()} == {name: "success"}
    page = world.bot.get(checks[name].details_url.removeprefix(world.bot.url))
    assert b"<b>" not in page and b"&lt;b&gt;" in page
