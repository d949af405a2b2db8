"""What the pages show, gathered from the world: templates only lay it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dishwasher.demo.github.api.check_runs import latest
from dishwasher.demo.github.diff import Change, changes, compare
from dishwasher.demo.github.hooks import Delivery
from dishwasher.demo.github.model import (
    CheckRun,
    Comment,
    Deployment,
    DeploymentStatus,
    PullRequest,
    Repository,
)
from dishwasher.demo.github.objects import Commit
from dishwasher.demo.github.page.patch import Note, Row, attached, rows, snippet
from dishwasher.demo.github.world import World

__all__ = ["Check", "Checks", "CommitPage", "File", "PullPage", "commit_page", "pull_page"]

BAD = frozenset({"failure", "timed_out", "cancelled", "action_required", "stale"})


@dataclass(frozen=True, slots=True)
class Check:
    run: CheckRun
    app: str

    @property
    def state(self) -> str:
        """Its conclusion, or its status while it has none."""
        return self.run.conclusion or self.run.status

    @property
    def phrase(self) -> str:
        """As GitHub words it beside the name."""
        run = self.run
        if run.status == "queued":
            return "Queued"
        if run.status != "completed":
            return "In progress"
        took = "" if None in (run.started_at, run.completed_at) else self._took()
        words = {
            "success": "Successful in",
            "failure": "Failing after",
            "timed_out": "Timed out after",
            "cancelled": "Cancelled after",
        }
        word = words.get(run.conclusion or "")
        named = (run.conclusion or "").replace("_", " ").capitalize()
        return f"{word} {took}" if word and took else named

    def _took(self) -> str:
        seconds = int((self.run.completed_at or 0) - (self.run.started_at or 0))
        return f"{seconds}s" if seconds < 60 else f"{seconds // 60}m {seconds % 60}s"


@dataclass(frozen=True, slots=True)
class Checks:
    """The latest run of each name."""

    rows: tuple[Check, ...]

    @property
    def pending(self) -> bool:
        return any(row.run.status != "completed" for row in self.rows)

    @property
    def failing(self) -> int:
        return sum(row.run.conclusion in BAD for row in self.rows)

    @property
    def state(self) -> str:
        if not self.rows:
            return "none"
        if self.pending:
            return "in_progress"
        return "failure" if self.failing else "success"

    @property
    def headline(self) -> str:
        if not self.rows:
            return "No checks yet"
        if self.pending:
            return "Some checks haven't completed yet"
        if self.failing == len(self.rows):
            return "All checks have failed"
        return "Some checks were not successful" if self.failing else "All checks have passed"

    @property
    def counts(self) -> str:
        words = {"in_progress": "in progress", "timed_out": "timed out", "failure": "failing"}
        words |= {"success": "successful", "action_required": "action required"}
        found: dict[str, int] = {}
        for row in self.rows:
            found[row.state] = found.get(row.state, 0) + 1
        order = sorted(found, key=lambda state: (state not in BAD, state == "cancelled", state))
        parts = [f"{found[state]} {words.get(state, state)}" for state in order]
        return ", ".join(parts) + (" check" if len(self.rows) == 1 else " checks")


@dataclass(frozen=True, slots=True)
class File:
    """One file with its rows; `change` is None where only annotations bring it up."""

    path: str
    change: Change | None
    table: tuple[Row, ...]
    notes: int


REACTIONS = {
    **{"+1": "👍", "-1": "👎", "laugh": "😄", "hooray": "🎉", "confused": "😕"},
    **{"heart": "❤️", "rocket": "🚀", "eyes": "👀"},
}


@dataclass(frozen=True, slots=True)
class PullPage:
    repository: Repository
    full_name: str
    pull: PullRequest
    head_label: str
    checks: Checks
    commits: tuple[Commit, ...]
    files: tuple[File, ...]
    elsewhere: tuple[File, ...]
    timeline: tuple[Comment | Commit, ...]
    reactions: Mapping[int, tuple[str, ...]]
    """By the id of a comment, as pictures."""
    deployments: tuple[tuple[Deployment, DeploymentStatus | None], ...]
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class CommitPage:
    repository: Repository
    full_name: str
    commit: Commit
    checks: Checks
    files: tuple[File, ...]
    elsewhere: tuple[File, ...]
    deployments: tuple[tuple[Deployment, DeploymentStatus | None], ...]
    pulls: tuple[PullRequest, ...]


def _weight(run: CheckRun) -> int:
    """What failed comes first, then what is still going on."""
    if run.conclusion in BAD:
        return 1 if run.conclusion == "cancelled" else 0
    return 2 if run.status != "completed" else 3


def checks_of(world: World, repository: Repository, sha: str) -> Checks:
    found = latest(world.runs.of((repository.id, sha)))
    order = sorted(found, key=lambda run: (_weight(run), run.name))
    return Checks(tuple(Check(run, world.apps[run.app_id].name) for run in order))


def pull_page(world: World, repository: Repository, pull: PullRequest) -> PullPage:
    git = world.git[repository.id]
    compared = compare(git, pull.base_sha, pull.head_sha)
    shas = compared.commits if compared is not None else ()
    commits = tuple(one for sha in shas if (one := git.commit(sha)) is not None)
    checks = checks_of(world, repository, pull.head_sha)
    base = compared.merge_base if compared is not None else None
    files, elsewhere = files_of(world, repository, base, pull.head_sha, checks)
    comments = world.comments.of((repository.id, pull.number))
    owner = world.users[pull.head_owner_id].login
    same = pull.head_repository_id == repository.id
    shown = {pull.head_sha, *shas, pull.merge_commit_sha or ""}
    return PullPage(
        repository=repository,
        full_name=world.full_name(repository),
        pull=pull,
        head_label=pull.head_ref if same else f"{owner}:{pull.head_ref}",
        checks=checks,
        commits=commits,
        files=files,
        elsewhere=elsewhere,
        timeline=tuple(sorted((*comments, *commits), key=_at)),
        reactions={
            one.id: tuple(REACTIONS.get(row.content, row.content) for row in rows)
            for one in comments
            if (rows := world.reactions.of(one.id))
        },
        deployments=deployments_of(world, repository, shown),
        deliveries=deliveries_of(world, repository),
    )


def commit_page(world: World, repository: Repository, commit: Commit) -> CommitPage:
    checks = checks_of(world, repository, commit.sha)
    parent = commit.parents[0] if commit.parents else None
    files, elsewhere = files_of(world, repository, parent, commit.sha, checks)
    pulls = [
        pull
        for pull in world.pulls.of(repository.id)
        if commit.sha in (pull.head_sha, pull.merge_commit_sha)
    ]
    return CommitPage(
        repository=repository,
        full_name=world.full_name(repository),
        commit=commit,
        checks=checks,
        files=files,
        elsewhere=elsewhere,
        deployments=deployments_of(world, repository, {commit.sha}),
        pulls=tuple(pulls),
    )


def _at(item: Comment | Commit) -> float:
    return item.created_at if isinstance(item, Comment) else item.committer.at


def files_of(
    world: World, repository: Repository, base: str | None, head: str, checks: Checks
) -> tuple[tuple[File, ...], tuple[File, ...]]:
    """The changed files with their notes, and the unchanged ones that have notes."""
    git = world.git[repository.id]
    notes: dict[str, list[Note]] = {}
    for check in checks.rows:
        for annotation in check.run.output.annotations:
            note = Note(check.run.name, check.app, annotation)
            notes.setdefault(annotation.path, []).append(note)
    files = []
    for change in changes(git, base, head):
        mine = notes.pop(change.path, [])
        table = list(rows(change.patch)) if change.patch is not None else []
        left = attached(table, mine)
        if left:
            table += snippet(_text(world, repository, head, change.path), left)
        files.append(File(change.path, change, tuple(table), len(mine)))
    elsewhere = [
        File(path, None, tuple(snippet(_text(world, repository, head, path), mine)), len(mine))
        for path, mine in sorted(notes.items())
    ]
    return tuple(files), tuple(elsewhere)


def _text(world: World, repository: Repository, sha: str, path: str) -> str:
    found = world.git[repository.id].objects.read(f"{sha}:{path}")
    return "" if found is None else found.content.decode("utf-8", "replace")


def deployments_of(
    world: World, repository: Repository, shas: set[str]
) -> tuple[tuple[Deployment, DeploymentStatus | None], ...]:
    """Newest first, each with its last status."""
    found = [row for row in world.deployments.of(repository.id) if row.sha in shas][::-1]
    return tuple((row, _last(world.statuses.of(row.id))) for row in found)


def _last(rows: list[DeploymentStatus]) -> DeploymentStatus | None:
    return rows[-1] if rows else None


def deliveries_of(world: World, repository: Repository) -> tuple[Delivery, ...]:
    found = [row for row in world.hooks.log() if row.repository_id in (None, repository.id)]
    return tuple(found[::-1][:100])
