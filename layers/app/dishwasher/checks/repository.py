"""git, asked about a repository that nobody trusts: it reads objects and runs nothing."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from dishwasher.checks import diff
from dishwasher.core.event import SHA
from dishwasher.errors import InfraError

SECONDS = 300.0
"""A git that takes longer is stuck: the Linux kernel's whole diff takes a few seconds."""

_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_OPTIONS = (
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.attributesFile=/dev/null"),
    *("-c", "core.quotePath=true"),
    # Larger files count as binary, so that none of their lines is printed.
    *("-c", "core.bigFileThreshold=1m"),
    *("-c", "protocol.allow=never"),
    # The checkout can belong to the job's own user.
    *("-c", "safe.directory=*"),
)
_DIFF = (
    *("diff", "-U0", "--inter-hunk-context=0", "--full-index", "--find-renames"),
    *("--no-color", "--no-ext-diff", "--no-textconv", "--no-relative", "--no-indent-heuristic"),
    *("--ignore-submodules=all", "--src-prefix=a/", "--dst-prefix=b/", "--diff-filter=AMR"),
)

_GREP = (
    *("grep", "-I", "-F", "-w", "-o", "-z", "--no-color", "--no-line-number", "--no-column"),
    *("--no-heading", "--no-recurse-submodules", "--no-textconv"),
)


class Repository:
    """Commits and blobs of the checkout at `path`; a git that fails is an InfraError."""

    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        self._path = path
        # A GIT_DIR or GIT_EXTERNAL_DIFF from outside would turn all of this around.
        inherited = {k: v for k, v in environment.items() if not k.startswith("GIT_")}
        self._environment = {**inherited, **_ENVIRONMENT}

    def empty_tree(self) -> str:
        """The id of the tree without files, which every repository is at least."""
        return self._text("hash-object", "-t", "tree", "/dev/null").strip()

    def start_of_changes(self, base: str, head: str) -> str:
        """The commit that both have in common, or the base where the history does not say.

        Without it, what the base has gained since would look like lines that the head deletes.
        """
        question = ("merge-base", _checked(base), _checked(head))
        with self._run(question, accept=(0, 1, 128)) as answer:
            common = answer.read().decode().strip()
        return common if SHA.fullmatch(common) else base

    def added(self, base: str, head: str) -> Iterator[diff.Added]:
        """Files with the lines that head has and base does not have; renames are followed."""
        with self._run((*_DIFF, _checked(base), _checked(head), "--")) as patch:
            yield from diff.added(patch)

    def blobs(self, ids: Iterable[str]) -> Iterator[bytes]:
        """The content of each blob, in the order of the ids."""
        with tempfile.TemporaryFile() as names:
            names.write("".join(f"{_checked(id)}\n" for id in ids).encode())
            names.seek(0)
            with self._run(("cat-file", "--batch"), names) as output:
                while head := output.readline().decode():
                    name, *kind = head.split()
                    if len(kind) != 2 or kind[0] != "blob":
                        raise InfraError(f"no blob {name} in this checkout: git says {head!r}")
                    yield output.read(int(kind[1]))
                    output.readline()

    def files(self, commit: str, names: Iterable[str]) -> dict[str, str]:
        """Blob ids of those of these files at the commit's root that are regular files."""
        listed = self._text("ls-tree", "-z", "--full-tree", _checked(commit), "--", *names)
        found = {}
        for entry in filter(None, listed.split("\0")):
            attributes, _, name = entry.partition("\t")
            mode, _, id = attributes.split()
            if mode.startswith("100"):
                found[name] = id
        return found

    def files_with(self, commit: str, words: Iterable[str]) -> dict[str, int]:
        """In how many of the commit's text files each of the words stands by itself."""
        patterns = [part for word in words for part in ("-e", word)]
        if not patterns:
            return {}
        with self._run((*_GREP, *patterns, _checked(commit), "--"), accept=(0, 1)) as output:
            places = {line.strip(b"\n") for line in output if b"\0" in line}
        counts: dict[str, int] = {}
        for place in places:
            word = place.rpartition(b"\0")[2].decode("utf-8", "replace")
            counts[word] = counts.get(word, 0) + 1
        return counts

    def _text(self, *arguments: str) -> str:
        with self._run(arguments) as output:
            return output.read().decode("utf-8", "surrogateescape")

    @contextmanager
    def _run(
        self,
        arguments: tuple[str, ...],
        stdin: IO[bytes] | int = subprocess.DEVNULL,
        accept: tuple[int, ...] = (0,),
    ) -> Iterator[IO[bytes]]:
        """Its output as a file: what a push changed may not fit into memory."""
        with tempfile.TemporaryFile() as output:
            try:
                done = subprocess.run(
                    ("git", *_OPTIONS, *arguments),
                    cwd=self._path,
                    env=self._environment,
                    stdin=stdin,
                    stdout=output,
                    stderr=subprocess.PIPE,
                    timeout=SECONDS,
                    check=False,
                )
            except FileNotFoundError as error:
                raise InfraError(f"git is not installed, or {self._path} is gone") from error
            except subprocess.TimeoutExpired as error:
                raise InfraError(f"git {arguments[0]} took over {SECONDS:.0f} seconds") from error
            if done.returncode not in accept:
                said = done.stderr.decode("utf-8", "replace").strip()[-500:]
                raise InfraError(f"git {arguments[0]} failed ({done.returncode}): {said}")
            output.seek(0)
            yield output


def _checked(id: str) -> str:
    if not SHA.fullmatch(id):
        raise InfraError(f"{id[:80]!r} is not the id of a git object")
    return id
