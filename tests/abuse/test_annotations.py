"""Cases 39 to 41: what jobs print becomes annotations and a summary that GitHub takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from dishwasher.core.annotation import MAX_ANNOTATIONS
from dishwasher.core.markdown import MAX_OUTPUT_BYTES
from dishwasher.core.report import ANNOTATIONS_PER_REQUEST
from dishwasher.demo.github import Annotation, CheckRun, Repo
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.core.test_markdown import HOSTILE, MENTION
from tests.e2e.world import World

GITHUB = MarkdownIt("gfm-like", {"html": True})
CONFIG = 'checks: {lint: {run: "cat output; exit 1", annotate: flake8}}\n'
FINDINGS = 12_000
EMOJI = "🚿"
OURS = ("<details><summary>Steps</summary>", "</details>")
"""The HTML in a summary that is not the job's."""


def printing(world: World, output: str, *files: str, annotations: int = 0) -> tuple[Repo, CheckRun]:
    """The check of a job that prints this and fails, once it has so many annotations."""
    repo = world.repo(CONFIG, {"output": output})
    # GitHub does not show what it takes for binary, so every line may be a new one.
    run = world.concluded(repo.commit(dict.fromkeys(("app.py", *files), "\0")))["lint"]

    def annotated() -> CheckRun | None:
        (now,) = repo.check_runs(run.head_sha)
        return now if len(now.output.annotations) >= annotations else None

    last = world.github.wait_for(annotated, what=f"{annotations} annotations")
    assert last is not None
    # What comes after the report has ended would be too much.
    world.wait_settled(run.head_sha)
    return repo, last


def annotations_of(world: World, repo: Repo) -> Iterator[int]:
    """How many each request to GitHub brought, where it brought any."""
    for entry in world.github.requests(path=f"/repos/{repo.full_name}/check-runs*"):
        brought = ((entry.body or {}).get("output") or {}).get("annotations")
        if brought:
            yield len(brought)


def test_case_39_twelve_thousand_findings_are_annotated_as_far_as_github_shows_them(
    world: World,
) -> None:
    lines = [f"app.py:{line}:1: E501 line too long" for line in range(1, FINDINGS + 1)]
    lines[500] = "app.py:7:1: F401 'os' imported but unused"
    repo, run = printing(world, "\n".join(lines) + "\n", annotations=MAX_ANNOTATIONS)
    counts = list(annotations_of(world, repo))
    assert sum(counts) == len(run.output.annotations) == MAX_ANNOTATIONS
    assert max(counts) <= ANNOTATIONS_PER_REQUEST
    # The worst comes first, though it was printed later than as many as are shown.
    assert run.output.annotations[0].message == "'os' imported but unused"
    assert run.conclusion == "failure"
    summary = run.output.summary or ""
    assert f"{FINDINGS} findings, of which {MAX_ANNOTATIONS} are annotated" in summary
    # The page has what GitHub does not show.
    log = world.bot.get(f"/jobs/{run.external_id}/log")
    assert log.count(b" line too long\n") == FINDINGS - 1


def test_case_39_a_summary_of_emoji_is_cut_between_them(world: World) -> None:
    for output in (f"{EMOJI * 50_000}\n", f"{EMOJI * 1_250}\n" * 40):
        _, run = printing(world, output)
        summary = run.output.summary or ""
        assert EMOJI in summary and "\ufffd" not in summary
        assert len(summary.encode()) <= MAX_OUTPUT_BYTES
        assert f"({run.details_url}" in summary
        # The block is closed: what follows it is no code.
        assert [token.type for token in GITHUB.parse(summary)][-1] != "fence" or (
            summary.rstrip().endswith("```")
        )


