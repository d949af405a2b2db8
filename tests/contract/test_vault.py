"""What every Vault does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.outputs import SecretStore
from dishwasher.core.pattern import Filter, Pattern, Syntax
from dishwasher.core.secret import SECRETS, VALUE_BYTES, Rules, Slot, StoredSecret
from dishwasher.errors import Conflict, UserError
from dishwasher.ports import Vault

from tests.fakes.clock import NOON

MAIN = Filter((Pattern("main"), Pattern("release/.*", Syntax.REGEX)), (Pattern("x"),))
RULES = Rules(MAIN, Filter((Pattern("v*", Syntax.GLOB),)), pull_requests=True)
TOKEN = StoredSecret(Slot(7, "TOKEN"), Rules(), NOON + 0.123456)
VALUE = "hunter2\nwith an é and a \U0001f600"


def test_nothing_is_there_before_it_is_put(vault: Vault) -> None:
    assert vault.list(7) == ()
    assert vault.read((), NOON) == ()
    assert not vault.delete(TOKEN.slot)
    with pytest.raises(Conflict):
        vault.read((TOKEN,), NOON)


@pytest.mark.parametrize(
    "secret",
    [
        TOKEN,
        StoredSecret(Slot(2**62, "TOKEN", "staging (é)"), RULES, 1.5),
        StoredSecret(Slot(7, "/app/token", store=SecretStore.PARAMETER_STORE), RULES, 0.1),
    ],
    ids=["plain", "environment", "parameter"],
)
@pytest.mark.parametrize("value", [VALUE, "x", "x" * VALUE_BYTES], ids=["text", "short", "long"])
def test_what_is_put_is_listed_with_its_rules_and_read(
    vault: Vault, secret: StoredSecret, value: str
) -> None:
    vault.put(secret, value)
    assert vault.list(secret.slot.repository) == (secret,)
    assert vault.read((secret,), NOON) == (value,)
    assert vault.list(8) == ()


def test_the_list_is_in_order_and_reads_are_in_the_order_asked(vault: Vault) -> None:
    slots = [
        Slot(7, "A"),
        Slot(7, "B"),
        Slot(7, "A", store=SecretStore.PARAMETER_STORE),
        Slot(7, "A", "live"),
        Slot(7, "A", "staging"),
    ]
    secrets = [StoredSecret(slot, Rules(), 1.0) for slot in slots]
    for number, secret in enumerate(reversed(secrets)):
        vault.put(secret, f"value-{number}")
    vault.put(StoredSecret(Slot(8, "A"), Rules(), 1.0), "another's")
    assert vault.list(7) == tuple(secrets)
    assert vault.read(secrets, NOON) == tuple(f"value-{4 - number}" for number in range(5))
    assert vault.read((secrets[3], secrets[0], secrets[3]), NOON) == (
        "value-1",
        "value-4",
        "value-1",
    )


def test_setting_it_again_replaces_value_and_rules(vault: Vault) -> None:
    vault.put(TOKEN, "old")
    again = replace(TOKEN, rules=RULES, set_at=NOON + 1)
    vault.put(again, "new")
    assert vault.list(7) == (again,)
    assert vault.read((again,), NOON) == ("new",)


def test_a_value_is_never_read_by_rules_that_are_old(vault: Vault) -> None:
    vault.put(TOKEN, "old")
    narrower = replace(TOKEN, rules=RULES)
    vault.put(narrower, "new")
    with pytest.raises(Conflict, match="TOKEN"):
        vault.read((TOKEN,), NOON)


def test_what_is_deleted_is_gone(vault: Vault) -> None:
    vault.put(TOKEN, "old")
    other = replace(TOKEN, slot=Slot(7, "TOKEN", "staging"))
    vault.put(other, "stays")
    assert vault.delete(TOKEN.slot)
    assert not vault.delete(TOKEN.slot)
    assert vault.list(7) == (other,)
    with pytest.raises(Conflict):
        vault.read((other, TOKEN), NOON)


def test_the_last_use_is_remembered_and_does_not_make_it_another_secret(vault: Vault) -> None:
    vault.put(TOKEN, VALUE)
    assert [secret.used_at for secret in vault.list(7)] == [0.0]
    vault.read((TOKEN,), NOON)
    (listed,) = vault.list(7)
    assert listed.used_at == NOON
    # A clock that was set back, or another server's.
    vault.read((listed,), NOON - 60)
    assert [secret.used_at for secret in vault.list(7)] == [NOON]


def test_a_read_that_fails_has_used_nothing(vault: Vault) -> None:
    vault.put(TOKEN, VALUE)
    with pytest.raises(Conflict):
        vault.read((TOKEN, replace(TOKEN, slot=Slot(7, "OTHER"))), NOON)
    assert [secret.used_at for secret in vault.list(7)] == [0.0]


def test_a_repository_has_so_many_and_no_more(vault: Vault) -> None:
    for number in range(SECRETS):
        vault.put(StoredSecret(Slot(7, f"TOKEN_{number}"), Rules(), 1.0), VALUE)
    with pytest.raises(UserError, match=f"{SECRETS} are kept"):
        vault.put(TOKEN, VALUE)
    vault.put(replace(TOKEN, slot=Slot(7, "TOKEN_0")), "anew")
    vault.put(replace(TOKEN, slot=Slot(8, "TOKEN")), VALUE)
    assert len(vault.list(7)) == SECRETS


def test_no_listing_shows_a_value(vault: Vault) -> None:
    vault.put(TOKEN, VALUE)
    assert "hunter2" not in repr(vault.list(7)) + repr(vault)
