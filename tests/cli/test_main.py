"""What somebody sees who types a command, and mostly a wrong one: one sentence and an exit code."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import dishwasher
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from dishwasher.cli.main import OUR_FAULT, WRONG_USAGE, main
from dishwasher.wiring.settings import DESCRIBED

PROGRAM = (sys.executable, "-m", "dishwasher")
SECONDS = 30


def run(
    *words: str, environment: Mapping[str, str], program: tuple[str, ...] = PROGRAM
) -> tuple[int, str]:
    """Exit code and standard error of a command that ends by itself."""
    done = subprocess.run(
        (*program, *words),
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.fixture(scope="session")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
def environment(tmp_path: Path, private_key: str) -> dict[str, str]:
    return {
        "DISHWASHER_GITHUB_APP_ID": "1",
        "DISHWASHER_GITHUB_PRIVATE_KEY": private_key,
        "DISHWASHER_GITHUB_WEBHOOK_SECRET": "0123456789abcdef",
        "DISHWASHER_DATA": str(tmp_path / "data"),
    }


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "--version") == f"dishwasher {dishwasher.__version__}\n"


def test_help_names_the_commands_and_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    assert {"demo", "serve"} <= set(said(capsys, "--help").split())
    assert DESCRIBED.keys() <= set(said(capsys, "serve", "--help").split())
    assert "--exit" in said(capsys, "demo", "--help")


def test_without_settings_every_missing_one_is_named() -> None:
    code, text = run("serve", environment={})
    assert code == WRONG_USAGE
    assert text.count("is not set") == 3


def test_a_key_that_is_none_is_told(environment: dict[str, str]) -> None:
    broken = "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----"
    code, text = run("serve", environment=environment | {"DISHWASHER_GITHUB_PRIVATE_KEY": broken})
    assert (code, "not an RSA private key in PEM form" in text) == (WRONG_USAGE, True)
    assert "abc" not in text


def test_a_port_in_use_is_told(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, text = run("serve", "--port", str(port), environment=environment)
    assert code == WRONG_USAGE
    assert text == (
        f"dishwasher: can not listen on 127.0.0.1:{port}: Address already in use; "
        "choose another port\n"
    )


def test_a_host_that_is_unknown_is_told(environment: dict[str, str]) -> None:
    code, text = run("serve", "--host", "nowhere.invalid", environment=environment)
    assert (code, "choose another host" in text) == (WRONG_USAGE, True)


def test_a_data_folder_that_can_not_be_used_is_told(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("a file")
    code, text = run("serve", environment=environment)
    assert code == OUR_FAULT
    assert "can not use the data folder" in text and "--data or DISHWASHER_DATA" in text


def test_a_machine_without_bash_is_told(environment: dict[str, str], tmp_path: Path) -> None:
    code, text = run("serve", environment=environment | {"PATH": str(tmp_path)})
    assert (code, "install bash" in text) == (WRONG_USAGE, True)


def test_without_its_packages_the_demo_says_how_to_get_them() -> None:
    lacking = (
        "import sys; sys.modules['jsonschema_rs'] = None\n"
        "from dishwasher.cli.main import main; sys.exit(main())"
    )
    code, text = run("demo", environment={}, program=(sys.executable, "-c", lacking))
    assert code == WRONG_USAGE
    assert "jsonschema_rs" in text and "pip install '.[demo]'" in text


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("buidls", "Did you mean `builds`? "), ("Run", "Did you mean `run`? "), ("xyzzy", "")],
)
def test_a_mistyped_command_is_told_the_nearest(
    typed: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([typed]) == WRONG_USAGE
    assert capsys.readouterr().err == (
        f"dishwasher: there is no command `{typed}`. {meant}"
        "`dishwasher --help` lists all of them.\n"
    )
