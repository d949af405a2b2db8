"""GitHub's own example payloads, and what they lack made from them by mutation."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from dishwasher.core import payload
from dishwasher.core.event import NO_COMMIT, Event, EventKind, Happening, Ignored
from dishwasher.core.hooks.code import MAX_MESSAGE
from dishwasher.core.skip import skip_text
from dishwasher.errors import UserError

EXAMPLES: dict[str, Any] = json.loads((Path(__file__).parent / "payloads.json").read_text())[
    "payloads"
]
GUID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
MISSING = object()


def example(name: str, **changes: object) -> dict[str, Any]:
    """The example with an installation; a key like `head__repo` names the way to what changes."""
    data = copy.deepcopy(EXAMPLES[name]) | {"installation": {"id": 9}}
    for way, value in changes.items():
        *folders, last = way.split("__")
        place = data
        for folder in folders:
            place = place[folder]
        if value is MISSING:
            del place[last]
        else:
            place[last] = value
    return data


def read(name: str, **changes: object) -> Event | Ignored:
    return payload.read(name.partition(":")[0], GUID, example(name, **changes))


def event(name: str, **changes: object) -> Event:
    meaning = read(name, **changes)
    assert isinstance(meaning, Event)
    return meaning


def reason(name: str, **changes: object) -> str:
    meaning = read(name, **changes)
    assert isinstance(meaning, Ignored)
    return meaning.reason


def test_a_push_is_the_commit_its_branch_now_stands_at() -> None:
    pushed = event("push", before="1" * 40)
    assert (pushed.kind, pushed.sha, pushed.branch) == (
        EventKind.PUSH,
        "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
        "master",
    )
    assert (pushed.before, pushed.forced, pushed.delivery) == ("1" * 40, False, GUID)
    assert (pushed.repository.full_name, pushed.repository.id) == (
        "Codertocat/Hello-World",
        186853002,
    )
    assert (pushed.repository.installation, pushed.repository.private) == (9, False)
    assert (pushed.repository.default_branch, pushed.sender) == ("master", "Codertocat")
    assert (pushed.pull_request, pushed.rerun, pushed.job) == (None, False, "")


def test_a_new_branch_has_no_commit_before() -> None:
    assert event("push").before == NO_COMMIT


def test_a_push_tells_its_time() -> None:
    assert event("push").pushed_at == 1557933657


@pytest.mark.parametrize("odd", [None, "2019-05-15T15:20:32Z", True, -1, 2**63])
def test_a_push_without_a_readable_time_is_a_push_all_the_same(odd: object) -> None:
    repository = {**EXAMPLES["push"]["repository"], "pushed_at": odd}
    assert event("push", repository=repository).pushed_at == 0


def test_a_forced_push_says_so() -> None:
    assert event("push", forced=True).forced


@pytest.mark.parametrize(
    "ref",
    ["-x", "--upload-pack=x", "$(id)", "a;b|c&d", "refs/heads/x", "feature/ünïcode", "🚀", "HEAD"],
)
def test_a_branch_may_have_any_name_that_git_takes(ref: str) -> None:
    assert event("push", ref=f"refs/heads/{ref}").branch == ref


def test_a_sha_256_repository_is_read() -> None:
    assert event("push", after="d" * 64, before="e" * 64).sha == "d" * 64


def test_a_new_branch_of_a_sha_256_repository_has_no_commit_before() -> None:
    assert event("push", after="d" * 64, before="0" * 64).before == NO_COMMIT


@pytest.mark.parametrize("change", [{"deleted": True}, {"after": NO_COMMIT}, {"after": "0" * 64}])
def test_a_deleted_branch_builds_nothing(change: dict[str, object]) -> None:
    assert reason("push", **change) == "the branch was deleted"


def test_what_a_merge_queue_tries_is_no_push_that_deploys() -> None:
    tried = event("push", ref="refs/heads/gh-readonly-queue/main/pr-7-" + "1" * 40)
    assert (tried.kind, tried.happening) == (EventKind.MERGE_GROUP, Happening.MERGE_GROUP)
    assert event("push", ref="refs/tags/gh-readonly-queue/x").happening is Happening.TAG


def test_a_tag_is_built_without_a_branch() -> None:
    tagged = event("push", ref="refs/tags/v1/rc")
    assert (tagged.kind, tagged.tag, tagged.branch) == (EventKind.PUSH, "v1/rc", "")
    assert (tagged.happening, tagged.sha) == (Happening.TAG, event("push").sha)


def test_an_annotated_tag_stands_for_its_commit() -> None:
    tagged = event("push", ref="refs/tags/v1", after="1" * 40)
    assert tagged.sha == EXAMPLES["push"]["head_commit"]["id"]
    assert event("push", ref="refs/tags/v1", after="1" * 40, head_commit=None).sha == "1" * 40


def test_a_deleted_tag_builds_nothing() -> None:
    assert reason("push: tag deleted") == "the tag was deleted"


@pytest.mark.parametrize("ref", ["refs/notes/commits", "refs/heads/", "refs/tags/", "HEAD", ""])
def test_what_is_neither_branch_nor_tag_builds_nothing(ref: str) -> None:
    assert reason("push", ref=ref) == "only pushes to branches and tags are built"


def test_a_push_brings_the_message_of_its_last_commit() -> None:
    assert event("push").message == "Initial commit"


@pytest.mark.parametrize("head", [None, [], {"message": None}, {"message": 5}, {}])
def test_a_push_without_a_readable_message_has_none(head: object) -> None:
    assert event("push", head_commit=head).message == ""


def test_half_a_character_does_not_keep_a_message_out_of_the_table() -> None:
    pushed = event("push", head_commit__message="half \ud83d of it")
    assert pushed.message == "half \ufffd of it"


def test_a_long_message_is_cut_and_keeps_what_asks_to_skip() -> None:
    long = "x" * MAX_MESSAGE
    assert event("push", head_commit__message=long + "y").message == long
    for asked in (long + " [CI Skip]", "y [ci skip] " + long):
        message = event("push", head_commit__message=asked).message
        assert skip_text(message) == "[ci skip]" and len(message) < MAX_MESSAGE + 50


def test_a_repository_that_does_not_say_that_it_is_public_is_private() -> None:
    assert event("push", repository__private=MISSING).repository.private


@pytest.mark.parametrize("sender", [MISSING, None, {}, {"login": 3}, "ann"])
def test_a_sender_is_not_needed(sender: object) -> None:
    pushed = event("push", sender=sender)
    assert (pushed.sender, pushed.sender_id) == ("", 0)


def test_a_sender_is_known_by_number_too() -> None:
    assert event("push").sender_id == event("pull_request: opened").sender_id == 21031067
    assert event("push", sender__id="7").sender_id == 0


@pytest.mark.parametrize("action", ["opened", "synchronize", "reopened"])
def test_a_pull_request_is_its_head(action: str) -> None:
    opened = event(f"pull_request: {action}")
    head = EXAMPLES[f"pull_request: {action}"]["pull_request"]["head"]
    base = EXAMPLES[f"pull_request: {action}"]["pull_request"]["base"]
    assert (opened.kind, opened.sha, opened.branch) == (
        EventKind.PULL_REQUEST,
        head["sha"],
        head["ref"],
    )
    request = opened.pull_request
    assert request is not None
    assert (request.number, request.base_ref, request.base_sha) == (2, base["ref"], base["sha"])
    assert request.head_repository == opened.repository.id
    assert (opened.before, opened.action) == (NO_COMMIT, action)


def test_a_fork_keeps_the_id_of_its_own_repository() -> None:
    opened = event("pull_request: opened", pull_request__head__repo__id=99)
    assert opened.pull_request is not None
    assert opened.pull_request.head_repository == 99
    assert opened.repository.id == 186853002


def test_a_deleted_fork_has_no_head_repository() -> None:
    opened = event("pull_request: synchronize", pull_request__head__repo=None)
    assert opened.pull_request is not None
    assert opened.pull_request.head_repository is None


def test_a_closed_pull_request_is_an_event_of_its_own() -> None:
    assert event("pull_request: closed").kind is EventKind.PULL_REQUEST_CLOSED


def test_other_actions_of_a_pull_request_build_nothing() -> None:
    said = reason("pull_request: labeled", action="assigned")
    assert said == "nothing is built for pull_request.assigned"


def test_a_rerun_names_the_job_that_was_clicked() -> None:
    asked = event("check_run: rerequested", check_run__external_id="build-3")
    assert (asked.kind, asked.job, asked.branch) == (EventKind.RERUN, "build-3", "")
    assert asked.sha == EXAMPLES["check_run: rerequested"]["check_run"]["head_sha"]


@pytest.mark.parametrize("id", [None, "", MISSING])
def test_a_check_run_without_our_id_is_not_ours(id: object) -> None:
    assert "not one of ours" in reason("check_run: rerequested", check_run__external_id=id)


def test_other_actions_of_a_check_run_do_nothing() -> None:
    assert reason("check_run: created") == "nothing is done for check_run.created"


def test_a_ping_and_foreign_events_are_ignored_with_a_reason() -> None:
    assert reason("ping") == "ping: the webhook works"
    assert payload.read("watch", GUID, {}) == Ignored("nothing is built for the event watch")


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("push", {"ref": MISSING}),
        ("push", {"ref": 5}),
        ("push", {"ref": "refs/heads/" + "x" * 2000}),
        ("push", {"ref": "refs/heads/\ud800"}),
        ("push", {"after": "main"}),
        ("push", {"after": "A" * 40}),
        ("push", {"before": MISSING}),
        ("push", {"before": "1" * 41}),
        ("push", {"installation": MISSING}),
        ("push", {"installation": []}),
        ("push", {"installation": {"id": "9"}}),
        ("push", {"installation": {"id": True}}),
        ("push", {"installation": {"id": 0}}),
        ("push", {"installation": {"id": 2**63}}),
        ("push", {"installation": {"id": 9.0}}),
        ("push", {"repository": None}),
        ("push", {"repository__name": ".."}),
        ("push", {"repository__name": "a/b"}),
        ("push", {"repository__name": "x\n"}),
        ("push", {"repository__owner": "acme"}),
        ("push", {"repository__owner__login": "-rf"}),
        ("push", {"repository__owner__login": "a?b"}),
        ("push", {"repository__default_branch": None}),
        ("push", {"sender": {"login": "\udfff"}}),
        ("pull_request: opened", {"action": MISSING}),
        ("pull_request: opened", {"action": "opened\nSet-Cookie: x"}),
        ("pull_request: opened", {"number": "2"}),
        ("pull_request: opened", {"pull_request": 2}),
        ("pull_request: opened", {"pull_request__head": MISSING}),
        ("pull_request: opened", {"pull_request__head__sha": "f" * 39}),
        ("pull_request: opened", {"pull_request__head__repo": "fork"}),
        ("pull_request: opened", {"pull_request__base__sha": None}),
        ("check_run: rerequested", {"check_run": []}),
        ("check_run: rerequested", {"check_run__external_id": 5}),
        (
            "check_run: rerequested",
            {"check_run__external_id": "build-0", "check_run__head_sha": "x"},
        ),
    ],
)
def test_a_malformed_payload_is_the_senders_fault(name: str, changes: dict[str, object]) -> None:
    with pytest.raises(UserError, match="payload"):
        read(name, **changes)
