"""What can not work in a job is told before the run, at its line."""

from __future__ import annotations

import pytest

from tests.formats.buildspec_files import config, phases, warnings


def running(command: str) -> str:
    return phases(f"build:\n  commands:\n    - |\n      echo\n      {command}\n")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("sudo apt-get install -y libpq-dev", "sudo"),
        ("sudo -u postgres createdb app", "sudo"),
        ("apt-get update -y", "root"),
        ("apt install -y gettext && echo", "root"),
        ("DEBIAN_FRONTEND=noninteractive apt-get install tzdata", "root"),
        ("yum -y install jq", "root"),
        ("dnf install -y git", "root"),
        ("service postgresql start", "root"),
        ("systemctl start redis", "root"),
        ("docker build -t app .", "docker"),
        ("docker-compose up -d", "docker"),
        ("nohup dockerd --host=unix:///var/run/docker.sock &", "docker"),
        ("aws ecr get-login-password | docker login --password-stdin", "docker"),
        ("codebuild-breakpoint", "codebuild-tool"),
        ("codebuild-tests-run --test-command pytest", "codebuild-tool"),
        ("cp settings.xml /root/.m2/settings.xml", "root-home"),
    ],
)
def test_what_can_not_work_is_told(command: str, code: str) -> None:
    assert warnings(running(command)) == [f"7 {code}"]


@pytest.mark.parametrize(
    "command",
    [
        "docker --version",
        "docker",
        "rpm -q bash",
        "echo sudo apt-get install",
        "cat apt-packages.txt",
        "python manage.py service start",
        "npm install -g yarn",
        "ls ~/.m2",
    ],
)
def test_what_works_is_not_told(command: str) -> None:
    assert warnings(running(command)) == []


def test_a_reason_is_told_once_a_command() -> None:
    assert warnings(running("apt-get update && apt-get install -y jq")) == ["7 root"]


def test_the_place_is_the_line_of_the_command() -> None:
    text = phases("install:\n  commands:\n    - echo\n    - sudo make\n  finally:\n    - sudo ls\n")
    assert warnings(text) == ["6 sudo", "8 sudo"]
    assert config(text).warnings[0].column == 9


def test_a_docker_daemon_is_told_of_once_a_file_and_root_each_time() -> None:
    text = phases("build: {commands: [docker build ., docker run x, yum install a, yum install b]}")
    assert warnings(text) == ["3 docker", "3 root", "3 root"]


def test_another_user_is_told_to_need_a_runner_that_can() -> None:
    assert warnings(phases("build: {run-as: tester, commands: [make]}")) == ["3 run-as"]
    assert warnings(phases("build: {run-as: root, commands: [make]}")) == []
