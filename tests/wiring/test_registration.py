from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from dishwasher.errors import InfraError, UserError
from dishwasher.wiring import registration
from dishwasher.wiring.registration import Registration, completed, keep, stored

APP = Registration(
    id=17,
    slug="dishwasher-acme",
    name="Dishwasher Acme",
    owner="acme",
    client_id="Iv23abc",
    html_url="https://github.com/apps/dishwasher-acme",
    url="https://github.com",
    api_url="https://api.github.com",
    public_url="https://ci.example.com",
    private_key="-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
    webhook_secret="the webhook secret",
    client_secret="the client secret",
)


def test_what_was_stored_is_read(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    assert stored(data) is None
    assert keep(APP, data) == data / "app"
    assert stored(data) == APP


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    folder = keep(APP, tmp_path / "data")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == dict.fromkeys(
        ["app.json", "private-key.pem", "webhook-secret", "client-secret"], 0o600
    )
    assert (
        stat.S_IMODE(folder.stat().st_mode) == stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    )
    shown = (folder / "app.json").read_text() + repr(APP)
    for secret in ("abc\n", APP.webhook_secret, APP.client_secret):
        assert secret not in shown


def test_an_app_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    keep(APP, tmp_path)
    with pytest.raises(UserError, match="--replace"):
        keep(replace(APP, id=18), tmp_path)
    assert stored(tmp_path) == APP
    assert [path.name for path in tmp_path.iterdir()] == ["app"]


def test_one_that_is_replaced_is_put_aside(tmp_path: Path) -> None:
    for id in (17, 18, 19):
        keep(replace(APP, id=id), tmp_path, replace=True)
    found = {
        path.name: json.loads((path / "app.json").read_text())["id"] for path in tmp_path.iterdir()
    }
    assert found == {"app.1": 17, "app.2": 18, "app": 19}


def test_what_others_may_read_is_refused(tmp_path: Path) -> None:
    folder = keep(APP, tmp_path)
    (folder / "private-key.pem").chmod(0o640)
    with pytest.raises(
        UserError, match=r"may be read by others: run `chmod 600 .*private-key\.pem`"
    ):
        stored(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", '{"id": "x"}', '{"id": 1}'])
def test_a_file_that_is_damaged_is_told(tmp_path: Path, text: str) -> None:
    folder = keep(APP, tmp_path)
    (folder / "app.json").write_text(text)
    with pytest.raises(UserError, match="put the file back"):
        stored(tmp_path)


def test_a_secret_that_is_missing_or_no_text_is_told(tmp_path: Path) -> None:
    folder = keep(APP, tmp_path)
    (folder / "client-secret").write_bytes(b"\xff")
    with pytest.raises(UserError, match="holds no text"):
        stored(tmp_path)
    (folder / "client-secret").unlink()
    with pytest.raises(UserError, match="No such file"):
        stored(tmp_path)


def test_a_folder_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(InfraError, match="can not be written"):
        keep(APP, tmp_path / "data")


def test_the_environment_comes_first(tmp_path: Path) -> None:
    assert completed({"A": "1"}, tmp_path) == {"A": "1"}
    keep(APP, tmp_path)
    whole = completed({"DISHWASHER_PUBLIC_URL": "https://other.example", "A": "1"}, tmp_path)
    assert whole["DISHWASHER_GITHUB_APP_ID"] == "17"
    assert whole["DISHWASHER_GITHUB_PRIVATE_KEY"] == APP.private_key
    assert whole["DISHWASHER_PUBLIC_URL"] == "https://other.example"
    assert whole["A"] == "1"
    empty = completed({"DISHWASHER_GITHUB_WEBHOOK_SECRET": " "}, tmp_path)
    assert empty["DISHWASHER_GITHUB_WEBHOOK_SECRET"] == APP.webhook_secret


@pytest.mark.parametrize("own", ["17", " 17 ", "Iv23abc"])
def test_the_same_app_by_any_of_its_names_is_completed(tmp_path: Path, own: str) -> None:
    keep(APP, tmp_path)
    whole = completed({registration.APP_ID: own}, tmp_path)
    assert whole["DISHWASHER_GITHUB_PRIVATE_KEY"] == APP.private_key


def test_another_app_gets_nothing_of_the_stored_one(tmp_path: Path) -> None:
    keep(APP, tmp_path)
    assert completed({registration.APP_ID: "99"}, tmp_path) == {registration.APP_ID: "99"}
