from __future__ import annotations

import re
from pathlib import Path

import pytest
from dishwasher.core.environment import JOB_ENV
from dishwasher.errors import UserError
from dishwasher.wiring.registration import keep
from dishwasher.wiring.settings import DESCRIBED, read

from tests.wiring.test_registration import APP

PEM = "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def environment() -> dict[str, str]:
    return {
        "DISHWASHER_GITHUB_APP_ID": "12345",
        "DISHWASHER_GITHUB_PRIVATE_KEY": PEM,
        "DISHWASHER_GITHUB_WEBHOOK_SECRET": "a webhook secret",
    }


def mistakes(environment: dict[str, str]) -> str:
    with pytest.raises(UserError) as caught:
        read(environment)
    return str(caught.value)


def test_what_is_not_set_has_its_default(environment: dict[str, str]) -> None:
    settings = read(environment)
    assert (settings.api_url, settings.url) == ("https://api.github.com", "https://github.com")
    assert (settings.data, settings.public_url) == (Path(".dishwasher"), "")
    assert (settings.points_per_minute, settings.timing.lease) == (900, 60.0)


def test_everything_that_is_wrong_is_named_at_once() -> None:
    said = mistakes(
        {
            "DISHWASHER_GITHUB_WEBHOOK_SECRET": "short",
            "DISHWASHER_GITHUB_URL": "github.com",
            "DISHWASHER_PUBLIC_URL": "ftp://ci.example.com",
            "DISHWASHER_LEASE_SECONDS": "soon",
            "DISHWASHER_GITHUB_POINTS_PER_MINUTE": "-1",
            "DISHWASHER_TRUSTED_BOTS": "5, dependabot",
        }
    )
    for part in (
        "DISHWASHER_GITHUB_APP_ID is not set",
        "DISHWASHER_GITHUB_PRIVATE_KEY is not set",
        "DISHWASHER_GITHUB_WEBHOOK_SECRET has under 8 characters",
        "DISHWASHER_GITHUB_URL: 'github.com' is not an http or https URL",
        "DISHWASHER_PUBLIC_URL: 'ftp://ci.example.com' is not",
        "DISHWASHER_LEASE_SECONDS: 'soon' is not a number above 0",
        "DISHWASHER_GITHUB_POINTS_PER_MINUTE: '-1' is not a number above 0",
        "DISHWASHER_TRUSTED_BOTS: 'dependabot' is not the id of an account, a number",
        "dishwasher serve --help",
    ):
        assert part in said


def test_a_secret_may_be_a_file(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "app.pem").write_text(PEM + "\n")
    environment["DISHWASHER_GITHUB_PRIVATE_KEY"] = str(tmp_path / "app.pem")
    assert read(environment).private_key == PEM


def test_a_secret_in_base64_is_no_path(environment: dict[str, str]) -> None:
    environment["DISHWASHER_GITHUB_WEBHOOK_SECRET"] = "Zm9v/YmFy+Zm9v="
    assert read(environment).webhook_secret == "Zm9v/YmFy+Zm9v="


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.pem", None, "No such file"),
        ("", None, "Is a directory"),
        ("image.pem", b"\xff\xd8\xff", "holds no text"),
    ],
)
def test_a_file_that_can_not_be_read_is_told_without_the_value(
    environment: dict[str, str], tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    place = tmp_path / name
    if content is not None:
        place.write_bytes(content)
    environment["DISHWASHER_GITHUB_PRIVATE_KEY"] = str(place)
    found = mistakes(environment)
    assert said in found and str(place) not in found


@pytest.mark.parametrize("value", ["app.pem", "keys/app.pem", PEM.replace("PRIVATE", "PUBLIC")])
def test_what_is_no_private_key_is_told_without_the_value(
    environment: dict[str, str], value: str
) -> None:
    environment["DISHWASHER_GITHUB_PRIVATE_KEY"] = value
    found = mistakes(environment)
    assert "neither a private key in PEM form nor the path" in found and value not in found


def test_no_secret_is_in_the_repr(environment: dict[str, str]) -> None:
    shown = repr(read(environment))
    assert "abc" not in shown and "a webhook secret" not in shown


@pytest.mark.parametrize(
    ("url", "api_url"),
    [
        ("https://github.com", "https://api.github.com"),
        ("https://github.com/", "https://api.github.com"),
        ("https://acme.ghe.com", "https://api.acme.ghe.com"),
        ("https://git.example.com", "https://git.example.com/api/v3"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v3"),
    ],
)
def test_each_kind_of_github_has_its_api_elsewhere(
    environment: dict[str, str], url: str, api_url: str
) -> None:
    assert read(environment | {"DISHWASHER_GITHUB_URL": url}).api_url == api_url


def test_the_app_that_was_created_is_used(tmp_path: Path) -> None:
    keep(APP, tmp_path)
    settings = read({"DISHWASHER_DATA": str(tmp_path)})
    assert (settings.app_id, settings.private_key) == ("17", APP.private_key)
    assert (settings.client_id, settings.client_secret) == (APP.client_id, APP.client_secret)
    assert settings.public_url == APP.public_url
    assert "the client secret" not in repr(settings)


def test_help_and_readme_have_every_setting_and_no_other() -> None:
    class Noting(dict[str, str]):
        """An environment that remembers what it was asked for."""

        asked: set[str]

        def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
            self.asked.add(key)
            return super().get(key, default)

    noting = Noting()
    noting.asked = {JOB_ENV}
    with pytest.raises(UserError):
        read(noting)
    assert DESCRIBED.keys() == noting.asked
    readme = (ROOT / "README.md").read_text()
    table = readme[readme.index("### Settings") :].partition("\n### ")[0]
    assert set(re.findall(r"`(DISHWASHER_\w+)`", table)) == noting.asked


@pytest.mark.parametrize("text", ["5,49699333", "5 49699333", " 49699333 , 5 "])
def test_bots_are_listed_by_their_ids(environment: dict[str, str], text: str) -> None:
    assert read({**environment, "DISHWASHER_TRUSTED_BOTS": text}).bots == {5, 49699333}
    assert read(environment).bots == frozenset()
