"""What hostile jobs try, and that they get nothing; each is a test of its own."""

from __future__ import annotations

import json
import zlib
from typing import Any

from dishwasher.demo.story.teller import fetch

from tests.aws_local.attacks.captive import captured
from tests.aws_local.attacks.world import Thief, World

LOOKED = 500
"""Calls of AWS that a job tries at least."""
REFUSED = "refused"
MARK = "left by a takeover"


def test_a_job_that_answers_for_its_function_hears_no_other_job(world: World, thief: Thief) -> None:
    """It kills what would clean up, and hears and answers what its environment is asked next."""
    repository = world.repository("mallory/takeover")
    hostile = world.push(repository, f"python3 takeover.py {thief.url}", "takeover")
    thief.wait("hears")
    said = world.concluded(hostile)
    assert said.conclusion == "failure", said.output
    honest = world.concluded(world.push(repository, "echo an honest job"))
    assert honest.conclusion == "success", honest.output
    assert "an honest job" in fetch(f"{honest.details_url}/log")
    own = said.details_url.rpartition("/")[2]
    heard = [event["attempt"] for event in thief.of("heard")]
    assert heard, "the attack itself did not work"
    assert all(attempt.startswith(f"{own}.") for attempt in heard), heard
    # A code opens a ticket once, and its own had been used.
    assert all(status in (401, 403, 409, 410) for status in thief.of("claimed")), thief.told


def test_nothing_of_a_job_is_there_for_the_next(world: World, thief: Thief) -> None:
    """Files in every folder that it may write to, and a process that nobody ended."""
    repository, other = world.repository("mallory/leaver"), world.repository("alice/next")
    with_mark = world.push(repository, f"python3 takeover.py {thief.url}", "takeover")
    thief.wait("hears")
    world.concluded(with_mark)
    for next_one in (repository, other):
        thief.told.clear()
        run = f"python3 look.py {thief.url} '{{}}'"
        assert world.concluded(world.push(next_one, run, "look")).conclusion == "success"
        seen = thief.wait("seen")
        assert MARK not in json.dumps(seen["files"])
        assert "takeover.py" not in json.dumps([one["cmdline"] for one in _processes(seen)])


def test_what_a_job_finds_opens_nothing(world: World, thief: Thief) -> None:
    """It reads its own and all other processes, files and metadata, and calls all of AWS."""
    assert world.cloud.guard is not None
    repository = world.repository("mallory/looker")
    world.bot.keep("DEPLOY_TOKEN", "a secret of the team", repository)
    names = json.dumps(_names(world))
    run = f"python3 look.py {thief.url} '{names}'"
    assert world.concluded(world.push(repository, run, "look")).conclusion == "success"
    seen = thief.wait("seen")
    assert not [name for name in seen["environ"] if name.startswith("AWS_")], seen["environ"]
    _closed(seen)
    everything = json.dumps(seen)
    assert not [secret for secret in world.secrets() if json.dumps(secret)[1:-1] in everything]
    # Only its own branch's jobs get it, and it asked for none.
    assert "a secret of the team" not in everything
    assert all(REFUSED in said for said in seen["metadata"].values())
    _refused(seen["calls"])
    key = next(one for one in world.cloud.guard.keys if one.role == "RunRole")
    assert seen["first"]["AWS_ACCESS_KEY_ID"] == key.id, "the attack found no credentials"


def test_no_guess_and_no_theft_lets_a_job_speak_for_another(world: World, thief: Thief) -> None:
    """Every callback of another's attempt, with every key that a runner can come by."""
    repository, victim = world.repository("mallory/speaker"), world.repository("alice/victim")
    with captured(world.cloud) as runners:
        world.push(repository, "true")
        hostile = runners.next()
        sha = world.push(victim, "true")
        honest = runners.next()
        own, its = hostile.claim(), honest.claim()
        _, started = honest.say("started", its, {"token": ""})
        assert started == 200
        keys = [own, "", "guess", hostile.code, honest.code, hostile.attempt, its[:-1]]
        for key in keys:
            for verb, words in VERBS.items():
                said, status = honest.say(verb, key, words)
                assert status in (401, 403, 409), f"{verb} with {key!r}: {status} {said!r}"
        for code in (honest.code, hostile.code, "guess", ""):
            assert honest.say("claim", "", {"code": code})[1] in (400, 401, 403, 409)
        # Another number of the attempt is no way around it, nor is its own key there.
        later = honest.again(2)
        for verb, words in VERBS.items():
            assert later.say(verb, its, words)[1] in (401, 403, 409), verb
        assert world.scene.github.check_runs(sha)[-1].status != "completed"
        assert honest.say("result", its, {"reason": "ok", "detail": ""})[1] == 200
    said = world.concluded(sha)
    assert said.conclusion == "success", said.output
    assert "forged" not in fetch(f"{said.details_url}/log")


TESTS = (
    test_no_guess_and_no_theft_lets_a_job_speak_for_another,
    test_what_a_job_finds_opens_nothing,
    test_a_job_that_answers_for_its_function_hears_no_other_job,
    test_nothing_of_a_job_is_there_for_the_next,
)
FORGED = b"forged\n"
VERBS: dict[str, Any] = {
    "started": {"token": ""},
    "beat": {"phases": [], "done": 0},
    f"log?offset=0&crc32={zlib.crc32(FORGED):08x}": FORGED,
    "uploads": {"artifacts": [{"path": "a", "size": 1, "sha256": "0" * 64}]},
    "result": {"reason": "ok", "detail": "forged"},
}


def _names(world: World) -> dict[str, str]:
    """Resources as their owner calls them: somebody has told the job."""
    stack = world.cloud.stack
    return {
        "TableName": stack.name("Table"),
        "Bucket": stack.name("Bucket"),
        "QueueUrl": stack.queue_url("Jobs"),
        "FunctionName": stack.name("Run"),
        "Name": "/dishwasher/private-key",
        "Names": "/dishwasher/private-key",
        "Key": "attempts/x",
        "RoleName": stack.name("PlanRole"),
        "StackName": "dishwasher",
    }


def _processes(seen: dict[str, Any]) -> list[dict[str, Any]]:
    return list(seen["processes"].values())


def _closed(seen: dict[str, Any]) -> None:
    """The function's process and the runner's are shut, and neighbours are not there."""
    ours = [one for one in _processes(seen) if "awslambdaric" in one["cmdline"]]
    shut = [
        one for one in ours if not one["cmdline"].startswith("/") or "rie" not in one["cmdline"]
    ]
    assert len(shut) == 2, [one["cmdline"] for one in _processes(seen)]
    for one in shut:
        assert all(REFUSED in str(one[name]) for name in ("environ", "maps", "mem", "fd")), one
        assert REFUSED in one["ptrace"], one
    # One emulator, the function, its runner, and the job's own: no other function's.
    assert len(ours) == 3


def _refused(calls: dict[str, str]) -> None:
    given = {name: said for name, said in calls.items() if said.startswith("gave")}
    assert given.keys() <= {"sts:GetCallerIdentity"}, given
    refused = [name for name, said in calls.items() if said.startswith(REFUSED)]
    assert len(refused) > LOOKED, calls
    print(f"  {len(refused)} calls of AWS refused, of {len(calls)} tried")
