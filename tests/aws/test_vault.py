"""What the Parameter Store adds to a vault, and settings that name a parameter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from dishwasher.core.codec import encode
from dishwasher.core.pattern import Filter, Pattern
from dishwasher.core.secret import VALUE_BYTES, Rules, Slot, StoredSecret
from dishwasher.errors import Conflict, InfraError, UserError

from tests.aws.emulator import REGION, Emulator
from tests.aws.lossy import Answer, Asked, Line, first, line, lost
from tests.fakes.clock import NOON, FakeClock

if TYPE_CHECKING:
    from dishwasher.aws.parameters import Parameters
    from dishwasher.aws.vault import SsmVault

pytestmark = pytest.mark.slow

TOKEN = StoredSecret(Slot(7, "TOKEN"), Rules(Filter((Pattern("main"),))), NOON)


class House:
    def __init__(self, emulator: Emulator, line: Line) -> None:
        from dishwasher.aws.clients import Clients
        from dishwasher.aws.parameters import Parameters
        from dishwasher.aws.vault import SsmVault

        clients = Clients(REGION, line.url)
        self.emulator, self.line, self.prefix = emulator, line, emulator.prefix()
        self.table = emulator.table()
        self.vault: SsmVault = SsmVault(clients, self.table, self.prefix, FakeClock())
        self.parameters: Parameters = Parameters(clients)

    def stored(self) -> list[dict[str, Any]]:
        pages = self.emulator.clients.ssm.get_paginator("get_parameters_by_path").paginate(
            Path=self.prefix, Recursive=True, WithDecryption=False
        )
        return [dict(one) for page in pages for one in page["Parameters"]]

    def rows(self) -> list[dict[str, Any]]:
        return self.emulator.clients.dynamodb.scan(TableName=self.table)["Items"]


@pytest.fixture
def house(emulator: Emulator) -> Iterator[House]:
    with line(emulator.url) as found:
        yield House(emulator, found)


def test_a_value_is_encrypted_and_in_no_row_and_no_name(house: House) -> None:
    house.vault.put(TOKEN, "hunter2")
    (stored,) = house.stored()
    assert stored["Type"] == "SecureString"
    assert "TOKEN" not in stored["Name"]
    assert "hunter2" not in str(house.rows())


def test_what_is_long_takes_several_parameters_that_cost_nothing(house: House) -> None:
    value = "x" * VALUE_BYTES
    house.vault.put(TOKEN, value)
    assert len(house.stored()) == 17
    names = [one["Name"] for one in house.stored()]
    assert all(len(text) <= 4096 for text in house.parameters.read(names).values())
    assert house.vault.read((TOKEN,), NOON) == (value,)


def test_of_what_is_replaced_or_removed_nothing_stays(house: House) -> None:
    house.vault.put(TOKEN, "x" * 10_000)
    house.vault.put(TOKEN, "short")
    assert len(house.stored()) == 1
    assert house.vault.delete(TOKEN.slot)
    assert house.stored() == []
    assert house.rows() == []


def test_a_value_whose_answer_was_lost_is_put_again(house: House) -> None:
    house.line.reply = first(1, "PutParameter", lost)
    house.vault.put(TOKEN, "value")
    assert house.vault.read((TOKEN,), NOON) == ("value",)


def test_who_widens_a_row_by_hand_opens_nothing(house: House) -> None:
    house.vault.put(TOKEN, "hunter2")
    (row,) = house.rows()
    wide = replace(TOKEN, rules=Rules())
    fields = encode(wide)
    del fields["used_at"]
    body = {"S": json.dumps(fields, separators=(",", ":"))}
    house.emulator.clients.dynamodb.put_item(TableName=house.table, Item={**row, "body": body})
    assert house.vault.list(7) == (wide,)
    with pytest.raises(InfraError, match="was changed by hand") as raised:
        house.vault.read((wide,), NOON)
    assert "hunter2" not in str(raised.value)


def test_a_value_that_goes_meanwhile_is_a_conflict(house: House) -> None:
    house.vault.put(TOKEN, "old")

    def meanwhile(asked: Asked, answer: Answer) -> Answer:
        house.line.reply = lambda asked, answer: answer
        house.vault.put(TOKEN, "new")
        return answer

    house.line.reply = first(1, "GetItem", meanwhile)
    with pytest.raises(Conflict, match="TOKEN has just been changed"):
        house.vault.read((TOKEN,), NOON)
    assert house.vault.read((TOKEN,), NOON) == ("new",)


def test_a_row_that_can_not_be_read_says_so(house: House) -> None:
    house.vault.put(TOKEN, "value")
    (row,) = house.rows()
    house.emulator.clients.dynamodb.put_item(
        TableName=house.table, Item={**row, "body": {"S": "{}"}}
    )
    with pytest.raises(InfraError, match="a stored secret can not be read"):
        house.vault.list(7)


# Settings


def test_settings_that_name_a_parameter_get_its_value(house: House) -> None:
    names = {f"DISHWASHER_S{number}": f"{house.prefix}/s{number}" for number in range(12)}
    for number, name in enumerate(names.values()):
        house.parameters.put(name, f"value {number}")
    environment = {key: f"ssm:{name}" for key, name in names.items()}
    house.line.calls.clear()
    settled = house.parameters.settled({**environment, "PATH": "ssm:/bin", "DISHWASHER_X": "plain"})
    assert [settled[f"DISHWASHER_S{number}"] for number in range(12)] == [
        f"value {number}" for number in range(12)
    ]
    assert (settled["PATH"], settled["DISHWASHER_X"]) == ("ssm:/bin", "plain")
    assert house.line.calls == ["GetParameters"] * 2


def test_settings_that_name_none_ask_nobody(house: House) -> None:
    assert house.parameters.settled({"DISHWASHER_X": "plain"}) == {"DISHWASHER_X": "plain"}
    assert house.line.calls == []


def test_a_parameter_that_is_not_there_is_named_with_its_setting(house: House) -> None:
    with pytest.raises(UserError, match="DISHWASHER_KEY names /none: no such parameter"):
        house.parameters.settled({"DISHWASHER_KEY": "ssm:/none"})
