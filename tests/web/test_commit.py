from __future__ import annotations

from dataclasses import replace

from dishwasher.web.commit import commit

from tests.web.sample import BUILD, EVENT, SHA


def test_links_to_the_forge() -> None:
    place = commit(BUILD, "https://github.com")
    assert place.commit_url == f"https://github.com/acme/site/commit/{SHA}"
    assert place.branch_url == "https://github.com/acme/site/tree/opening-hours"
    assert place.pull_request_url == "https://github.com/acme/site/pull/12"


def test_links_are_quoted_and_the_pull_request_can_come_from_the_event() -> None:
    event = replace(EVENT, branch='a/"><x>#?')
    place = commit(replace(BUILD, event=event, pull_request=0), "https://github.com")
    assert place.branch_url == "https://github.com/acme/site/tree/a/%22%3E%3Cx%3E%23%3F"
    assert place.pull_request == 12
    event = replace(EVENT, pull_request=None)
    assert commit(replace(BUILD, event=event, pull_request=0), "x").pull_request == 0


def test_a_build_of_a_tag_leads_to_the_tag() -> None:
    tagged = replace(BUILD, event=replace(EVENT, branch="", tag="v1/rc"))
    place = commit(tagged, "https://github.com")
    assert (place.branch, place.branch_url.rpartition("/tree/")[2]) == ("v1/rc", "v1/rc")


def test_a_fork_s_branch_is_shown_as_its_pull_request() -> None:
    assert EVENT.pull_request is not None
    request = replace(EVENT.pull_request, head_repository=99)
    event = replace(EVENT, branch="master", pull_request=request)
    place = commit(replace(BUILD, event=event), "https://github.com")
    assert (place.branch, place.branch_url) == ("pull/12", "https://github.com/acme/site/pull/12")
