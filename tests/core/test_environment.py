from __future__ import annotations

import pytest
from dishwasher.core.environment import carried, is_single_use, visible

HOST = {
    "PATH": "/bin",
    "LC_ALL": "C.UTF-8",
    "https_proxy": "http://proxy:3128",
    "PIP_INDEX_URL": "https://index/",
    "SSL_CERT_FILE": "/ca.pem",
    "HOME": "/root",
    "AWS_SECRET_ACCESS_KEY": "canary",
    "PYTHONPATH": "/somewhere",
    "GIT_DIR": "/elsewhere",
    "DISHWASHER_GITHUB_WEBHOOK_SECRET": "canary",
    "STAGING": "yes",
    "REGION": "eu",
}
KEPT = {"PATH", "LC_ALL", "https_proxy", "PIP_INDEX_URL", "SSL_CERT_FILE"}


def test_only_listed_variables_are_visible() -> None:
    assert visible(HOST) == {name: HOST[name] for name in KEPT}


@pytest.mark.parametrize("names", ["STAGING,REGION", "STAGING REGION", " STAGING , REGION ,"])
def test_the_operator_may_let_more_through(names: str) -> None:
    host = {**HOST, "DISHWASHER_JOB_ENV": names}
    assert visible(host).keys() == KEPT | {"STAGING", "REGION"}


def test_the_servers_own_settings_can_not_be_let_through() -> None:
    host = {**HOST, "DISHWASHER_JOB_ENV": "DISHWASHER_GITHUB_WEBHOOK_SECRET,ABSENT"}
    assert visible(host).keys() == KEPT


def test_a_runner_also_gets_the_list_of_names() -> None:
    host = {**HOST, "DISHWASHER_JOB_ENV": "STAGING"}
    assert carried(host).keys() == KEPT | {"STAGING", "DISHWASHER_JOB_ENV"}
    assert visible(carried(host)) == visible(host)
    assert carried(HOST) == visible(HOST)


def test_a_stranger_sees_nothing_that_was_let_through_for_the_team() -> None:
    host = {**HOST, "DISHWASHER_JOB_ENV": "STAGING,REGION"}
    assert visible(host, trusted=False).keys() == KEPT


@pytest.mark.parametrize("url", ["https://ann:pw@index/simple", "http://token@index/"])
def test_a_stranger_sees_no_password_of_an_index_or_proxy(url: str) -> None:
    host = {**HOST, "PIP_INDEX_URL": url, "https_proxy": url}
    assert visible(host).keys() == KEPT
    assert visible(host, trusted=False).keys() == KEPT - {"PIP_INDEX_URL", "https_proxy"}


def test_only_a_fleet_that_says_so_has_machines_for_one_job() -> None:
    assert is_single_use({"DISHWASHER_SINGLE_USE": "1"})
    assert not is_single_use({"DISHWASHER_SINGLE_USE": ""})
    assert carried({"DISHWASHER_SINGLE_USE": "1"}) == {"DISHWASHER_SINGLE_USE": "1"}
