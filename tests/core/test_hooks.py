"""Every event that GitHub can send has a meaning or a reason, also where an example lacks it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from dishwasher.core import payload
from dishwasher.core.access import Change, Named, Right
from dishwasher.core.event import NO_COMMIT, Event, EventKind, Ignored
from dishwasher.core.hooks.asked import ASKS
from dishwasher.core.hooks.fields import MAX_TEXT
from dishwasher.core.hooks.places import MOST_NAMED
from dishwasher.errors import UserError

from tests.core.examples import MISSING, events, every, example

GUID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
SHA = "d" * 40
PULL = {"url": "https://api.github.com/repos/Codertocat/Hello-World/pulls/2"}


def meaning(name: str, kind: str = "", **changes: object) -> payload.Meaning:
    return payload.read(name, GUID, example(name, kind, **changes))


def event(name: str, kind: str = "", **changes: object) -> Event:
    found = meaning(name, kind, **changes)
    assert isinstance(found, Event), found
    return found


def change(name: str, kind: str, **changes: object) -> Change:
    found = meaning(name, kind, **changes)
    assert isinstance(found, Change), found
    return found


def reason(name: str, kind: str = "", **changes: object) -> str:
    found = meaning(name, kind, **changes)
    assert isinstance(found, Ignored), found
    return found.reason


def test_each_of_github_s_own_examples_means_something_or_says_why_not() -> None:
    kinds: Counter[str] = Counter()
    for name, data in every():
        found = payload.read(name, GUID, data)
        if isinstance(found, Ignored):
            assert found.reason and "\n" not in found.reason
        kinds[type(found).__name__] += 1
    assert (sum(kinds.values()), len(events())) == (329, 58)
    assert kinds == {"Ignored": 286, "Event": 23, "Change": 20}


# Pull requests


@pytest.mark.parametrize(
    ("told", "name"),
    [("bob/site", "bob/site"), ("bob/..", ""), ("$(id)/x", ""), ("bob", ""), (None, "")],
)
def test_a_pull_request_tells_where_its_head_lies(told: object, name: str) -> None:
    asked = event("pull_request", "opened", pull_request__head__repo__full_name=told)
    assert asked.pull_request is not None and asked.pull_request.head_name == name


def test_a_pull_request_tells_which_programs_are_in_it() -> None:
    bot, person = {"id": 7, "type": "Bot"}, {"id": 8, "type": "User"}
    for sender, author, bots in (
        (person, person, ()),
        (bot, person, (7,)),
        (person, bot, (7,)),
        (bot, bot, (7,)),
        # Whose kind is not told may be one.
        (person, {"id": 9}, (9,)),
        (person, {"id": 9, "type": "bot"}, (9,)),
    ):
        asked = event(
            "pull_request", "opened", sender={"login": "x", **sender}, pull_request__user=author
        )
        assert asked.bots == bots


@pytest.mark.parametrize("action", ["opened", "synchronize", "reopened", "ready_for_review"])
def test_a_pull_request_tells_when_it_was_changed(action: str) -> None:
    request = event("pull_request", action).pull_request
    assert request is not None
    assert request.updated > 1_500_000_000


@pytest.mark.parametrize("at", [None, MISSING, "soon", -1, True, []])
def test_a_pull_request_without_a_readable_time_is_one_all_the_same(at: object) -> None:
    request = event("pull_request", "opened", pull_request__updated_at=at).pull_request
    assert request is not None and request.updated == 0.0


def test_another_base_branch_is_built_and_another_title_is_not() -> None:
    said = reason("pull_request", "opened", action="edited", changes={"title": {"from": "a"}})
    assert said == "title and text of a pull request build nothing"
    based = event("pull_request", "opened", action="edited", changes={"base": {}})
    assert (based.kind, based.action) == (EventKind.PULL_REQUEST, "edited")


@pytest.mark.parametrize("action", ["labeled", "unlabeled"])
def test_a_label_is_an_event_that_names_it(action: str) -> None:
    label = {"id": 1, "name": "Preview: 🚀"}
    put = event("pull_request", "labeled", action=action, label=label)
    assert (put.kind, put.label, put.action) == (
        EventKind.PULL_REQUEST,
        "Preview: 🚀",
        action,
    )
    assert event("pull_request", "opened", label=label).label == ""
    said = reason("pull_request", "labeled", action=action, label=MISSING)
    assert said == "no label is named"
    with pytest.raises(UserError, match="'name'"):
        event("pull_request", "labeled", label={"id": 1})


@pytest.mark.parametrize("action", ["milestoned", "assigned", "converted_to_draft", "locked"])
def test_what_changes_no_commit_builds_nothing(action: str) -> None:
    said = reason("pull_request", "opened", action=action)
    assert said == f"nothing is built for pull_request.{action}"


# Branches that go, and merge queues


def test_a_deleted_branch_is_an_event_with_its_last_commit() -> None:
    gone = event("push", ref="refs/heads/topic", before=SHA, after=NO_COMMIT, deleted=True)
    assert (gone.kind, gone.branch, gone.sha) == (EventKind.BRANCH_DELETED, "topic", SHA)
    queue = "gh-readonly-queue/main/pr-1-x"
    gone = event("push", ref=f"refs/heads/{queue}", before=SHA, after=NO_COMMIT)
    assert (gone.kind, gone.branch) == (EventKind.MERGE_GROUP_DESTROYED, queue)


def test_a_merge_group_is_its_head_on_its_branch() -> None:
    group = example("merge_group", "checks_requested")["merge_group"]
    asked = event("merge_group", "checks_requested")
    assert (asked.kind, asked.sha) == (EventKind.MERGE_GROUP, group["head_sha"])
    assert f"refs/heads/{asked.branch}" == group["head_ref"]
    assert asked.message == group["head_commit"]["message"]


def test_a_merge_group_and_the_push_of_its_branch_are_one_thing() -> None:
    asked = event("merge_group", "checks_requested")
    pushed = event("push", ref=f"refs/heads/{asked.branch}", after=asked.sha)
    assert (pushed.kind, pushed.sha, pushed.branch) == (asked.kind, asked.sha, asked.branch)


def test_a_merge_group_that_is_given_up_is_told() -> None:
    gone = event("merge_group", "checks_requested", action="destroyed", reason="dequeued")
    assert gone.kind is EventKind.MERGE_GROUP_DESTROYED
    said = reason("merge_group", "checks_requested", action="destroyed", reason="merged")
    assert said == "the merge queue has merged it, and its checks stand"
    said = reason("merge_group", "checks_requested", action="new")
    assert said == "nothing is built for merge_group.new"


def test_a_merge_group_needs_no_commit_message() -> None:
    assert event("merge_group", "checks_requested", merge_group__head_commit=None).message == ""


# Clicks


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [("rerun-failed", EventKind.RERUN_FAILED), ("cancel", EventKind.CANCEL)],
)
def test_a_button_of_ours_names_the_job_of_its_check_run(identifier: str, kind: EventKind) -> None:
    asked = event(
        "check_run",
        "requested_action",
        requested_action={"identifier": identifier},
        check_run__external_id="build-3",
    )
    assert (asked.kind, asked.job) == (kind, "build-3")
    assert asked.sender_id == example("check_run", "requested_action")["sender"]["id"]


def test_a_button_that_is_not_ours_does_nothing() -> None:
    assert reason("check_run", "requested_action") == "that button is not one of ours"


def test_a_button_of_a_check_run_that_is_not_ours_does_nothing() -> None:
    asked = {"requested_action": {"identifier": "cancel"}, "check_run__external_id": ""}
    assert "not one of ours" in reason("check_run", "requested_action", **asked)


def test_a_suite_is_asked_for_by_its_commit() -> None:
    asked = event("check_suite", "rerequested")
    assert asked.kind is EventKind.RERUN_ALL
    assert asked.sha == example("check_suite", "rerequested")["check_suite"]["head_sha"]
    assert reason("check_suite", "completed") == "nothing is done for check_suite.completed"


# Comments


def comment(**changes: object) -> payload.Meaning:
    said: dict[str, object] = {"comment__body": "/rerun tests\r\n\nplease", "issue__number": 5}
    said |= {"issue__pull_request": PULL} | changes
    return meaning("issue_comment", "created", **said)


def test_a_command_is_the_first_line_of_a_comment_on_a_pull_request() -> None:
    asked, data = comment(), example("issue_comment", "created")["comment"]
    assert isinstance(asked, Event) and asked.comment is not None
    assert (asked.kind, asked.sha, asked.branch) == (EventKind.COMMAND, NO_COMMIT, "")
    assert (asked.comment.line, asked.comment.number) == ("/rerun tests", 5)
    assert asked.comment.created > 1_500_000_000
    assert (asked.sender, asked.sender_id) == (data["user"]["login"], data["user"]["id"])
    assert asked.comment.id == data["id"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"action": "edited"}, "a comment that is edited is no command"),
        ({"comment__performed_via_github_app": {"id": 1}}, "programs that write for people"),
        ({"issue__pull_request": None}, "a comment on an issue and not on a pull request"),
        ({"comment__body": "please /rerun"}, "the first line of the comment is no command"),
        ({"comment__body": "\n/rerun"}, "is no command"),
        ({"comment__body": "> /rerun"}, "is no command"),
        ({"comment__body": "    /approve"}, "is no command"),
        ({"comment__body": "\t/approve"}, "is no command"),
        ({"comment__body": "\u200b/rerun"}, "is no command"),
        ({"comment__body": "\ufeff/rerun"}, "is no command"),
        ({"comment__body": "```\n/rerun\n```"}, "is no command"),
        ({"comment__body": ""}, "is no command"),
        ({"comment__body": None}, "is no command"),
        ({"comment__body": "/" + "x" * MAX_TEXT}, "is no command"),
        ({"comment__body": "/\ud800"}, "is no command"),
        ({"comment__user__type": "Bot"}, "commands are taken from people alone"),
        ({"comment__user": None}, "commands are taken from people alone"),
    ],
)
def test_other_comments_are_none(changes: dict[str, object], why: str) -> None:
    found = comment(**changes)
    assert isinstance(found, Ignored) and why in found.reason


# Builds that are asked for


def test_a_dispatch_builds_a_branch_with_its_inputs() -> None:
    asked = event(
        "repository_dispatch",
        action=ASKS,
        client_payload={"branch": "next", "COLOUR": "red", "N": 3, "DRY": True, "LIST": [1]},
    )
    assert (asked.kind, asked.branch, asked.sha) == (EventKind.MANUAL, "next", NO_COMMIT)
    assert asked.inputs == (("COLOUR", "red"), ("DRY", "true"), ("LIST", ""), ("N", "3"))


@pytest.mark.parametrize("given", [None, [], {}, {"branch": 5}, {"branch": "x" * 2000}])
def test_a_dispatch_without_a_branch_is_of_the_default_one(given: object) -> None:
    asked = event("repository_dispatch", action=f"{ASKS}-nightly", client_payload=given)
    assert (asked.branch, asked.inputs) == ("", ())


def test_false_is_an_input_too() -> None:
    asked = event("repository_dispatch", action=ASKS, client_payload={"DRY": False})
    assert asked.inputs == (("DRY", "false"),)


@pytest.mark.parametrize("kind", ["on-demand-test", "dishwashers", None, 5])
def test_a_dispatch_for_others_is_none_of_ours(kind: object) -> None:
    said = "only a repository_dispatch of the event_type dishwasher is for us"
    assert reason("repository_dispatch", action=kind) == said


# Where the App may act


@pytest.mark.parametrize(
    ("action", "right"),
    [
        ("created", Right.GRANTED),
        ("unsuspend", Right.GRANTED),
        ("suspend", Right.SUSPENDED),
        ("deleted", Right.REMOVED),
    ],
)
def test_an_installation_is_granted_suspended_or_removed(action: str, right: Right) -> None:
    told = change("installation", action)
    data = example("installation", action)["installation"]
    assert (told.installation, told.right, told.repositories) == (data["id"], right, ())
    assert told.what.startswith(f"installation {data['id']} ")
    assert told.told > 1_500_000_000


def test_new_permissions_change_no_access() -> None:
    said = "nothing is done for installation.new_permissions_accepted"
    assert reason("installation", "new_permissions_accepted") == said


def test_repositories_come_and_go() -> None:
    listed = [{"id": 1}, {"id": "2"}, None, {"id": 3}]
    gone = change("installation_repositories", "removed", repositories_removed=listed)
    assert (gone.right, gone.repositories) == (Right.REMOVED, (1, 3))
    assert gone.what == "2 repositories were removed"
    come = change("installation_repositories", "added", repositories_added=listed[:1])
    assert (come.right, come.what) == (Right.GRANTED, "1 repository was added")


@pytest.mark.parametrize("listed", [None, [], {}, [{}]])
def test_an_event_that_names_no_repository_changes_nothing(listed: object) -> None:
    said = reason("installation_repositories", "added", repositories_added=listed)
    assert said == "no repository is named"


def test_a_row_holds_only_so_many_repositories() -> None:
    listed: list[Any] = [{"id": id} for id in range(1, MOST_NAMED + 9)]
    come = change("installation_repositories", "added", repositories_added=listed)
    assert len(come.repositories) == MOST_NAMED


def test_an_unknown_action_on_repositories_does_nothing() -> None:
    said = reason("installation_repositories", "added", action="moved")
    assert said == "nothing is done for installation_repositories.moved"


@pytest.mark.parametrize("action", ["renamed", "transferred"])
def test_a_repository_has_another_name_now(action: str) -> None:
    told = change("repository", action)
    assert told.right is Right.GRANTED and told.present is not None
    assert told.repositories == (told.present.id,)
    assert told.what == f"{told.present.full_name} was {action}"


@pytest.mark.parametrize(
    ("action", "right"),
    [("deleted", Right.DELETED), ("archived", Right.ARCHIVED), ("unarchived", Right.GRANTED)],
)
def test_what_became_of_a_repository_itself(action: str, right: Right) -> None:
    told = change("repository", "renamed", action=action)
    assert told.present is not None
    assert (told.right, told.repositories) == (right, (told.present.id,))
    said = "nothing is done for repository.created"
    assert reason("repository", "renamed", action="created") == said


def test_an_installation_names_what_it_reaches() -> None:
    told = change("installation", "created")
    assert told.named == (Named(186853002, "Codertocat/Hello-World", private=False),)
    assert change("installation", "deleted").named == ()
    come = change("installation_repositories", "added", repositories_added=[{"id": 1}, {"id": 0}])
    # A name that is none of GitHub's is left out, and whether others may read it is not assumed.
    assert come.named == (Named(1, "", private=True),)


@pytest.mark.parametrize(
    ("name", "kind", "changes"),
    [
        ("merge_group", "checks_requested", {"merge_group": None}),
        ("merge_group", "checks_requested", {"merge_group__head_sha": "main"}),
        ("check_suite", "rerequested", {"check_suite__head_sha": None}),
        ("check_run", "requested_action", {"requested_action": None}),
        ("issue_comment", "created", {"issue": None}),
        ("installation", "created", {"installation": {}}),
        ("repository", "renamed", {"repository__name": ".."}),
    ],
)
def test_what_is_needed_and_malformed_is_the_senders_fault(
    name: str, kind: str, changes: dict[str, object]
) -> None:
    with pytest.raises(UserError, match="payload"):
        meaning(name, kind, **changes)
