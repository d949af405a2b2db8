"""`when` of the native format: what becomes a filter, and what could never come true."""

from __future__ import annotations

import time

import pytest
from dishwasher.core.event import Happening
from dishwasher.core.pattern import Filter, Pattern, Syntax
from dishwasher.core.when import When

from tests.formats.native_files import check, job, mistake, mistakes, parse

EXACT, GLOB, REGEX = Syntax.EXACT, Syntax.GLOB, Syntax.REGEX
ANY_TAG = Pattern("**", GLOB)


@pytest.mark.parametrize(
    ("written", "pattern"),
    [
        ("main", Pattern("main")),
        ("feature/x-1.0", Pattern("feature/x-1.0")),
        ("release/*", Pattern("release/*", GLOB)),
        ("v?", Pattern("v?", GLOB)),
        ("'[ab]'", Pattern("[ab]", GLOB)),
        ("/v.*/", Pattern("v.*", REGEX)),
        (r"'/(?!main$).*/'", Pattern("(?!main$).*", REGEX)),
    ],
)
@pytest.mark.parametrize("key", ["branch", "tag"])
def test_a_name_a_glob_or_a_regex_between_slashes(key: str, written: str, pattern: Pattern) -> None:
    when = check(f"when: {{{key}: {written}}}").when
    assert (when.branches if key == "branch" else when.tags) == Filter((pattern,))


def test_an_exclamation_mark_keeps_out() -> None:
    when = check('when: {branch: [main, "!/old-.*/", "!release/*", main]}').when
    assert when.branches == Filter(
        (Pattern("main"),), (Pattern("old-.*", REGEX), Pattern("release/*", GLOB))
    )


def test_only_what_is_kept_out_lets_all_others_through() -> None:
    when = check('when: {branch: "!main"}').when
    assert when.branches.admits("topic")
    assert not when.branches.admits("main")


def test_tags_that_are_kept_out_ask_for_all_others() -> None:
    assert check('when: {tag: "!*-rc*"}').when.tags == Filter((ANY_TAG,), (Pattern("*-rc*", GLOB),))


def test_the_event_tag_asks_for_every_tag() -> None:
    when = check("when: {event: tag}").when
    assert when == When(tags=Filter((ANY_TAG,)), events=(Happening.TAG,))
    assert when.tags.admits("release/1.0")


def test_the_event_tag_leaves_named_tags_as_they_are() -> None:
    assert check("when: {event: [tag, push], tag: v1}").when.tags == Filter((Pattern("v1"),))


def test_paths_are_globs_from_the_root() -> None:
    when = check("when: {path: [docs/**, '!docs/x.md', '/.*\\.py/', .github]}").when
    assert when.paths == Filter(
        (Pattern("docs/**", GLOB), Pattern(r".*\.py", REGEX), Pattern(".github")),
        (Pattern("docs/x.md"),),
    )


def test_events_each_once() -> None:
    assert check("when: {event: [push, pull_request, push]}").when.events == (
        Happening.PUSH,
        Happening.PULL_REQUEST,
    )


def deployment(keys: str) -> When:
    return job(f"deployments: {{it: {{run: x, {keys}}}}}").when


def test_a_deployment_says_branch_and_tag_itself_or_in_its_when() -> None:
    both = When(Filter((Pattern("main"),)), Filter((Pattern("v*", GLOB),)))
    assert deployment("branch: main, tag: v*") == both
    assert deployment("when: {branch: main, tag: v*}") == both
    assert deployment("branch: main, when: {tag: v*}") == both


def test_a_deployment_may_follow_an_event_alone() -> None:
    assert deployment("when: {event: manual}").events == (Happening.MANUAL,)


def test_a_deployment_may_keep_a_branch_out() -> None:
    assert deployment('branch: "!topic"').branches == Filter((), (Pattern("topic"),))


@pytest.mark.parametrize("keys", ["", "when: {path: x}", "environment: {A: b}"])
def test_a_deployment_without_branch_tag_or_event_is_refused(keys: str) -> None:
    found = mistake(f"deployments:\n  it: {{run: x, {keys}}}")
    assert (found.line, found.column, found.code) == (2, 3, "missing-branch")
    assert "no `branch`, no `tag` and no `event`" in found.message
    assert found.suggestion == "Add `branch: main`."


def test_an_unreadable_branch_is_not_called_missing() -> None:
    found = mistake("deployments: {it: {run: x, branch: 'a b'}}")
    assert found.code == "bad-branch"
    assert mistake("deployments: {it: {run: x, when: {event: x}}}").code == "unknown-value"


@pytest.mark.parametrize("event", ["pull_request", "merge_group"])
def test_deployments_do_not_follow_pull_requests(event: str) -> None:
    found = mistake(f"deployments: {{it: {{run: x, when: {{event: [push, {event}]}}}}}}")
    assert (found.code, found.message) == (
        "conflict",
        f"deployments follow a push, not a `{event}`",
    )


