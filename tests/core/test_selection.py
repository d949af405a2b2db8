"""What of a configuration an event asks for, and why the rest does not run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.config import Config, JobSpec, Kind, Schedule
from dishwasher.core.event import Event, EventKind, Happening
from dishwasher.core.pattern import Filter, Pattern, Syntax
from dishwasher.core.selection import asks_for_label, select
from dishwasher.core.skip import SKIP_TEXTS
from dishwasher.core.when import When
from dishwasher.errors import ConfigError

from tests.samples import deployment, pull_request, push, spec

LINT, TESTS = spec("lint"), spec("tests", needs=("lint",))
STAGING = deployment("staging", "main", "release")
CONFIG = Config(".dishwasher.yml", (LINT, TESTS, STAGING))
VERSIONS = Filter((Pattern("v*", Syntax.GLOB),))
MAIN = Filter((Pattern("main"),))


def config(*jobs: JobSpec, **values: object) -> Config:
    return Config(".dishwasher.yml", jobs, **values)  # type: ignore[arg-type]


def left_out(config: Config, event: Event, *changed: str) -> dict[str, str]:
    selection = select(config, event, changed or None)
    return {one.spec.name: one.left_out for one in selection.planned}


def tag(name: str = "v1") -> Event:
    return push(branch="", tag=name)


def test_a_deployment_needs_every_check() -> None:
    by_name = {planned.spec.name: planned for planned in select(CONFIG, push()).planned}
    assert by_name["staging"].spec.needs == ("lint", "tests")
    assert [planned.left_out for planned in by_name.values()] == ["", "", ""]
    assert by_name["tests"].spec == TESTS
    assert [spec.name for spec in select(CONFIG, push(branch="topic")).running] == ["lint", "tests"]


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (pull_request(), "Deployments follow a push, not a pull request."),
        (push(branch="topic"), "It deploys main, release, not topic."),
        (push(branch="mainline"), "It deploys main, release, not mainline."),
        (push(kind=EventKind.MERGE_GROUP), "Deployments follow a push, not a pull request."),
        (
            push(kind=EventKind.SCHEDULE, schedule="nightly"),
            "The schedule nightly does not name it.",
        ),
    ],
)
def test_a_deployment_that_does_not_fit_the_event_says_why(event: Event, why: str) -> None:
    assert left_out(CONFIG, event) == {"lint": "", "tests": "", "staging": why}


@pytest.mark.parametrize("text", [*SKIP_TEXTS, "[Skip CI]"])
@pytest.mark.parametrize("event", [push(), pull_request(), tag()])
def test_a_skip_text_anywhere_in_the_message_skips_all(event: Event, text: str) -> None:
    selection = select(CONFIG, replace(event, message=f"Fix a typo\n\n{text} please"))
    assert selection.skipped == f"The commit message says {text.lower()}."
    assert selection.running == ()
    assert not any(one.runs for one in selection.planned)


def test_who_asks_by_hand_or_by_the_clock_is_not_skipped() -> None:
    for kind in (EventKind.MANUAL, EventKind.SCHEDULE, EventKind.MERGE_GROUP):
        assert not select(CONFIG, push(kind=kind, message="[skip ci]")).skipped


def test_a_tag_is_built_when_a_job_asks_for_it() -> None:
    release = spec("release", kind=Kind.DEPLOYMENT, when=When(tags=VERSIONS))
    only_main = spec("only-main", when=When(branches=MAIN))
    asking = config(LINT, only_main, STAGING, release)
    assert select(CONFIG, tag()).skipped == "No job of this file asks for tags."
    assert select(asking, tag("1.0")).skipped == "No job of this file asks for the tag 1.0."
    planned = select(asking, tag())
    assert left_out(asking, tag()) == {
        "lint": "",
        # A tag has no branch, and what is deployed from it has to be checked.
        "only-main": "",
        "staging": "It deploys main, release, not tags.",
        "release": "",
    }
    assert planned.running[-1].needs == ("lint", "only-main")


def test_a_job_for_other_tags_says_so() -> None:
    wheels = spec("wheels", when=When(tags=VERSIONS))
    nightly = spec("nightly", when=When(tags=Filter((Pattern("nightly"),))))
    assert left_out(config(wheels, nightly), tag()) == {
        "wheels": "",
        "nightly": "It runs for the tags nightly, not for v1.",
    }
    assert left_out(config(wheels), push()) == {"wheels": "It runs for the tags v*, not branches."}


def test_a_filter_of_branches_judges_the_branch_that_is_built() -> None:
    only = config(spec("lint", when=When(branches=MAIN)))
    assert left_out(only, push()) == {"lint": ""}
    assert left_out(only, pull_request()) == {"lint": "It runs on main, not topic."}
    ignoring = config(spec("lint", when=When(branches=Filter(ignore=(Pattern("gh-pages"),)))))
    assert left_out(ignoring, push(branch="gh-pages")) == {"lint": "It ignores gh-pages."}


def test_a_filter_of_events() -> None:
    only = config(spec("lint", when=When(events=(Happening.PULL_REQUEST, Happening.TAG))))
    assert left_out(only, pull_request()) == {"lint": ""}
    assert left_out(only, push()) == {"lint": "It runs on pull_request, tag, not on push."}


def test_a_deployment_by_hand() -> None:
    by_hand = spec("production", kind=Kind.DEPLOYMENT, when=When(events=(Happening.MANUAL,)))
    assert left_out(config(by_hand), push(kind=EventKind.MANUAL)) == {"production": ""}
    assert left_out(config(by_hand), push()) == {"production": "It runs on manual, not on push."}
    assert left_out(CONFIG, push(kind=EventKind.MANUAL))["staging"] == ""


def test_one_job_is_started_by_hand_with_what_it_needs_and_hides_no_other_check() -> None:
    docs = spec("docs")
    planned = select(
        config(LINT, TESTS, docs, STAGING), push(kind=EventKind.MANUAL, job="tests")
    ).planned
    assert [(one.spec.name, one.runs, one.is_shown) for one in planned] == [
        ("lint", True, True),
        ("tests", True, True),
        ("docs", False, False),
        ("staging", False, False),
    ]
    deploying = select(CONFIG, push(kind=EventKind.MANUAL, job="staging"))
    assert [one.name for one in deploying.running] == ["lint", "tests", "staging"]
    again = select(CONFIG, push(kind=EventKind.MANUAL, job="build-0", rerun=True))
    assert len(again.running) == 3


def test_what_can_not_be_started_by_hand_says_why() -> None:
    unknown = select(CONFIG, push(kind=EventKind.MANUAL, job="deploy"))
    assert unknown.skipped == "There is no job deploy in this configuration."
    elsewhere = select(CONFIG, push(kind=EventKind.MANUAL, branch="topic", job="staging"))
    assert elsewhere.skipped == "staging was asked for. It deploys main, release, not topic."


def test_a_schedule_runs_what_it_names_or_every_check() -> None:
    nightly = Schedule("nightly", "0 3 * * *", jobs=("tests", "staging"))
    weekly = Schedule("weekly", "0 3 * * 1")
    scheduled = config(LINT, TESTS, STAGING, schedules=(nightly, weekly))

    def due(name: str) -> dict[str, str]:
        return left_out(scheduled, push(kind=EventKind.SCHEDULE, schedule=name))

    assert due("nightly") == {
        "lint": "The schedule nightly does not name it.",
        "tests": "",
        "staging": "",
    }
    assert due("weekly")["staging"] == "The schedule weekly does not name it."
    assert [name for name, why in due("weekly").items() if not why] == ["lint", "tests"]


def test_an_owner_keeps_the_deployments_of_a_copy_away() -> None:
    owned = spec("staging", kind=Kind.DEPLOYMENT, when=When(branches=MAIN, owner="Acme"))
    other = spec("other", kind=Kind.DEPLOYMENT, when=When(branches=MAIN, owner="umbrella"))
    assert left_out(config(owned, other), push()) == {
        "staging": "",
        "other": "It runs for repositories of umbrella, not of acme.",
    }


def test_a_filter_of_paths_asks_for_a_change() -> None:
    docs = config(spec("docs", when=When(paths=Filter((Pattern("docs/**", Syntax.GLOB),)))))
    assert left_out(docs, push(), "app/a.py", "docs/index.rst") == {"docs": ""}
    assert left_out(docs, push(), "app/a.py") == {"docs": "Nothing was changed in docs/**."}
    assert left_out(docs, push()) == {"docs": ""}, "nobody knows what was changed"
    assert left_out(docs, push(kind=EventKind.MANUAL), "app/a.py") == {"docs": ""}


def test_nobody_waits_for_a_check_that_is_left_out() -> None:
    lint = spec("lint", when=When(branches=Filter((Pattern("topic"),))))
    planned = select(config(lint, TESTS, STAGING), push())
    assert [(one.name, one.needs) for one in planned.running] == [
        ("tests", ()),
        ("staging", ("tests",)),
    ]


def test_a_deployment_that_waits_for_one_left_out_is_left_out() -> None:
    staging = deployment("staging", "develop")
    production = deployment("production", "main", needs=("staging",))
    cdn = deployment("cdn", "main", needs=("production",))
    assert left_out(config(staging, production, cdn), push()) == {
        "staging": "It deploys develop, not main.",
        "production": "It needs staging, which does not run.",
        "cdn": "It needs production, which does not run.",
    }


def test_only_the_first_deployment_that_matches_where_the_format_says_so() -> None:
    both = (LINT, STAGING, deployment("production"), deployment("other", "topic"))
    assert left_out(config(*both, first_deployment_only=True), push()) == {
        "lint": "",
        "staging": "",
        "production": "staging comes first, and only one deployment runs.",
        "other": "It deploys topic, not main.",
    }
    assert left_out(config(LINT, first_deployment_only=True), push()) == {"lint": ""}


def test_a_schedule_that_names_jobs_runs_no_other_even_if_it_asks_for_schedules() -> None:
    audit = spec("audit", when=When(events=(Happening.SCHEDULE,)))
    title = spec("title", when=When(events=(Happening.PULL_REQUEST,)))
    named = Schedule("named", "0 3 * * *", jobs=("lint", "title"))
    every = Schedule("every", "0 4 * * *")
    scheduled = config(LINT, audit, title, schedules=(named, every))

    def due(name: str) -> dict[str, str]:
        return left_out(scheduled, push(kind=EventKind.SCHEDULE, schedule=name))

    assert due("named") == {
        "lint": "",
        "audit": "The schedule named does not name it.",
        "title": "",
    }
    assert due("every") == {
        "lint": "",
        "audit": "",
        "title": "It runs on pull_request, not on schedule.",
    }


def test_a_check_of_branches_that_ignores_tags_runs_for_none() -> None:
    branches, tags = Filter((Pattern("main"),)), Filter((), (Pattern("**", Syntax.GLOB),))
    quick = spec("quick", when=When(branches, tags))
    release = spec("release", when=When(tags=Filter((Pattern("v1"),))))
    assert left_out(config(quick, release), push(branch="", tag="v1")) == {
        "quick": "It runs on main, not on tags.",
        "release": "",
    }
    assert left_out(config(quick), push(branch="main")) == {"quick": ""}


def test_a_branch_that_is_not_built_is_not_said_to_be_another_one() -> None:
    develop, only = Pattern("develop"), (Pattern("main"), Pattern("release"))
    within = replace(STAGING, when=When(Filter((develop,), within=only)))
    ignored = replace(STAGING, when=When(Filter((develop,), (develop,), (*only, develop))))
    event = push(branch="develop")
    assert (
        left_out(config(within), event)["staging"] == "This file builds main, release, not develop."
    )
    assert left_out(config(ignored), event)["staging"] == "It ignores develop."


SLOW = Pattern("(a|aa)+", Syntax.REGEX)


@pytest.mark.parametrize("branches", [Filter((SLOW,)), Filter(ignore=(SLOW,))])
def test_a_regex_without_an_answer_runs_a_check_and_no_deployment(branches: Filter) -> None:
    jobs = [replace(job, when=When(branches)) for job in (LINT, STAGING)]
    name = "a" * 60 + "-"
    assert left_out(config(*jobs), push(branch=name)) == {
        "lint": "",
        "staging": f"The regex /{SLOW.text}/ takes too long on {name}.",
    }
    asking = replace(STAGING, when=When(tags=branches))
    assert name in select(config(LINT, asking), tag(name)).skipped or branches.ignore


class Clock:
    """Each look at it takes a while."""

    def __init__(self, step: float) -> None:
        self.step, self.now = step, 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.mark.parametrize(
    "when",
    [
        When(Filter(tuple(Pattern(f"*-{number}*", Syntax.GLOB) for number in range(100)))),
        When(paths=Filter(tuple(Pattern(f"*-{number}*", Syntax.GLOB) for number in range(100)))),
        When(tags=Filter(tuple(Pattern(f"*-{number}*", Syntax.GLOB) for number in range(100)))),
    ],
)
def test_all_filters_of_a_file_have_one_time(when: When) -> None:
    odd = replace(LINT, when=when, line=7)
    event = tag() if when.tags else push()
    changed = ["x/y"] * 300
    select(config(TESTS, odd), event, changed, Clock(0.0001))
    with pytest.raises(ConfigError) as caught:
        select(config(TESTS, odd), event, changed, Clock(0.1))
    (problem,) = caught.value.problems
    assert (problem.line, problem.code) == (7, "slow-filters")


def test_one_filter_in_many_jobs_is_asked_once() -> None:
    paths = Filter((Pattern("docs/**", Syntax.GLOB),))
    jobs = [replace(LINT, name=f"lint{number}", when=When(paths=paths)) for number in range(50)]
    clock = Clock(0.01)
    assert set(left_out(config(*jobs), push(), "app/a.py").values()) == {
        "Nothing was changed in docs/**."
    }
    select(config(*jobs), push(), ["app/a.py"] * 300, clock)
    assert clock.now < 4


# Labels


def labelled(*labels: str) -> Event:
    event = pull_request()
    assert event.pull_request is not None
    return replace(event, pull_request=replace(event.pull_request, labels=labels))


PREVIEW = Filter((Pattern("Preview"), Pattern("demo/*", Syntax.GLOB)), (Pattern("wip"),))


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        (
            (),
            "It runs with one of the labels Preview, demo/*, which the pull request does not have.",
        ),
        (("preview",), ""),
        (("bug", "Demo/site"), ""),
        (("preview", "WIP"), "It does not run with the label WIP."),
    ],
)
def test_a_label_that_is_asked_for_or_kept_out(labels: tuple[str, ...], why: str) -> None:
    asking = config(spec("preview", when=When(labels=PREVIEW)))
    assert left_out(asking, labelled(*labels)) == {"preview": why}


def test_other_events_than_pull_requests_are_not_asked_for_labels() -> None:
    asking = config(spec("preview", when=When(labels=PREVIEW)))
    assert left_out(asking, push()) == {"preview": ""}
    alone = When(events=(Happening.PULL_REQUEST,), labels=Filter((Pattern("preview"),)))
    why = "It runs on pull_request with the label preview, not on push."
    assert left_out(config(spec("preview", when=alone)), push()) == {"preview": why}


def test_a_label_is_asked_for_also_where_nobody_can_tell() -> None:
    slow = Filter((Pattern("(a|aa)+", Syntax.REGEX),))
    asking = config(spec("a", when=When(labels=PREVIEW)), spec("b", when=When(labels=slow)))
    assert asks_for_label(asking, "PREVIEW")
    assert asks_for_label(asking, "Wip")
    assert not asks_for_label(asking, "bug")
    assert asks_for_label(asking, "a" * 60 + "-")
    assert not asks_for_label(config(LINT), "bug")
