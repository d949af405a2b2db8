"""What changed between two commits, as GitHub's compare, files and push payloads tell it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from dishwasher.demo.github.gitdir import GitDirectory

__all__ = ["Change", "Comparison", "changes", "compare", "name_status"]

# The empty tree, which git knows without it being stored: what a root commit is compared with.
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
STATUS = {
    "A": "added",
    "D": "removed",
    "M": "modified",
    "R": "renamed",
    "C": "copied",
    "T": "changed",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One file. `patch` starts at the first `@@`; None for a binary file or a pure rename."""

    path: str
    status: str
    additions: int
    deletions: int
    sha: str | None
    patch: str | None
    previous_path: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`commits` are those that head has and base has not, oldest first."""

    status: str
    merge_base: str
    ahead: int
    behind: int
    commits: tuple[str, ...]


@lru_cache(maxsize=256)  # two commits never compare differently
def compare(git: GitDirectory, base: str, head: str) -> Comparison | None:
    """None where the two have no common ancestor: GitHub answers 404."""
    merge_base = git.run("merge-base", base, head, good=(0, 1)).strip()
    if not merge_base:
        return None
    counts = git.run("rev-list", "--left-right", "--count", f"{base}...{head}").split()
    behind, ahead = int(counts[0]), int(counts[1])
    commits = git.run("rev-list", "--reverse", "--topo-order", f"{base}..{head}").split()
    status = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}.get(
        (ahead > 0, behind > 0), "diverged"
    )
    return Comparison(status, merge_base, ahead, behind, tuple(commits))


@lru_cache(maxsize=256)
def changes(git: GitDirectory, old: str | None, new: str) -> tuple[Change, ...]:
    """The files that differ, renames found, with their patches."""
    trees = (old or EMPTY_TREE, new)
    raw, counts = _listed(git.run("diff-tree", "-r", "-M", "--raw", "--numstat", "-z", *trees))
    sections = _patches(git.run("diff-tree", "-r", "-M", "-p", "--no-color", *trees))
    found = []
    for letter, sha, previous, path in raw:
        patch = sections.pop(0) if sections else None
        if letter == "T" and sections:
            sections.pop(0)  # a change of type is shown as a removal and an addition
        added, removed = counts.get(path, (0, 0))
        kept = None if set(sha) == {"0"} else sha
        status = STATUS.get(letter, "changed")
        found.append(Change(path, status, added, removed, kept, patch, previous))
    return tuple(found)


def _listed(
    text: str,
) -> tuple[list[tuple[str, str, str | None, str]], dict[str, tuple[int, int]]]:
    """Parse `--raw --numstat -z`: (letter, new sha, old path, path) in order, and the counts."""
    words = iter(text.split("\0"))
    raw: list[tuple[str, str, str | None, str]] = []
    counts: dict[str, tuple[int, int]] = {}
    for word in words:
        if word.startswith(":"):
            _, _, _, sha, status = word.split(" ")
            first = next(words)
            moved = status[0] in "RC"
            raw.append((status[0], sha, first if moved else None, next(words) if moved else first))
        elif word.count("\t") == 2:
            added, removed, path = word.split("\t")
            if not path:
                next(words)
                path = next(words)
            counts[path] = (0, 0) if added == "-" else (int(added), int(removed))
    return raw, counts


def _patches(text: str) -> list[str | None]:
    """One patch for each `diff --git` section, cut before its first hunk."""
    sections: list[list[str]] = []
    for line in text.split("\n"):
        if line.startswith("diff --git "):
            sections.append([])
        elif sections:
            sections[-1].append(line)
    found: list[str | None] = []
    for section in sections:
        start = next((at for at, line in enumerate(section) if line.startswith("@@ ")), None)
        found.append(None if start is None else "\n".join(section[start:]).rstrip("\n"))
    return found


def name_status(git: GitDirectory, commits: list[str]) -> dict[str, dict[str, list[str]]]:
    """For each commit the paths that it added, removed and modified, as a push payload has them."""
    found: dict[str, dict[str, list[str]]] = {
        sha: {"added": [], "removed": [], "modified": []} for sha in commits
    }
    arguments = ("diff-tree", "--stdin", "-r", "--root", "--name-status", "-z")
    words = iter(
        git.run(*arguments, stdin="".join(f"{sha}\n" for sha in commits).encode()).split("\0")
    )
    kinds = {"A": "added", "D": "removed"}
    sha = ""
    for word in words:
        if word in found:
            sha = word
        elif word:
            found[sha][kinds.get(word, "modified")].append(next(words))
    return found
