"""A stand-in for GitHub: real git repositories, REST API, webhooks, faults on demand, a page.

    with StandIn() as github:
        app = github.add_app(webhook_url="http://127.0.0.1:8080/webhook")
        repo = github.add_repo("acme/site", {"app.py": "print(1)\\n"})     # or a folder's Path
        github.install(app, "acme")
        sha = repo.commit({"app.py": "print(2)\\n"}, branch="topic")        # raises `push`
        pull = repo.open_pull("topic", title="Two")                        # raises `pull_request`
        runs = github.wait_concluded(pull.head_sha, at_least=2)
        assert [run.conclusion for run in runs] == ["success", "failure"]
        repo.merge(pull.number)
        assert github.violations == []

Where: `github.url` (git and pages), `github.api_url`, `repo.clone_url`, `repo.html_url`.
Keys: `app.id`, `app.client_id`, `app.private_key` (PEM), `app.webhook_secret`, `user.token`.

Stage       add_user add_repo repo add_app set_webhook install choose suspend uninstall sign_in
Hands       repo.commit move delete_branch tag open_pull merge close reopen comment rerun rename
            delete fork collaborate
Looking     repo.head pull check_runs comments deployments statuses; github.check_runs requests
            deliveries violations; limits.peak("installation ID")
Waiting     wait_for(predicate) wait_concluded(sha) wait_idle(): on a condition, no polling
Webhooks    hooks.hold() release("kept"|"reversed"|"shuffled") drop(event) duplicate(event);
            redeliver(delivery)
Faults      fail("502-after", "*/check-runs", "POST", times=2): see faults.Kind; faults.clear()
Clock       clock.advance(3600): tokens expire, limits reset
Limits      StandIn(per_hour=..., enforce_secondary=True)

As a process: `python -m dishwasher.demo.github --port 0 --data FOLDER` prints one line of JSON
with `url`, `api_url` and `control_url`; the same verbs are at `POST <control_url>/VERB` (see
control.py), and process.StandInProcess starts it and calls them.

Every request is checked against GitHub's OpenAPI description and against the rules that it lacks;
what GitHub would refuse is refused in its words and kept in `violations`.
"""

from dishwasher.demo.github.accounts import App, Installation, User
from dishwasher.demo.github.faults import Fault, Kind
from dishwasher.demo.github.hooks import Delivery
from dishwasher.demo.github.journal import Entry, Violation
from dishwasher.demo.github.model import (
    Annotation,
    CheckRun,
    Comment,
    Deployment,
    DeploymentStatus,
    PullRequest,
)
from dishwasher.demo.github.repo import Repo
from dishwasher.demo.github.stage import DEFAULT_EVENTS, DEFAULT_PERMISSIONS
from dishwasher.demo.github.standin import StandIn

__all__ = [
    "DEFAULT_EVENTS",
    "DEFAULT_PERMISSIONS",
    "Annotation",
    "App",
    "CheckRun",
    "Comment",
    "Delivery",
    "Deployment",
    "DeploymentStatus",
    "Entry",
    "Fault",
    "Installation",
    "Kind",
    "PullRequest",
    "Repo",
    "StandIn",
    "User",
    "Violation",
]