OUTSIDE = [
    "/etc/passwd:1:1: E501 an absolute path",
    "../../../../etc/passwd:1:1: E501 a path that climbs out",
    "app.py/../../etc/passwd:1:1: E501 one that climbs out of a file",
    "C:\\site\\app.py:1:1: E501 a path of another system",
    "\\\\server\\app.py:1:1: E501 a share",
    "app.py\0:1:1: E501 a NUL in the path",
    "gone.py:1:1: E501 a file that is not there",
    ":1:1: E501 no path",
    "app.py:-5:1: E501 a line below zero",
    "app.py:1000000000000:1: E501 a line beyond every file",
    "app.py:1e3:1: E501 a line in another notation",
    f"{'x' * 100_000}app.py:1:1: E501 a line of 100 KB",
]
INSIDE = {
    "app.py:0:0: E902 a file that could not be read": ("app.py", 1, None),
    "./app.py:4:9999999: W291 a column beyond every line": ("app.py", 4, 9_999_999),
    "app.py:9999999:1: E501 a line beyond the file": ("app.py", 9_999_999, 1),
    "ünï cödé [1].py:2:1: E501 a path with much in it": ("ünï cödé [1].py", 2, 1),
    "-x.py:2:1: E501 a path like an option": ("-x.py", 2, 1),
    f"app.py:6:1: E501 {'x' * 100_000}": ("app.py", 6, 1),
    "app.py:5:2: E501 \x1b[31mcolour\x1b[0m and \u202eturned round": ("app.py", 5, 2),
}


def test_case_40_hostile_places_are_dropped_or_clamped_and_cost_no_other(world: World) -> None:
    usual = [f"app.py:{line}:1: E501 line too long" for line in range(100, 160)]
    mixed = [line for pair in zip(OUTSIDE, usual, strict=False) for line in pair]
    output = "\n".join([*mixed, *usual[len(OUTSIDE) :], *INSIDE]) + "\n"
    expected = {*INSIDE.values(), *(("app.py", line, 1) for line in range(100, 160))}
    _, run = printing(world, output, "ünï cödé [1].py", "-x.py", annotations=len(expected))
    found = {(note.path, note.start_line, note.start_column) for note in run.output.annotations}
    assert found == expected
    assert all(note.start_line == note.end_line for note in run.output.annotations)
    for note in run.output.annotations:
        assert is_plain(note)
    # None of them was refused: there was nothing to send again.
    assert world.github.violations == []


def is_plain(note: Annotation) -> bool:
    return not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", note.message)


def tokens(markdown: str) -> Iterator[Token]:
    for token in GITHUB.parse(markdown):
        yield token
        yield from token.children or ()


def test_case_41_hostile_text_is_inert_wherever_it_stands(world: World) -> None:
    names = ["@org", "#1", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "`id`"]
    keep = 'while read -r name; do echo x > "$DISHWASHER_ARTIFACTS/$name"; done < names'
    repo = world.repo(
        f"checks: {{'<marquee>@org #1': {{run: ['{keep}', 'cat output; exit 1']}}}}\n",
        {"names": "\n".join(names) + "\n", "output": "\n".join([*HOSTILE, "x" * 100_000]) + "\n"},
    )
    branch = 'topic"><img/src=x/onerror=alert(1)>@org/#1;$(id)'
    sha = repo.commit({"n.txt": "1"}, branch=branch, message="@org/team </title><script>")
    (run,) = world.github.wait_concluded(sha)
    assert run.conclusion == "failure"
    summary = run.output.summary or ""
    assert "```text" in summary and "onerror" in summary
    for token in tokens(summary):
        assert token.type not in ("html_inline", "image")
        if token.type == "html_block":
            assert token.content.strip() in OURS
        if token.type == "link_open":
            assert str(token.attrGet("href")).startswith(run.details_url)
        if token.type == "text":
            assert not MENTION.search(token.content)
    assert not MENTION.search(run.output.title or "")
    for path in (f"/jobs/{run.external_id}", f"/builds/{run.external_id.rpartition('-')[0]}"):
        assert_harmless(world.bot.get(path).decode())
    log = world.bot.get(f"/jobs/{run.external_id}/log").decode()
    assert all(text in log for text in HOSTILE)


class Elements(HTMLParser):
    """Every element of a page as a browser would make it: its name and attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def assert_harmless(page: str) -> None:
    """What it loads is our own, where it leads is the web, and nothing runs by an attribute."""
    elements = Elements(page).found
    assert elements
    for tag, attributes in elements:
        assert tag not in ("marquee", "iframe", "object", "embed", "base")
        assert not [name for name in attributes if name.startswith("on")]
        if tag in ("img", "script"):
            assert (attributes["src"] or "").startswith("/static/")
        if tag == "form":
            assert re.match(r"/[a-z]", attributes["action"] or "")
        if "href" in attributes:
            assert re.match(r"https?://|/|#", attributes["href"] or "")
