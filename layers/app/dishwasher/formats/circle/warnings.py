"""What commands of circle.yml count on that a runner does not have: said before the run.

CircleCI 1.0 gave each build a whole Ubuntu machine with root. https://circleci.com/docs/1.0/
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dishwasher.formats.commands.shell import SCANNED
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader
from dishwasher.formats.tree import Scalar, Style


@dataclass(frozen=True, slots=True)
class _Lack:
    code: str
    words: tuple[str, ...]
    """One of them is in every match: `in` is far faster than a regex."""
    pattern: re.Pattern[str]
    message: str
    suggestion: str


def _lack(code: str, words: str, pattern: str, message: str, suggestion: str = "") -> _Lack:
    return _Lack(code, tuple(words.split()), re.compile(pattern), message, suggestion)


_WORD = r"(?<![\w./-])"
_LACKS = (
    _lack(
        "needs-root",
        "add-apt-repository apt-add-repository ppa: /etc/apt/",
        rf"{_WORD}(?:add-apt-repository|apt-add-repository)\b|\bppa:|/etc/apt/",
        "an Ubuntu package source can not be added: that needs root",
        "Have the runner's image hold what the build needs.",
    ),
    _lack(
        "needs-root",
        "apt-get aptitude dpkg apt yum",
        rf"{_WORD}(?:apt-get|aptitude|dpkg -i|apt install|yum install)(?![\w-]|\.\w)",
        "system packages can not be installed: that needs root",
        "Have the runner's image hold them, or take a package of pip or npm.",
    ),
    _lack(
        "needs-root",
        "/etc/hosts",
        r"/etc/hosts\b",
        "`/etc/hosts` can not be written: that needs root",
        "Use `localhost`.",
    ),
    _lack(
        "needs-root",
        "service systemctl initctl /etc/init.d/",
        rf"{_WORD}(?:service +[\w.-]+ +(?:re)?(?:start|stop|load)\b|systemctl\b|initctl\b)"
        r"|/etc/init\.d/",
        "services of the system can not be started or stopped",
        "What `machine.services`, variables and commands name is started before the commands.",
    ),
    _lack(
        "no-docker",
        "docker",
        rf"{_WORD}docker(?:-compose|-machine)?(?![\w./-])",
        "there is no Docker on a runner",
        "Run the program itself, or push to a builder that has Docker.",
    ),
    _lack(
        "one-node",
        "CIRCLE_NODE_INDEX",
        r"\bCIRCLE_NODE_INDEX\b",
        "a build has one node, with CIRCLE_NODE_INDEX=0: what is meant for others does not run",
        "Run all parts on the one node.",
    ),
    _lack(
        "home",
        "/home/ubuntu",
        r"/home/ubuntu\b",
        "`/home/ubuntu` is not the home directory here",
        "Write `$HOME` or `~`, and a path relative to the checkout for what is in it.",
    ),
    _lack(
        "version-manager",
        "pyenv nvm rvm rbenv phpenv",
        rf"{_WORD}(?:pyenv (?:global|local|install|shell)|nvm (?:use|install|alias)"
        r"|rvm (?:use|install)|rbenv (?:global|local|install)|phpenv global)\b",
        "a runner has no manager of language versions",
        "Write the one version below `machine`.",
    ),
    _lack(
        "ssh",
        ".ssh/id_ sshd SSH_REBUILD",
        rf"\.ssh/id_\w*circle|{_WORD}sshd(?![\w-])|\bSSH_REBUILD\b",
        "the SSH keys and sessions of CircleCI do not exist here",
        "Store the key as a secret, and add it with `ssh-add`.",
    ),
    _lack(
        "needs-root",
        "sudo",
        rf"{_WORD}sudo(?![\w./-])",
        "`sudo` can not work: commands run without root",
        "Delete it where the command works without.",
    ),
)
"""In order of precedence: one warning for a line, the one that helps most."""

OLDEST_PYTHON = (3, 8)
"""Older ones are in no current distribution: https://devguide.python.org/versions/"""
OLDEST_NODE = 16
"""Older ones need OpenSSL 1: https://github.com/nodejs/release#end-of-life-releases"""
_NUMBERS = re.compile(r"v?(\d{1,4})(?:\.(\d{1,4}))?")


def command(text: Scalar, reader: Reader) -> None:
    """Warn of each line of a command that can not work."""
    scanned = text.text[:SCANNED]
    lacks = [lack for lack in _LACKS if any(word in scanned for word in lack.words)]
    in_block = text.style is Style.LITERAL
    for number, line in enumerate(scanned.split("\n") if lacks else ()):
        if line.lstrip().startswith("#"):
            continue
        lack = next((lack for lack in lacks if lack.pattern.search(line)), None)
        if lack is not None:
            place = Scalar(line, text.line + 1 + number, 1) if in_block else text
            reader.warn(place, lack.code, lack.message, lack.suggestion)


def path(text: Scalar, reader: Reader) -> None:
    """Warn of the home directory of CircleCI's machine in a path or a value."""
    for lack in _LACKS:
        if lack.code == "home" and lack.pattern.search(text.text):
            reader.warn(text, lack.code, lack.message, lack.suggestion)


def version(language: str, text: Scalar, reader: Reader) -> None:
    """Warn of a version that a runner can hardly have."""
    found = _NUMBERS.match(text.text)
    numbers = (int(found[1]), int(found[2] or 99)) if found else None
    if language == "python":
        gone = numbers is not None and numbers < OLDEST_PYTHON and numbers != (3, 99)
        gone, newer = gone or text.text.startswith("pypy-"), "3.12"
    elif language == "node":
        gone, newer = numbers is not None and numbers[0] < OLDEST_NODE, "22"
    else:
        message = f"{language} is not set up; the version that the runner has is used, if any"
        reader.warn(text, "language", message)
        return
    if gone:
        name = {"python": "Python", "node": "Node"}[language]
        message = f"{name} {show(text.text)} is long out of maintenance, and a runner hardly has it"
        reader.warn(text, "old-version", message, f"Ask for a later one, such as {newer}.")
