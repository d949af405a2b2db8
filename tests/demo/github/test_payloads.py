"""Every webhook that the stand-in sends, once, so that it is held to GitHub's description."""

from __future__ import annotations

import github as pygithub
from dishwasher.demo.github import App, Installation, Repo, StandIn

from .described import RESPONSES, Described
from .receiver import Receiver


def test_each_webhook_that_is_described_is_sent_as_described(
    github: StandIn,
    app: App,
    repo: Repo,
    installation: Installation,
    receiver: Receiver,
    bot: pygithub.Github,
    described: Described,
) -> None:
    github.set_webhook(app, receiver.url, ping=True)
    sha = repo.commit({"app.py": "x = 3\n"}, branch="topic")
    repo.tag("v1")
    pull = repo.open_pull("topic", draft=True)
    repo.ready(pull.number)
    repo.label(pull.number, "preview: 🚀")
    repo.unlabel(pull.number, "Preview: 🚀")
    site = bot.get_repo("acme/site")
    run = site.create_check_run(
        "lint",
        sha,
        conclusion="failure",
        output={"title": "Failed", "summary": "It failed."},
        actions=[{"label": "Again", "description": "Once more.", "identifier": "again"}],
    )
    repo.rerun(run.id)
    repo.press(run.id, "again")
    repo.rerun_all(sha)
    repo.edit_comment(repo.comment(pull.number, "/help").id, "/cancel")
    repo.enqueue(pull.number)
    repo.dequeue(pull.number)
    repo.dispatch("dishwasher", {"SITE": "staging", "deep": {"a": [1]}})
    repo.commit({"app.py": "x = 4\n"}, branch="topic")
    repo.commit({"new.py": "1\n"}, branch="base")
    repo.retarget(pull.number, "base")
    repo.close(pull.number)
    repo.reopen(pull.number)
    repo.delete_branch("topic")
    watching = github.add_app(
        "watching", webhook_url=receiver.url, events=("deployment", "deployment_status")
    )
    watched = github.install(watching, "acme")
    deployed = site.create_deployment(sha, auto_merge=False, required_contexts=[])
    deployed.create_status("success")
    github.uninstall(watched)
    other = github.add_repo("acme/other", {"a": "1\n"})
    github.choose(installation, [repo])
    github.choose(installation, [repo, other])
    github.suspend(installation)
    github.suspend(installation, suspended=False)
    repo.rename("website")
    github.add_user("acme-two")
    github.install(app, "acme-two")
    repo.transfer("acme-two")
    repo.delete()
    github.uninstall(installation)
    github.wait_idle()
    for delivery in github.deliveries():
        described.delivery(delivery)
    assert described.problems == []
    assert described.seen >= set(RESPONSES["webhooks"])
