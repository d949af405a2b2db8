"""The pages: what they show, and that nothing a stranger wrote gets out of its box."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

import github as pygithub
import pytest
from dishwasher.demo.github import Repo, StandIn
from dishwasher.demo.github.model import Reaction
from dishwasher.demo.github.page.markdown import render
from dishwasher.demo.github.page.patch import rows
from github.Repository import Repository

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def site(bot: pygithub.Github) -> Repository:
    return bot.get_repo("acme/site")


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as response:
        text = response.read().decode()
        assert isinstance(text, str)
        return text


def note(**fields: object) -> dict[str, Any]:
    whole = {"path": "app.py", "start_line": 1, "end_line": 1, "annotation_level": "failure"}
    return whole | {"message": "wrong", **fields}


def test_a_pull_request(github: StandIn, repo: Repo, site: Repository) -> None:
    sha = repo.commit({"app.py": "x = 7\ny = 2\n"}, branch="topic", message="Seven")
    pull = repo.open_pull("topic", title=f"Seven {EVIL}", body=f"**Why** {EVIL}")
    html = read(f"{repo.html_url}/pull/{pull.number}")
    assert "No checks yet" in html and 'data-refresh="1"' in html
    site.create_check_run("docs", sha, conclusion="success")
    notes = [
        note(message=f"bad {EVIL}", title="F401"),
        note(path="docs/index.md", message="a word"),
        note(start_line=40, end_line=40, message="far away"),
    ]
    output: dict[str, Any] = {
        "title": EVIL,
        "summary": f"One `problem` {EVIL}",
        "annotations": notes,
    }
    site.create_check_run("lint", sha, conclusion="failure", output=output)
    said = repo.comment(pull.number, f"Hm {EVIL}", user="acme")
    with github.world.lock:
        github.world.reactions.put(Reaction(1, said.id, said.user_id, "eyes", 0.0))
    html = read(f"{repo.html_url}/pull/{pull.number}")
    assert html.count("<script>") == 1  # the page's own
    for text in (
        "Some checks were not successful",
        "1 failing, 1 successful checks",
        "<strong>Why</strong>",
        "<code>problem</code>",
        "bad &lt;script&gt;",
        "Unchanged files with check annotations",
        "beyond the end of the file",
        "No conflicts with base branch",
        "dishwasher / lint",
        'data-refresh="0"',
        '<span class="pill">👀</span>',
    ):
        assert text in html, text
    # The note hangs under its line.
    assert html.index("x = 7") < html.index("F401") < html.index("far away")
    repo.merge(pull.number)
    assert "merged commit" in read(f"{repo.html_url}/pull/{pull.number}")


def test_the_other_pages(github: StandIn, repo: Repo, site: Repository) -> None:
    run = site.create_check_run("lint", repo.head(), status="in_progress")
    deployment = site.create_deployment(repo.head(), required_contexts=[], environment="staging")
    deployment.create_status("success", environment_url="http://127.0.0.1:9/")
    assert "acme/site" in read(github.url + "/")
    assert "View deployment" in read(repo.html_url)
    assert "Some checks haven" in read(run.html_url)  # leads to the commit
    assert "Initial commit" in read(f"{repo.html_url}/commit/{repo.head()[:8]}")
    assert "<svg" in read(run.app.owner.avatar_url)
    for path in ("/nobody", "/acme/none", "/acme/site/pull/9", "/acme/site/commit/abcdef"):
        with pytest.raises(urllib.error.HTTPError) as missing:
            read(github.url + path)
        assert missing.value.code == 404
        missing.value.close()


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# A *b*", "<h1>A <em>b</em></h1>"),
        ("a\nb", "<p>a<br>\nb</p>"),
        ("`<b> **x**`", "<p><code>&lt;b&gt; **x**</code></p>"),
        ("step \\`a \\-m\\`", "<p>step `a -m`</p>"),
        ("~~b~~ snake_case_name", "<p><s>b</s> snake_case_name</p>"),
        ("```sh\n<x>\n", "<pre><code>&lt;x&gt;\n</code></pre>"),
        ("<!-- key -->\na", "<p>a</p>"),
        ("<img src=x onerror=alert(1)>", ""),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ('[x](http://a/"onmouseover=1)', None),
        (
            "[a `b`](https://x.org/?a=1&b=2)",
            '<p><a href="https://x.org/?a=1&amp;b=2" rel="nofollow noopener">'
            "a <code>b</code></a></p>",
        ),
        ("<details>\n\nb", "<details>\n<p>b</p>\n</details>"),
        ("</div></details>a", None),
        ("| a |\n|---|\n| `2` |", None),
    ],
)
def test_markdown(text: str, html: str | None) -> None:
    made = str(render(text))
    if html is not None:
        assert made.strip() == html
    assert "<script" not in made and "<img" not in made and '"onmouseover' not in made
    assert "<div" not in made and made.count("<details") == made.count("</details")
    assert made.count("<table") == text.count("|---|")


def test_patches() -> None:
    patch = "@@ -1,2 +1,2 @@ def x\n a\n-b\n+c\n\\ No newline at end of file"
    assert [(row.kind, row.old, row.new, row.text) for row in rows(patch)] == [
        ("hunk", None, None, "@@ -1,2 +1,2 @@ def x"),
        ("context", 1, 1, "a"),
        ("removed", 2, None, "b"),
        ("added", None, 2, "c"),
    ]