@pytest.mark.parametrize("key", ["branch", "tag"])
def test_a_filter_in_two_places_is_refused(key: str) -> None:
    found = mistake(f"deployments: {{it: {{run: x, {key}: a, when: {{{key}: a}}}}}}")
    assert (found.code, found.message) == (
        "conflict",
        f"`{key}` stands in the deployment and in its `when`",
    )


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ("{event: push, tag: v1}", "`tag` is never asked for: this runs on `push` alone"),
        ("{event: tag, branch: a}", "`branch` is never asked for: this runs on `tag` alone"),
        ("{event: tag, path: a}", "`path` is never asked for: this runs on `tag` alone"),
        ("{event: [manual, tag], path: a}", "this runs on `manual`, `tag` alone"),
    ],
)
def test_a_filter_that_no_event_asks_for_is_refused(when: str, message: str) -> None:
    found = mistake(f"checks: {{it: {{run: x, when: {when}}}}}")
    assert found.code == "conflict"
    assert message in found.message


def test_a_deployment_s_own_filter_that_no_event_asks_for_is_refused() -> None:
    found = mistake("deployments: {it: {run: x, tag: v1, when: {event: push}}}")
    assert "`tag` is never asked for" in found.message


@pytest.mark.parametrize("when", ["{event: [push, tag], tag: v1}", "{event: schedule, branch: m}"])
def test_a_filter_that_some_event_asks_for_is_fine(when: str) -> None:
    assert check(f"when: {when}", "schedules: {n: 0 4 * * *}\n").when.events


def test_only_on_schedules_without_any_is_refused() -> None:
    found = mistake("checks:\n  it: {run: x, when: {event: schedule}}")
    assert (found.line, found.column, found.code) == (2, 3, "conflict")
    assert "the file has no `schedules`" in found.message


def test_let_through_and_kept_out_at_once_is_refused() -> None:
    found = mistake('checks: {it: {run: x, when: {tag: [v1, "!v1"]}}}')
    assert found.message == "`v1` is both let through and kept out"


@pytest.mark.parametrize(
    ("path", "suggestion"),
    [
        ("docs/", "Write `docs/**` for all files below it."),
        ("/docs/x", "`docs/x`"),
        ("./x", "`x`"),
        ("../x", ""),
        ("~/x", ""),
        ("/", ""),
    ],
)
def test_what_can_be_no_path_of_a_repository(path: str, suggestion: str) -> None:
    found = mistake(f"checks: {{it: {{run: x, when: {{path: '{path}'}}}}}}")
    assert found.code == "bad-path"
    assert suggestion in found.suggestion


def test_a_regex_that_can_not_be_read_is_refused() -> None:
    found = mistake("checks: {it: {run: x, when: {branch: '/(x/'}}}")
    assert found.code == "bad-regex"


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ("main", "wrong-type"),
        ("{}", "empty"),
        ("~", "empty"),
        ("{brnch: x}", "unknown-key"),
        ("{branch: []}", "empty"),
        ("{branch: ['']}", "empty"),
        ("{branch: '!'}", "empty"),
        ("{branch: {a: b}}", "wrong-type"),
        ("{event: pushed}", "unknown-value"),
        ("{event: {a: b}}", "wrong-type"),
    ],
)
def test_one_mistake_is_one_problem(when: str, code: str) -> None:
    (found,) = mistakes(f"checks: {{it: {{run: x, when: {when}}}}}")
    assert found.code == code


def test_a_plain_file_asks_for_nothing() -> None:
    assert parse("checks: {it: x}").jobs[0].when == When()


def test_a_check_of_branches_runs_for_no_tag_unless_it_says_so() -> None:
    none = Filter((), (ANY_TAG,))
    assert check("when: {branch: main}").when.tags == none
    assert check('when: {branch: "!main"}').when.tags == none
    assert check("when: {branch: main, tag: v1}").when.tags == Filter((Pattern("v1"),))
    assert check("when: {branch: main, event: [push, tag]}").when.tags == Filter((ANY_TAG,))
    assert check("when: {path: x}").when.tags == Filter()


@pytest.mark.parametrize(
    ("key", "written", "meant"),
    [
        ("branch", "refs/heads/main", "main"),
        ("branch", "origin/main", "main"),
        ("branch", "'!refs/heads/x*'", "x*"),
        ("tag", "refs/tags/v*", "v*"),
    ],
)
def test_a_name_as_git_has_it_is_a_warning(key: str, written: str, meant: str) -> None:
    (found,) = parse(f"checks: {{it: {{run: x, when: {{{key}: [{written}]}}}}}}").warnings
    assert (found.code, found.suggestion) == ("odd-name", f"Write `{meant}`.")


def test_regexes_that_take_minutes_to_read_are_a_mistake() -> None:
    heavy = [f"'/(?:{'ab|ba|' * 60}c){{999}}{number}/'" for number in range(2000)]
    jobs = (
        f"  c{job}: {{run: x, when: {{branch: [{', '.join(heavy[job * 40 : job * 40 + 40])}]}}}}\n"
        for job in range(50)
    )
    began = time.process_time()
    found = mistake("checks:\n" + "".join(jobs))
    assert (found.line, found.code) == (2, "slow-regexes")
    assert time.process_time() - began < 5
