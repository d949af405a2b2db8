"""What a table of DynamoDB adds to a store: lost answers, lagging indexes, its limits, its time."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from dishwasher.core.build import Build, build_group
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.job import Job, State
from dishwasher.core.report import Report
from dishwasher.core.retention import DAY
from dishwasher.errors import Ambiguous, Conflict, InfraError, Rejected

from tests.aws.emulator import REGION, Emulator
from tests.aws.lossy import Answer, Asked, Line, first, line, lost
from tests.contract.test_store import EVENT, JOB
from tests.fakes.clock import NOON, FakeClock

if TYPE_CHECKING:
    from dishwasher.aws.store import DynamoStore

pytestmark = pytest.mark.slow

DELIVERY = Delivery("guid", "push", NOON, EVENT)


class House:
    """A table, with a line to it that does what the test says."""

    def __init__(self, emulator: Emulator, line: Line) -> None:
        from dishwasher.aws.clients import Clients
        from dishwasher.aws.lasting import Lasting
        from dishwasher.aws.pauses import Pauses
        from dishwasher.aws.store import DynamoStore

        self.emulator, self.line, self.table = emulator, line, emulator.table()
        self.pauses: list[float] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self._before: dict[tuple[str, str], dict[str, Any]] = {}
        self.clock = FakeClock()
        self.store: DynamoStore = DynamoStore(
            *(Clients(REGION, line.url), self.table, self.clock, Lasting(days=30)),
            Pauses(self._sleep, lambda: 0.5),
        )

    def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.meanwhile()

    def rows(self) -> list[dict[str, Any]]:
        return self.emulator.clients.dynamodb.scan(TableName=self.table)["Items"]

    def row(self, pk: str, sk: str = "") -> dict[str, Any]:
        (found,) = (
            item
            for item in self.rows()
            if item["pk"]["S"] == pk and (not sk or item["sk"]["S"] == sk)
        )
        return found

    def remember(self) -> None:
        """The rows as they are, for `put_back`."""
        self._before = {(item["pk"]["S"], item["sk"]["S"]): item for item in self.rows()}

    def put_back(self, *places: tuple[str, str]) -> None:
        for pk, sk in places:
            if (pk, sk) in self._before:
                self.put(self._before[pk, sk])
            else:
                self.emulator.clients.dynamodb.delete_item(
                    TableName=self.table, Key={"pk": {"S": pk}, "sk": {"S": sk}}
                )

    def put(self, item: dict[str, Any]) -> None:
        self.emulator.clients.dynamodb.put_item(TableName=self.table, Item=item)


@pytest.fixture
def house(emulator: Emulator) -> Iterator[House]:
    with line(emulator.url) as found:
        yield House(emulator, found)


# Answers that are lost


@pytest.mark.parametrize("version", [0, 1])
def test_a_write_that_is_sent_again_is_no_conflict_with_itself(house: House, version: int) -> None:
    for before in range(version):
        house.store.save(replace(DELIVERY, version=before))
    house.line.calls.clear()
    house.line.reply = first(1, "PutItem", lost)
    house.store.save(replace(DELIVERY, version=version, reason="mine"))
    assert house.line.calls == ["PutItem", "PutItem"]
    assert house.store.get(Delivery, "guid") == replace(
        DELIVERY, version=version + 1, reason="mine"
    )


def test_a_transaction_that_is_sent_again_is_no_conflict_with_itself(house: House) -> None:
    house.line.reply = first(1, "TransactWriteItems", lost)
    house.store.save(DELIVERY, JOB)
    assert house.line.calls == ["TransactWriteItems"] * 2
    assert house.store.get(Job, JOB.id) == replace(JOB, version=1)


def test_a_write_of_another_is_a_conflict_also_when_ours_was_sent_again(house: House) -> None:
    house.store.save(DELIVERY)

    def meanwhile(asked: Asked, answer: Answer) -> Answer | None:
        house.line.reply = lambda asked, answer: answer
        house.store.save(replace(DELIVERY, version=2, reason="another's"))
        return None

    house.line.reply = first(1, "PutItem", meanwhile)
    with pytest.raises(Conflict):
        house.store.save(replace(DELIVERY, version=1, reason="mine"))


def test_a_write_whose_answers_are_all_lost_is_in_doubt(house: House) -> None:
    house.line.reply = first(100, "PutItem", lost)
    with pytest.raises(Ambiguous, match="can not store delivery guid"):
        house.store.save(DELIVERY)


def test_a_read_that_is_not_answered_is_an_infra_error_and_no_doubt(house: House) -> None:
    house.line.reply = first(100, "GetItem", lost)
    with pytest.raises(InfraError, match="can not read delivery guid") as raised:
        house.store.get(Delivery, "guid")
    assert not isinstance(raised.value, Ambiguous)


def test_nobody_there_is_no_doubt(emulator: Emulator) -> None:
    from dishwasher.aws.clients import Clients
    from dishwasher.aws.lasting import Lasting
    from dishwasher.aws.store import DynamoStore

    with line(emulator.url) as found:
        url = found.url
    store = DynamoStore(Clients(REGION, url), "none", FakeClock(), Lasting())
    with pytest.raises(InfraError) as raised:
        store.save(DELIVERY)
    assert not isinstance(raised.value, Ambiguous)


def test_a_table_that_is_not_there_is_named(house: House) -> None:
    house.emulator.clients.dynamodb.delete_table(TableName=house.table)
    with pytest.raises(InfraError, match="ResourceNotFoundException"):
        house.store.get(Delivery, "guid")


# Others who write at the same moment

CLASH = Answer.fault("TransactionConflictException", message="Transaction is ongoing for the item")


def test_a_row_in_a_transaction_is_tried_again_after_growing_pauses(house: House) -> None:
    # The first two did not reach the table: what the server did for them is undone.
    def clash(asked: Asked, answer: Answer) -> Answer:
        key = {"pk": {"S": "delivery#guid"}, "sk": {"S": "guid"}}
        house.emulator.clients.dynamodb.delete_item(TableName=house.table, Key=key)
        return CLASH

    house.line.reply = first(2, "PutItem", clash)
    house.store.save(DELIVERY)
    assert house.pauses == [0.01, 0.02]
    assert house.store.get(Delivery, "guid") == replace(DELIVERY, version=1)


def test_a_row_that_is_always_in_a_transaction_is_a_conflict(house: House) -> None:
    house.line.reply = first(100, "PutItem", lambda asked, answer: CLASH)
    with pytest.raises(Conflict, match="delivery guid is being written by others"):
        house.store.save(DELIVERY)


def cancelled(*codes: str) -> Answer:
    reasons = [{"Code": code, "Message": f"said of {code}"} for code in codes]
    return Answer.fault("TransactionCanceledException", CancellationReasons=reasons)


def test_a_transaction_that_meets_another_is_tried_again_and_then_a_conflict(house: House) -> None:
    clash = cancelled("None", "TransactionConflict")
    house.line.reply = first(100, "TransactWriteItems", lambda asked, answer: clash)
    with pytest.raises(Conflict):
        house.store.save(DELIVERY, JOB)
    assert len(house.line.calls) == len(house.pauses) == 6


@pytest.mark.parametrize(
    "code, fault", [("ValidationError", Rejected), ("ThrottlingError", InfraError)]
)
def test_a_transaction_that_is_refused_says_why(
    house: House, code: str, fault: type[InfraError]
) -> None:
    answer = cancelled("None", code)
    house.line.reply = first(1, "TransactWriteItems", lambda asked, _: answer)
    with pytest.raises(fault, match=f"{code} said of {code}"):
        house.store.save(DELIVERY, JOB)


# Groups


PAIR = replace(JOB, id="b1-1"), replace(JOB, id="b1-2")
BUILD = Build("b1", EVENT, "", ".dishwasher.yml", 1.0, ("b1-1", "b1-2"))


def half(house: House, *late: tuple[str, str], back: int = 2) -> None:
    """Undo a save in these rows until somebody has looked that often."""
    after = [house.row(*place) for place in late]
    house.put_back(*late)

    def finish() -> None:
        if len(house.pauses) == back:
            for item in after:
                house.put(item)

    house.meanwhile = finish


def test_a_group_is_read_again_until_a_save_is_seen_whole(house: House) -> None:
    house.store.save(*PAIR)
    house.remember()
    house.store.save(*(replace(job, version=1, attempt=1) for job in PAIR))
    half(house, ("job#b1", "b1-2"))
    assert [(job.version, job.attempt) for job in house.store.group(Job, "b1")] == [(2, 1)] * 2
    assert len(house.pauses) == 2


def test_who_has_seen_a_build_sees_the_jobs_that_were_made_with_it(house: House) -> None:
    house.store.save(BUILD, *PAIR)
    half(house, ("job#b1", "b1-1"), ("job#b1", "b1-2"))
    assert house.store.get(Build, "b1") == replace(BUILD, version=1)
    assert [job.id for job in house.store.group(Job, "b1")] == ["b1-1", "b1-2"]
    assert len(house.pauses) == 2


def test_who_has_seen_a_build_s_counter_sees_the_end_of_the_job_that_raised_it(
    house: House,
) -> None:
    house.store.save(BUILD, *PAIR)
    house.remember()
    over = replace(PAIR[0], version=1, state=State.CONCLUDED)
    house.store.save(replace(BUILD, settled=1, version=1), over)
    half(house, ("job#b1", "b1-1"))
    (build,) = house.store.group(Build, build_group(EVENT.repository.id, EVENT.sha))
    assert build.settled == 1
    assert house.store.group(Job, "b1")[0] == replace(over, version=2)
    assert house.store.get(Job, "b1-1") == replace(over, version=2)
    assert len(house.pauses) == 2


def test_a_single_row_is_read_again_until_it_is_as_new_as_what_was_seen(house: House) -> None:
    house.store.save(BUILD, *PAIR)
    half(house, ("job#b1", "b1-1"), back=3)
    assert house.store.get(Build, "b1") is not None
    assert house.store.get(Job, "b1-1") == replace(PAIR[0], version=1)
    assert len(house.pauses) == 3


def test_what_is_gone_for_good_is_waited_for_once(house: House) -> None:
    house.store.save(BUILD, *PAIR)
    half(house, ("job#b1", "b1-2"), back=0)
    assert [job.id for job in house.store.group(Job, "b1")] == ["b1-1"]
    assert len(house.pauses) == 6
    assert house.store.get(Job, "b1-2") is None
    assert house.store.get(Build, "b1") is not None
    assert house.store.get(Job, "b1-2") is None
    assert len(house.pauses) == 12


def test_a_row_whose_id_is_another_group_s_name_keeps_nobody_waiting(house: House) -> None:
    house.store.save(
        replace(JOB, id="mine", build="yours"), replace(JOB, id="mine-1", build="mine")
    )
    assert [job.id for job in house.store.group(Job, "mine")] == ["mine-1"]
    assert [job.id for job in house.store.group(Job, "yours")] == ["mine"]
    assert house.pauses == []


def test_the_jobs_of_a_build_are_one_partition_and_no_second_row(house: House) -> None:
    house.store.save(*(replace(JOB, id=f"b1-{number}") for number in range(50)))
    assert {item["pk"]["S"] for item in house.rows()} == {"job#b1"}
    house.line.calls.clear()
    assert len(house.store.group(Job, "b1")) == 50
    assert house.line.calls == ["Query"]


def test_a_large_group_of_builds_comes_in_batches(house: House) -> None:
    builds = [
        Build(f"{number:03d}", EVENT, "", ".dishwasher.yml", 1.0, ()) for number in range(120)
    ]
    for start in range(0, 120, 40):
        house.store.save(*builds[start : start + 40])
    group = build_group(EVENT.repository.id, EVENT.sha)
    house.line.calls.clear()
    assert [build.id for build in house.store.group(Build, group)] == [one.id for one in builds]
    assert house.line.calls == ["Query", "BatchGetItem", "BatchGetItem"]
    found = house.store.latest(Build, group, 3, before="100")
    assert [build.id for build in found] == ["099", "098", "097"]


def test_rows_that_are_left_out_of_a_batch_are_asked_for_again(house: House) -> None:
    def nothing(asked: Asked, answer: Answer) -> Answer:
        words = asked.words["RequestItems"]
        return Answer(200, json.dumps({"Responses": {}, "UnprocessedKeys": words}).encode())

    build = Build("b1", EVENT, "", ".dishwasher.yml", 1.0, ())
    house.store.save(build)
    house.line.reply = first(2, "BatchGetItem", nothing)
    group = build_group(EVENT.repository.id, EVENT.sha)
    assert house.store.group(Build, group) == (replace(build, version=1),)
    assert house.pauses == [0.01, 0.02]


def test_several_that_change_their_group_at_once_are_listed_in_the_new_one(house: House) -> None:
    jobs = replace(JOB, id="x", build="mine"), replace(JOB, id="y", build="mine")
    house.store.save(*jobs)
    house.store.save(*(replace(job, build="yours", version=1) for job in jobs))
    assert house.store.group(Job, "mine") == ()
    assert [(job.id, job.version) for job in house.store.group(Job, "yours")] == [
        ("x", 2),
        ("y", 2),
    ]


# What is due


def test_only_what_is_due_stands_in_the_index(house: House) -> None:
    house.store.save(replace(JOB, id="b1-1", deadline=5.0), replace(JOB, id="b1-2"), DELIVERY)
    client = house.emulator.clients.dynamodb
    found = client.scan(TableName=house.table, IndexName="by-due")["Items"]
    assert [item["sk"]["S"] for item in found] == ["b1-1"]
    assert set(found[0]) == {"pk", "sk", "shard", "due"}


def test_an_index_that_lags_behind_shows_nothing_that_is_not_due_any_more(house: House) -> None:
    jobs = [replace(JOB, id=f"b1-{number:02d}", deadline=float(number + 1)) for number in range(20)]
    house.store.save(*jobs)
    old: dict[bytes, Answer] = {}

    def remembered(asked: Asked, answer: Answer) -> Answer:
        is_due = asked.what == "Query" and "by-due" in asked.body.decode()
        return old.setdefault(asked.body, answer) if is_due else answer

    house.line.reply = remembered
    assert len(house.store.due(Job, 100.0, 5)) == 5
    house.store.save(*(replace(job, version=1, deadline=200.0) for job in jobs[:8]))
    house.store.save(replace(jobs[8], version=1, deadline=0.0))
    found = house.store.due(Job, 100.0, 5)
    assert [job.id for job in found] == [f"b1-{number:02d}" for number in range(9, 14)]


def test_a_row_that_can_not_be_read_hides_no_other_from_the_reaper(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.store.save(replace(JOB, id="b1-7", deadline=1.0), replace(JOB, id="b1-8", deadline=2.0))
    bad = house.row("job#b1", "b1-7")
    house.put({**bad, "packed": {"B": b"not what zlib makes"}})
    assert [job.id for job in house.store.due(Job, 10.0, 10)] == ["b1-8"]
    assert "the stored job 'b1-7' can not be read" in caplog.text
    with pytest.raises(InfraError, match="can not be read"):
        house.store.get(Job, "b1-7")


# Limits


def test_a_row_that_is_too_large_is_refused_with_its_size(house: House) -> None:
    noise = random.Random(7).randbytes(400_000).hex()
    with pytest.raises(Rejected, match=r"delivery guid has 4\d\d,\d{3} bytes compressed"):
        house.store.save(replace(DELIVERY, reason=noise))
    assert house.rows() == []


def test_what_compresses_well_takes_little_room(house: House) -> None:
    house.store.save(replace(DELIVERY, reason="a long story " * 100_000))
    row = house.row("delivery#guid")
    assert "body" not in row
    assert len(row["packed"]["B"]) < 10_000
    house.store.save(Report("short"))
    assert json.loads(house.row("report#short")["body"]["S"])["id"] == "short"


def test_more_rows_than_a_transaction_takes_are_refused(house: House) -> None:
    with pytest.raises(Rejected, match="101 rows are more than the 100 of one save"):
        house.store.save(*(replace(JOB, id=f"b1-{number}") for number in range(101)))
    house.store.save(*(replace(JOB, id=f"b1-{number}") for number in range(100)))
    assert len(house.store.group(Job, "b1")) == 100


# What goes by itself


def test_what_is_over_goes_after_its_days_and_what_is_due_stays(house: House) -> None:
    later = int(NOON + 30 * DAY)
    house.store.save(replace(DELIVERY, due=NOON + 60))
    assert "expires" not in house.row("delivery#guid")
    house.clock.advance(DAY)
    house.store.save(replace(DELIVERY, stage=Stage.IGNORED, version=1))
    assert house.row("delivery#guid")["expires"] == {"N": str(later + int(DAY))}


def test_a_row_that_lists_another_outlives_it(house: House) -> None:
    house.store.save(Build("b1", EVENT, "", ".dishwasher.yml", 1.0, ()))
    lists = house.row(f"build#7/{'a' * 40}")
    assert int(lists["expires"]["N"]) == NOON + 60 * DAY
    assert int(house.row("build#b1")["expires"]["N"]) == NOON + 30 * DAY
