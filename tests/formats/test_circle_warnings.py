"""What a runner without root can not do is said at its line, before the run."""

from __future__ import annotations

import pytest

from tests.formats.test_circle import codes, parse


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("sudo make install", "needs-root"),
        ("sudo apt-get update", "needs-root"),
        ("apt-get install -y libpq-dev", "needs-root"),
        ("sudo add-apt-repository -y ppa:chris-lea/node.js", "needs-root"),
        ("sudo dpkg -i x.deb", "needs-root"),
        ("echo '127.0.0.1 dev' | sudo tee -a /etc/hosts", "needs-root"),
        ("sudo service postgresql restart", "needs-root"),
        ("sudo /etc/init.d/postgresql stop", "needs-root"),
        ("sudo systemctl restart x", "needs-root"),
        ("docker build -t app .", "no-docker"),
        ("docker-compose up -d", "no-docker"),
        ("case $CIRCLE_NODE_INDEX in 0) a ;; esac", "one-node"),
        ("cp x /home/ubuntu/app/y", "home"),
        ("pyenv global 2.7.12 3.4.4", "version-manager"),
        ("nvm install 4 && nvm alias default 4", "version-manager"),
        ("ssh-add ~/.ssh/id_circle_deploy", "ssh"),
    ],
)
def test_what_can_not_work_is_warned_of(command: str, code: str) -> None:
    config = parse(f'test:\n  override:\n    - true\n    - "{command}"\n')
    assert codes(config) == [(4, code)]
    assert config.warnings[0].severity == "warning"
    assert config.warnings[0].suggestion


@pytest.mark.parametrize(
    "command",
    [
        "make sudoku",
        "python manage.py test",
        "./docker/build.sh",
        "pip install docker-py",
        "echo my-sudo",
        "npm run service-start",
        "echo $CIRCLE_NODE_TOTAL",
        "ls /home/ubuntuX",
        "flake8 apt-get.py",
    ],
)
def test_what_works_is_not(command: str) -> None:
    assert codes(parse(f"test:\n  override:\n    - {command}\n")) == []


def test_a_line_of_a_block_is_shown_at_itself() -> None:
    text = """\
test:
  override:
    - |
      set -e
      # sudo would be nice
      sudo make install
      make test
"""
    assert codes(parse(text)) == [(6, "needs-root")]


def test_a_complex_key_is_looked_at_too() -> None:
    text = "test:\n  override:\n    - ? |\n        make\n        sudo make\n      : timeout: 3\n"
    assert codes(parse(text)) == [(5, "needs-root")]


def test_every_section_is_looked_at() -> None:
    text = """\
machine:
  pre:
    - sudo a
dependencies:
  override:
    - sudo b
test:
  post:
    - sudo c
deployment:
  x:
    branch: a
    commands:
      - sudo d
"""
    assert codes(parse(text)) == [(line, "needs-root") for line in (3, 6, 9, 14)]


def test_circlecis_home_in_values_is_warned_of() -> None:
    text = """\
machine:
  environment:
    PATH: /home/ubuntu/bin:$PATH
test:
  override:
    - make:
        pwd: /home/ubuntu/app
"""
    assert codes(parse(text)) == [(3, "home"), (7, "home")]


def test_a_checkout_pre_never_ran() -> None:
    config = parse("checkout:\n  pre: [git clean]\ntest: {override: [t]}")
    assert codes(config) == [(2, "too-late")]
    assert config.jobs[0].phases[0].name == "test"
