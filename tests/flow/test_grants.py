"""From the vault to the ticket and nowhere else, by the rules of the moment of the claim."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.deploy import Environment, environment_id
from dishwasher.core.job import Job, Reason
from dishwasher.core.outputs import Secret, SecretStore
from dishwasher.core.pattern import Filter, Pattern
from dishwasher.core.secret import Rules, Slot, StoredSecret
from dishwasher.core.ticket import Claimed
from dishwasher.errors import Conflict, InfraError, Refused
from dishwasher.flow.grants import Handed
from dishwasher.flow.keep import read_result
from dishwasher.ports import Record, Topic

from tests.fakes.vault import MemoryVault
from tests.flow.house import House
from tests.samples import REPOSITORY, SHA, pull_request, push

CANARY = "canary-hunter2-hunter2"
CONFIG = b"""\
checks:
  publish:
    run: twine upload dist/*
    secrets: [TOKEN]
deployments:
  staging:
    branch: [main, topic]
    run: ./deploy.sh
"""
MAIN = Rules(branches=Filter((Pattern("main"),)))
ALLOW = "`dishwasher secrets allow TOKEN --repository acme/site"


@pytest.fixture
def house() -> House:
    return House(CONFIG)


def put(house: House, name: str = "TOKEN", environment: str = "", rules: Rules = Rules()) -> None:  # noqa: B008
    slot = Slot(REPOSITORY.id, name, environment)
    house.vault.put(StoredSecret(slot, rules, house.clock.now()), f"{CANARY}-{name}")


def publish(house: House, **event: object) -> Job:
    return house.jobs(house.planned(push(**event)))["publish"]


def refused(house: House, job: Job) -> Job:
    """The claim is refused, and so is the job."""
    with pytest.raises(Refused):
        house.claimed(job)
    after = house.job(job)
    assert after.reason is Reason.REFUSED
    return after


def test_the_ticket_carries_what_the_job_names(house: House) -> None:
    put(house)
    put(house, "OTHER")
    assert house.claimed(publish(house)).ticket.secrets == (("TOKEN", f"{CANARY}-TOKEN"),)
    (used, unused) = sorted(house.vault.list(REPOSITORY.id), key=lambda one: -one.used_at)
    assert (used.slot.name, used.used_at, unused.used_at) == ("TOKEN", house.clock.now(), 0.0)


def test_no_row_no_file_and_no_repr_holds_a_value(house: House) -> None:
    put(house)
    job = publish(house)
    claimed: Claimed = house.claimed(job)
    assert CANARY not in repr(claimed)
    house.reports(job.build)
    kinds: list[Record] = [row for kind in (Job,) for row in house.store.all(kind)]
    assert CANARY not in repr((kinds, house.build(job.build), house.delivery("delivery-1")))
    assert CANARY not in repr(house.runs())
    assert repr(Handed((("TOKEN", CANARY),))) == "Handed(TOKEN; 0 lacks)"


def test_a_value_that_was_set_after_the_planning_is_the_one_that_counts(house: House) -> None:
    put(house)
    job = publish(house)
    house.vault.put(house.vault.list(REPOSITORY.id)[0], "newer")
    assert dict(house.claimed(job).ticket.secrets) == {"TOKEN": "newer"}


def test_a_rule_that_was_set_after_the_planning_is_the_one_that_counts(house: House) -> None:
    put(house)
    job = publish(house, branch="topic")
    put(house, rules=MAIN)
    assert "It is for the branches main" in refused(house, job).detail


def test_a_job_whose_secret_is_not_stored_is_refused_with_the_way_to_store_it(
    house: House,
) -> None:
    job = publish(house)
    after = refused(house, job)
    assert after.detail == (
        "Not started. The secret TOKEN is not stored. Set it with `dishwasher secrets set TOKEN "
        "--repository acme/site`. It is asked for on line 4 of .dishwasher.yml."
    )
    result = read_result(house.blobs, after)
    assert result is not None
    (finding,) = result.findings
    assert (finding.path, finding.start_line, finding.title) == (".dishwasher.yml", 4, "secret")
    # Nobody has got a token for the repository, and the page and GitHub are told.
    assert house.forge.tokens == {}
    assert house.rung(Topic.REPORTS) == [job.build]
    house.reports(job.build)
    assert house.run("publish").shown.conclusion == "action_required"


def test_the_code_of_a_refused_job_buys_nothing_any_more(house: House) -> None:
    job = publish(house)
    refused(house, job)
    put(house)
    with pytest.raises(Refused, match="this attempt is over"):
        house.attempts.claim(f"{job.id}.1", house.fleet.started[0].code)


def test_what_needs_a_refused_job_is_not_started(house: House) -> None:
    build = house.planned(push())
    refused(house, house.jobs(build)["publish"])
    assert house.jobs(build)["staging"].reason is Reason.NEED_FAILED


def test_a_deployment_gets_its_environments_and_its_lock_is_free_when_it_is_refused(
    house: House,
) -> None:
    put(house)
    put(house, "KEY", "staging")
    build = house.planned(push(branch="topic"))
    house.ended(house.jobs(build)["publish"])
    after = refused(house, house.jobs(build)["staging"])
    assert "It is for the default branch" in after.detail
    assert "on line 6 of" in after.detail
    environment = house.store.get(Environment, environment_id(REPOSITORY.id, "staging"))
    assert environment is not None and environment.holder == "" and not environment.unknown
    put(house, "KEY", "staging", Rules(branches=Filter((Pattern("topic"),))))
    again = house.planned(push(branch="topic", delivery="again", rerun=True, job=after.id))
    house.ended(house.jobs(again)["publish"])
    ticket = house.claimed(house.jobs(again)["staging"]).ticket
    assert ticket.secrets == (("KEY", f"{CANARY}-KEY"),)


def test_a_pull_request_is_refused_until_the_secret_allows_it(house: House) -> None:
    put(house)
    job = house.jobs(house.planned(pull_request()))["publish"]
    assert f"{ALLOW} --pull-requests`" in refused(house, job).detail
    put(house, rules=Rules(pull_requests=True))
    other = house.jobs(house.planned(pull_request(delivery="again", rerun=True)))["publish"]
    assert dict(house.claimed(other).ticket.secrets)["TOKEN"].startswith(CANARY)


def test_a_build_that_is_in_doubt_gets_nothing_however_it_came_to_run(house: House) -> None:
    put(house, rules=Rules(pull_requests=True))
    job = publish(house)
    house.store.save(replace(house.build(job.build), doubt="The pull request comes from a fork."))
    detail = refused(house, job).detail
    assert "Such a commit gets no secrets." in detail
    assert CANARY not in detail


def test_a_part_of_a_secret_of_aws_is_handed_out_alone(house: House) -> None:
    job = publish(house)
    database = Secret("TOKEN", SecretStore.SECRETS_MANAGER, "db:password", 4)
    house.store.save(replace(house.job(job), spec=replace(job.spec, secrets=(database,))))
    slot = Slot(REPOSITORY.id, "db", store=SecretStore.SECRETS_MANAGER)
    house.vault.put(StoredSecret(slot, Rules(), 1.0), '{"user": "ann"}')
    other = house.jobs(house.planned(push(branch="topic", sha="b" * 40, delivery="second")))
    house.store.save(
        replace(house.job(other["publish"]), spec=replace(job.spec, secrets=(database,)))
    )
    assert "`password` is no key of it" in refused(house, job).detail
    house.vault.put(StoredSecret(slot, Rules(), 1.0), '{"user": "ann", "password": "hunter2"}')
    assert house.claimed(other["publish"]).ticket.secrets == (("TOKEN", "hunter2"),)


class Silent(MemoryVault):
    """It can not be read, this once."""

    fault: InfraError | None = InfraError("the vault does not answer")

    def read(self, *words: object) -> tuple[str, ...]:  # type: ignore[override]
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        return super().read(*words)  # type: ignore[arg-type]


@pytest.mark.parametrize("fault", [InfraError("no answer"), Conflict("has just been changed")])
def test_a_runner_may_ask_again_where_the_vault_did_not_answer(
    house: House, fault: InfraError
) -> None:
    house.vault = Silent()
    house.vault.fault = fault
    house.attempts = replace(house.attempts, vault=house.vault)
    put(house)
    job = publish(house)
    house.dispatch(job.id)
    bootstrap = house.fleet.started[0]
    with pytest.raises(InfraError, match=str(fault)):
        house.attempts.claim(bootstrap.attempt, bootstrap.code)
    ticket = house.attempts.claim(bootstrap.attempt, bootstrap.code).ticket
    assert dict(ticket.secrets) == {"TOKEN": f"{CANARY}-TOKEN"}


def test_a_job_that_is_over_meanwhile_stays_as_it_ended(house: House) -> None:
    job = publish(house)
    house.dispatch(job.id)
    started = house.job(job)
    ended = replace(started, state="concluded", reason=Reason.CANCELLED, detail="by hand")  # type: ignore[arg-type]
    house.store.interrupt(lambda: house.store.save(ended))
    with pytest.raises(Refused, match="this attempt is over"):
        house.attempts.claim(f"{job.id}.1", house.fleet.started[0].code)
    assert house.job(job).detail == "by hand"
    assert house.there.branches["main"] == SHA
