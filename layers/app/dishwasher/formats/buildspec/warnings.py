"""Commands that can not work here, told before the run: there is no root, and no Docker daemon."""

from __future__ import annotations

from collections.abc import Iterator

from dishwasher.formats.buildspec.phases import Stage
from dishwasher.formats.commands.programs import called, name
from dishwasher.formats.commands.shell import Statement, names, place, statements
from dishwasher.formats.problems import WARNING, show
from dishwasher.formats.reader import Reader

PACKAGES = frozenset("apt apt-get aptitude yum dnf microdnf apk zypper rpm dpkg snap".split())  # noqa: SIM905
DAEMON = frozenset("docker docker-compose dockerd podman buildah finch".split())  # noqa: SIM905
ROOTS = frozenset(
    "service systemctl amazon-linux-extras useradd adduser usermod chown mount".split()  # noqa: SIM905
)
"""Programs that need root for whatever they are there for."""
TOOLS = "codebuild-"
"""codebuild-tests-run, codebuild-breakpoint, …: programs of CodeBuild's own agent."""
HOME = "/root/"
ONCE = frozenset({"docker", "codebuild-tool"})
"""Reasons that hold for all of a file's commands alike."""
_HARMLESS = {
    "docker": ("--version", "version", "-v"),
    "rpm": ("-q", "-qa", "--version"),
    "dpkg": ("-l", "-s", "--version"),
}
_WORTH = PACKAGES | DAEMON | ROOTS | {"sudo"}


def warn(stages: tuple[Stage, ...], reader: Reader) -> None:
    """One warning a command and reason, at its line; of what is one lack, one a file."""
    seen: set[str] = set()
    for stage in stages:
        for command in (*stage.commands, *stage.closing):
            seen &= ONCE
            if not _is_worth_it(command.text):
                continue
            for statement in statements(command.text):
                for code, message, suggestion in _reasons(statement):
                    if code not in seen:
                        seen.add(code)
                        spot = place(command, statement.row)
                        reader.problems.add(*spot, code, message, suggestion, WARNING)


def _is_worth_it(text: str) -> bool:
    """Whether a look at each statement may find anything."""
    return TOOLS in text or HOME in text or not _WORTH.isdisjoint(names(text))


def _reasons(statement: Statement) -> Iterator[tuple[str, str, str]]:
    words = called(statement.words)
    program = name(words)
    does = words[1:2] and words[1] not in _HARMLESS.get(program, ())
    if "sudo" in statement.words[: len(statement.words) - len(words)]:
        message = f"{show(statement.text)} needs root, which a job does not have"
        yield "sudo", message, "Install what it needs in the image, or below `~`."
    elif program in PACKAGES and does:
        message = f"{show(statement.text)} installs packages of the system, which needs root"
        yield "root", message, "Put the packages into the image of the runner."
    elif program in ROOTS and does:
        yield "root", f"{show(statement.text)} needs root, which a job does not have", ""
    if program in DAEMON and (does or program == "dockerd"):
        message = f"{show(statement.text)} needs a Docker daemon, which a job's machine may lack"
        yield "docker", message, "Run it where there is one, or leave it out of this file."
    if program.startswith(TOOLS):
        yield "codebuild-tool", f"{show(program)} is a program of CodeBuild that is not here", ""
    if any(word.startswith(HOME) or f"={HOME}" in word for word in statement.words):
        message = f"{show(statement.text)} uses `{HOME}`, and the home of a job is another"
        yield "root-home", message, "Write `~/` or `$HOME/`."
