"""What people and programs ask of the simulated world besides pushes and pull requests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dishwasher.core.job import Conclusion
from dishwasher.core.report import Status
from dishwasher.core.session import Person

from tests.sim.commits import Repo, Request, Run
from tests.sim.hub import Hub
from tests.sim.mail import Mail
from tests.sim.talk import READER, WRITER
from tests.sim.world import World

QUEUE = "gh-readonly-queue/master/pr"


class Clicks:
    """Each act sends what GitHub would; none of them may stop anything else."""

    def __init__(
        self, world: World, hub: Hub, mail: Mail, payload: Callable[[Repo], dict[str, Any]]
    ) -> None:
        self._world, self._hub, self._mail, self._payload = world, hub, mail, payload
        self._tries: list[str] = []
        self._said = 0

    def acts(self) -> tuple[Callable[[Repo], None], ...]:
        return (
            *(self.rerun,) * 3,
            *(self.press,) * 2,
            self.suite,
            self.dispatch,
            self.queue,
            self.give_up,
            *(self.command,) * 2,
        )

    def rerun(self, repo: Repo) -> None:
        """A check run that has ended, most often one that asks for somebody."""
        if run := self._run(repo, (Conclusion.ACTION_REQUIRED,), Status.COMPLETED):
            self._send(repo, "check_run", "rerequested", sender=self._anybody(), **_of(run, ""))

    def press(self, repo: Repo) -> None:
        """A button of a check run, whatever it is about."""
        button = self._world.random.choice((*("rerun-failed",) * 3, "cancel", "lgtm"))
        wanted = (Conclusion.FAILURE,) if button == "rerun-failed" else ("",)
        if run := self._run(repo, wanted):
            sender = self._anybody()
            self._send(repo, "check_run", "requested_action", sender=sender, **_of(run, button))

    def suite(self, repo: Repo) -> None:
        if run := self._run(repo):
            self._send(repo, "check_suite", "rerequested", check_suite={"head_sha": run.sha})

    def dispatch(self, repo: Repo) -> None:
        """Of the default branch it deploys, by nobody's push."""
        default = repo.value.default_branch
        given = {"branch": self._world.random.choice((*repo.branches, default, "nowhere"))}
        self._send(repo, "repository_dispatch", "dishwasher", client_payload=given)

    def queue(self, repo: Repo) -> None:
        """The default branch as it is, tried once more."""
        branch = f"{QUEUE}-{len(self._tries)}"
        self._tries.append(branch)
        self._send(repo, "merge_group", "checks_requested", **_try(repo, branch))
        if self._world.random.random() < 0.3:
            # Somebody has pushed to the default branch, say, and it begins anew.
            self._world.baton.sleep(self._world.random.uniform(0.5, 30.0))
            self.give_up(repo)

    def give_up(self, repo: Repo) -> None:
        if self._tries:
            branch = self._world.random.choice(self._tries)
            self._send(repo, "merge_group", "destroyed", **_try(repo, branch))

    def command(self, repo: Repo) -> None:
        """By one who may write, or by one who may not."""
        if not repo.requests:
            return
        choice = self._world.random.choice
        # Of strangers' ones there are few, and theirs are what can be approved.
        strange = [request for request in repo.requests if request.fork and request.is_open]
        request = choice(strange or repo.requests)
        who, approve = choice((WRITER, READER)), f"/approve {request.head}"
        lines = ("/rerun", "/cancel", approve, approve, "/approve", "/help", "/help", "/me")
        self.say(repo, request, choice(lines), who)

    def look_at(self, repo: Repo, request: Request) -> None:
        """Somebody has looked at what a stranger wrote, or its author hopes to get away with it."""
        if self._world.random.random() < 0.4:
            self.say(repo, request, f"/approve {request.head}")
        else:
            self.command(repo)

    def say(self, repo: Repo, request: Request, line: str, who: Person = WRITER) -> None:
        self._said += 1
        author = {"id": who.id, "login": who.login, "type": "User"}
        now = int(self._world.now)
        said = {"id": self._said, "body": line, "user": author, "created_at": now}
        issue = {"number": request.number, "pull_request": {}}
        self._send(repo, "issue_comment", "created", comment=said, issue=issue)

    def _anybody(self) -> dict[str, object]:
        """GitHub shows its buttons to whoever can read."""
        who = self._world.random.choice((WRITER, WRITER, WRITER, READER))
        return {"id": who.id, "login": who.login, "type": "User"}

    def _run(
        self, repo: Repo, wanted: Sequence[str] = (), status: Status | None = None
    ) -> Run | None:
        """One of this status, mostly one with such a conclusion."""
        mine = [
            run
            for run in self._hub.runs.values()
            if run.repository == repo.value.id and status in (None, run.status)
        ]
        best = [run for run in mine if run.conclusion in wanted]
        chosen = best if best and self._world.random.random() < 0.6 else mine
        return self._world.random.choice(chosen) if chosen else None

    def _send(self, repo: Repo, event: str, action: str, **more: object) -> None:
        self._mail.send(event, self._payload(repo) | {"action": action, **more})


def _of(run: Run, button: str) -> dict[str, object]:
    shown = {"id": run.id, "external_id": run.external_id, "head_sha": run.sha}
    return {"requested_action": {"identifier": button} if button else None, "check_run": shown}


def _try(repo: Repo, branch: str) -> dict[str, object]:
    tip = repo.branches[repo.value.default_branch]
    group = {"head_sha": tip, "head_ref": f"refs/heads/{branch}", "base_sha": tip}
    return {"merge_group": group}
