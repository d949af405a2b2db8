from __future__ import annotations

from dataclasses import replace

from dishwasher.core.build import build_group, build_id

from tests.samples import OTHER_SHA, SHA, build, from_fork, job, pull_request, push


def test_builds_of_one_commit_stand_together() -> None:
    one, other = build(), build(id="other", event=push(branch="topic"))
    assert one.group == other.group == build_group(7, SHA)
    assert build(event=push(sha=OTHER_SHA)).group != one.group


def test_a_build_is_over_when_all_its_jobs_are() -> None:
    two = build(job(id="build-0"), job(id="build-1"))
    assert [replace(two, settled=count).is_over for count in (0, 1, 2)] == [False, False, True]


def test_the_id_follows_from_what_is_built() -> None:
    ids = [
        build_id(secret, repository, sha, scope)
        for secret in (b"one", b"two")
        for repository in (7, 8)
        for sha in (SHA, OTHER_SHA)
        for scope in ("", "main")
    ]
    assert len(set(ids)) == 16
    assert build_id(b"one", 7, SHA, "") == ids[0]
    # 80 bits, because whoever knows it may read the build's pages.
    assert all(len(id) == 20 and int(id, 16) for id in ids)


def test_trust_has_to_be_proved_by_repository_and_branch() -> None:
    assert build().is_trusted
    assert build(event=pull_request()).is_trusted
    assert not build(event=pull_request(), doubt="Who knows.").is_trusted
    assert not build(event=push(), doubt="Who knows.").is_trusted
    # Whatever else a table row says.
    assert not build(event=from_fork(), doubt="").is_trusted
