"""The clone of Dishwasher that this program runs from, where it runs from one."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
"""Where template.yaml is, in a clone."""
CHANGED = "+"
"""Behind a commit: with changes that were not committed."""
DIGITS = 12
"""Of a commit's id."""


def version(root: Path = ROOT) -> str:
    """Which commit this is; empty where it is no clone."""
    commit = _git(root, "rev-parse", f"--short={DIGITS}", "HEAD")
    if not commit:
        return ""
    return commit + (CHANGED if _git(root, "status", "--porcelain", "-uno") else "")


def behind(deployed: str, root: Path = ROOT) -> int | None:
    """By how many commits it is older than this clone; None where it is none of its history."""
    commit = deployed.removesuffix(CHANGED)
    if not re.fullmatch(r"[0-9a-f]{7,64}", commit) or not (root / ".git").exists():
        return None
    count = _git(root, "rev-list", "--count", f"{commit}..HEAD")
    if not count or _git(root, "merge-base", commit, "HEAD")[: len(commit)] != commit:
        return None
    return int(count)


def runtime(root: Path = ROOT) -> str:
    """The Python that template.yaml asks for where nobody does; empty where there is none."""
    try:
        text = (root / "template.yaml").read_text("utf-8")
    except OSError:
        return ""
    found = re.search(r"^  Runtime:\n(?:    .*\n)*?    Default: (\S+)$", text, re.MULTILINE)
    return found[1] if found else ""


def parameters(root: Path = ROOT) -> tuple[str, ...]:
    """Names of template.yaml's parameters that a person may give; none where there is no clone."""
    try:
        text = (root / "template.yaml").read_text("utf-8")
    except OSError:
        return ()
    section = re.search(r"^Parameters:\n((?:[ #].*\n|\n)+)", text, re.MULTILINE)
    names = re.findall(r"^  (\w+):$", section[1], re.MULTILINE) if section else []
    return tuple(name for name in names if name != "Version")


def _git(root: Path, *words: str) -> str:
    """What it says; empty where it can not."""
    # Another repository around an installed package is none of ours.
    if not (root / ".git").exists():
        return ""
    try:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
