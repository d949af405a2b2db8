"""One bare repository on disk: its refs in memory, its objects through git."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dishwasher.demo.github.objects import Commit, Objects, Signature, parse_commit

__all__ = ["ZEROS", "Blob", "GitDirectory", "GitFailed", "git_environment"]

ZEROS = "0" * 40
SHA = re.compile(r"[0-9a-f]{40}")
SHORT = re.compile(r"[0-9a-f]{4,39}")

# What GitHub's servers allow and refuse, in git's own words (git-config(1)).
CONFIG = {
    "uploadpack.allowAnySHA1InWant": "true",  # GitHub serves any commit by its SHA
    "uploadpack.allowFilter": "true",
    "receive.hideRefs": "refs/pull",  # "deny updating a hidden ref"
    "transfer.hideRefs": "refs/standin",
    "receive.denyDeleteCurrent": "warn",
    "http.receivepack": "true",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "core.fsync": "none",
}
SCRATCH = "refs/standin/commit"


class GitFailed(Exception):
    """git said no; the message is what it said."""


@dataclass(frozen=True, slots=True)
class Blob:
    content: bytes
    executable: bool = False


def git_environment() -> dict[str, str]:
    """The machine's own git configuration has no say here."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return kept | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C.UTF-8"}


class GitDirectory:
    """Every change of a ref goes through here or is followed by `reload`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = git_environment()
        # Taken in this order, around the world's lock: pushing, world.lock, writing.
        self.pushing = threading.RLock()  # one push at a time, with the events that it raises
        self.writing = threading.RLock()
        self.objects = Objects(folder, self.environment)
        self.refs: dict[str, str] = {}
        self._known: dict[str, Commit] = {}

    @classmethod
    def create(
        cls, folder: Path, default_branch: str, alternate: Path | None = None
    ) -> GitDirectory:
        folder.mkdir(parents=True)
        made = cls(folder)
        made.run("init", "--quiet", "--bare", f"--initial-branch={default_branch}", ".")
        settings = "".join(
            f"[{key.rpartition('.')[0]}]\n\t{key.rpartition('.')[2]} = {value}\n"
            for key, value in CONFIG.items()
        )
        with (folder / "config").open("a", encoding="utf-8") as config:
            config.write(settings)
        if alternate is not None:
            (folder / "objects/info/alternates").write_text(f"{alternate / 'objects'}\n", "utf-8")
        return made

    def run(self, *arguments: str, stdin: bytes = b"", good: tuple[int, ...] = (0,)) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            capture_output=True,
            check=False,
        )
        if done.returncode not in good:
            raise GitFailed(f"git {arguments[0]}: {done.stderr.decode('utf-8', 'replace').strip()}")
        return done.stdout.decode("utf-8", "surrogateescape")

    def close(self) -> None:
        self.objects.close()

    def reload(self) -> dict[str, tuple[str, str]]:
        """Read the refs from disk; answer what changed: ref -> (before, after), zeros for none."""
        with self.writing:
            listed = self.run("for-each-ref", "--format=%(objectname) %(refname)")
            now = {name: sha for sha, name in (line.split(" ", 1) for line in listed.splitlines())}
            now.pop(SCRATCH, None)
            before, self.refs = self.refs, now
        return {
            ref: (before.get(ref, ZEROS), now.get(ref, ZEROS))
            for ref in sorted(before.keys() | now.keys())
            if before.get(ref) != now.get(ref)
        }

    def update(self, ref: str, sha: str) -> None:
        """Set a ref, or delete it with zeros; fails if somebody else has moved it meanwhile."""
        with self.writing:
            before = self.refs.get(ref, ZEROS)
            if sha == ZEROS:
                self.run("update-ref", "-d", ref, before)
                self.refs.pop(ref, None)
            else:
                self.run("update-ref", ref, sha, before)
                self.refs[ref] = sha

    def branch(self, name: str) -> str | None:
        return self.refs.get(f"refs/heads/{name}")

    def branches_at(self, sha: str) -> list[str]:
        """Branches that stand at a commit."""
        return [
            ref.removeprefix("refs/heads/")
            for ref, target in self.refs.items()
            if target == sha and ref.startswith("refs/heads/")
        ]

    def resolve(self, name: str) -> str | None:
        """The commit that a SHA, branch, tag or ref names, as GitHub's `ref` parameters do."""
        for ref in (name, f"refs/heads/{name}", f"refs/tags/{name}", f"refs/{name}"):
            if ref.startswith("refs/") and ref in self.refs:
                return self._peeled(self.refs[ref])
        if SHA.fullmatch(name) or SHORT.fullmatch(name):
            return self._peeled(name)
        return None

    def commit(self, sha: str) -> Commit | None:
        """One that was asked for before stays known, as pages of GitHub show what git has lost."""
        if sha not in self._known:
            found = self.objects.read(sha)
            if found is None or found.kind != "commit":
                return None
            self._known[found.sha] = parse_commit(found)
            return self._known[found.sha]
        return self._known[sha]

    def has_commit(self, sha: str) -> bool:
        found = self.objects.info(sha) if SHA.fullmatch(sha) else None
        return found is not None and found[1] == "commit"

    def write(
        self,
        files: Mapping[str, Blob | None],
        parents: tuple[str, ...],
        message: str,
        author: Signature,
    ) -> str:
        """Make a commit of the first parent's files with these changed; None deletes a file."""
        person = f"{author.name} <{author.email}> {int(author.at)} +0000"
        stream = [
            f"commit {SCRATCH}\nmark :1\ncommitter {person}\n".encode(),
            _data(message.encode()),
        ]
        for verb, parent in zip(("from", *["merge"] * len(parents)), parents, strict=False):
            stream.append(f"{verb} {parent}\n".encode())
        if not parents:
            stream.append(b"deleteall\n")
        for path, blob in sorted(files.items()):
            if blob is None:
                stream.append(f"D {_quoted(path)}\n".encode())
            else:
                mode = "100755" if blob.executable else "100644"
                stream.append(f"M {mode} inline {_quoted(path)}\n".encode() + _data(blob.content))
        stream.append(b"get-mark :1\ndone\n")
        with self.writing:
            arguments = ("fast-import", "--quiet", "--force", "--done", "--date-format=raw")
            return self.run(*arguments, stdin=b"".join(stream)).strip()

    def write_tree(
        self, tree: str, parents: tuple[str, ...], message: str, author: Signature
    ) -> str:
        """Make a commit of a tree that is there already."""
        at = f"{int(author.at)} +0000"
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        lines += [f"{role} {author.name} <{author.email}> {at}" for role in ("author", "committer")]
        content = "\n".join(lines) + f"\n\n{message}\n"
        return self.run(
            "hash-object", "-t", "commit", "-w", "--stdin", stdin=content.encode()
        ).strip()

    def merged_tree(self, base: str, head: str) -> str | None:
        """The tree of a merge, or None where it conflicts. Needs git 2.38."""
        arguments = ("merge-tree", "--write-tree", "--no-messages", base, head)
        listed = self.run(*arguments, good=(0, 1)).splitlines()
        return listed[0] if len(listed) == 1 else None

    def is_ancestor(self, old: str, new: str) -> bool:
        merge_base = self.run("merge-base", old, new, good=(0, 1)).strip()
        return merge_base == old

    def _peeled(self, sha: str) -> str | None:
        found = self.objects.info(f"{sha}^{{commit}}")
        return found[0] if found is not None else None


def _data(content: bytes) -> bytes:
    return f"data {len(content)}\n".encode() + content + b"\n"


def _quoted(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
