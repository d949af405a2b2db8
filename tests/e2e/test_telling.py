"""What people read of a pull request and of deployments, from a push to the page on GitHub."""

from __future__ import annotations

from dishwasher.core.comment import MARKER
from dishwasher.demo.github import CheckRun, Repo

from tests.e2e.world import World

JUNIT = (
    '<testsuite name="s"><testcase classname="Price" name="test_total" file="app.py" line="1">'
    '<failure message="3 != 4">Traceback</failure></testcase>'
    '<testcase classname="Price" name="test_tax"/></testsuite>'
)
CONFIG = """\
checks:
  lint: {run: "test ! -e wrong"}
  tests:
    run: mkdir -p out && cp junit.xml out/ && test ! -e wrong
    reports: {junit: junit.xml}
deployments:
  staging: {branch: master, run: "true", url: "https://$DISHWASHER_BRANCH.example.test/"}
"""


def comments(repo: Repo, number: int) -> list[str]:
    return [comment.body for comment in repo.comments(number)]


def test_what_fails_is_said_once_edited_and_taken_back(world: World) -> None:
    repo = world.repo(CONFIG, {"junit.xml": JUNIT, "app.py": "1\n"})
    sha = repo.commit({"wrong": "1"}, branch="topic")
    pull = repo.open_pull("topic")
    runs = world.concluded(sha, jobs=2)
    assert {run.conclusion for run in runs.values()} == {"failure"}
    world.github.wait_for(lambda: comments(repo, pull.number), what="a comment")
    (body,) = comments(repo, pull.number)
    assert body.startswith("**2 of 2 checks failed**: lint, tests\n")
    assert "Price\\.test\\_total**: 3 \\!\\= 4" in body or "3 \\!= 4" in body
    assert f"[Log]({world.bot.url}/jobs/{runs['tests'].external_id}#s" in body
    assert "`dishwasher run --job tests`" in body
    assert body.endswith(MARKER)
    buttons = {action.identifier for action in runs["lint"].actions}
    assert "rerun-failed" in buttons

    mended = repo.commit({"wrong": None, "junit.xml": "<testsuite/>"}, branch="topic")
    world.concluded(mended, jobs=2)
    world.github.wait_for(
        lambda: comments(repo, pull.number)[0].startswith("**All clear**"), what="an edit"
    )
    assert comments(repo, pull.number) == [
        f"**All clear** since {mended[:7]}: 2 checks passed.\n\n{MARKER}"
    ]


def test_a_green_pull_request_hears_nothing(world: World) -> None:
    repo = world.repo(CONFIG, {"junit.xml": "<testsuite/>"})
    sha = repo.commit({"fine": "1"}, branch="topic")
    pull = repo.open_pull("topic")
    world.concluded(sha, jobs=2)
    world.wait_settled(sha)
    assert comments(repo, pull.number) == []


def test_two_pushes_deploy_one_after_the_other_and_github_shows_it(world: World) -> None:
    gate = world.gate()
    config = CONFIG.replace('run: "true"', f"run: '{gate.script}'")
    repo = world.repo(config, {"junit.xml": "<testsuite/>"})
    first = repo.commit({"a": "1"})
    gate.wait()
    second = repo.commit({"a": "2"})

    def green(sha: str) -> bool:
        names = {"dishwasher / lint", "dishwasher / tests"}
        runs = [run for run in repo.check_runs(sha) if run.name in names]
        return len(runs) == 2 and all(run.conclusion == "success" for run in runs)

    world.github.wait_for(lambda: green(second), what="green checks of the second push")
    states = {sha: states_of(repo, sha) for sha in (first, second)}
    assert states[first] == ["queued", "in_progress"] or states[first] == ["in_progress"]
    assert "in_progress" not in states[second]
    gate.open(2)
    for sha in (first, second):
        runs = world.concluded(sha, jobs=3)
        assert deployed(runs) == "success"
        world.github.wait_for(lambda sha=sha: "success" in states_of(repo, sha), what="its end")
    made = repo.deployments()
    assert [one.sha for one in made] == [first, second]
    assert {(one.environment, one.production, one.transient) for one in made} == {
        ("staging", False, False)
    }
    last = repo.statuses(made[1].id)[-1]
    assert last.environment_url == "https://master.example.test/"
    assert last.log_url.startswith(f"{world.bot.url}/jobs/")


def states_of(repo: Repo, sha: str) -> list[str]:
    found = [one for one in repo.deployments() if one.sha == sha]
    return [status.state for one in found for status in repo.statuses(one.id)]


def deployed(runs: dict[str, CheckRun]) -> str | None:
    return runs["staging"].conclusion
