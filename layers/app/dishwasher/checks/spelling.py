"""Misspelt words on the lines that a push or pull request added, found by typos.

The changed files are exported by blob, never read from the work tree, and typos gets a folder:
given a list of files it is ten times slower. What the repository says about words (`_typos.toml`)
counts as it stands on the base commit, because the head belongs to whoever proposes the change.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dishwasher.checks import brands, selection, typos
from dishwasher.checks.diff import Added
from dishwasher.checks.repository import Repository
from dishwasher.core.config import Spelling
from dishwasher.core.findings import Finding, Level
from dishwasher.errors import InfraError, UserError

LONGEST_LINE = 5_000
"""Bytes; a longer line is no prose, and a file of one such line would be decoded for each word."""
KNOWN_FILES = 4
"""A word that so many files of the base hold is the project's own."""
SECONDS = 300.0
"""typos reads 25 MB a second; all of Django takes one."""

# In the order in which typos looks for them:
# https://github.com/crate-ci/typos/blob/master/docs/reference.md
CONFIGS = ("typos.toml", "_typos.toml", ".typos.toml", "Cargo.toml", "pyproject.toml")

NOTHING_SET = Spelling()
_FOUND = (0, 2)
_BAD_CONFIG = 78
"""EX_CONFIG of sysexits.h."""


@dataclass(frozen=True, slots=True)
class SpellingReport:
    """Findings, one for each word; how often such words stand on added lines; files looked at."""

    findings: tuple[Finding, ...]
    total: int
    files: int
    brands: int = 0
    """How many of the findings are names in a wrong spelling; these come first."""


@dataclass(frozen=True, slots=True)
class _Word:
    """A misspelling at its place: 1-based line and column."""

    typo: typos.Typo
    column: int


def check(
    repository: Path,
    base_sha: str,
    head_sha: str,
    environment: Mapping[str, str],
    settings: Spelling = NOTHING_SET,
) -> SpellingReport:
    """Look at the lines that head added since base; at all lines where base is empty.

    InfraError: git or typos is missing or failed. UserError: typos refuses the project's config.
    """
    program = _program(environment)
    git = Repository(repository, environment)
    has_base = bool(base_sha.strip("0"))
    start = git.start_of_changes(base_sha, head_sha) if has_base else git.empty_tree()
    with tempfile.TemporaryDirectory(prefix="spelling-", dir=_folder(environment)) as scratch:
        export = Path(scratch, "files")
        export.mkdir()
        files = _export(git, start, head_sha, export)
        if not files:
            return SpellingReport((), 0, 0)
        config = _config(git, base_sha, Path(scratch)) if has_base else None
        words = _words(_run(program, export, config, environment), files, export)
        names = tuple(_brands(settings, files, export))
    known = _known(git, base_sha, words) if has_base else frozenset()
    right = {word.casefold() for word in settings.words}
    words = [
        word
        for word in words
        if word.typo.word not in known and word.typo.word.casefold() not in right
    ]
    found = (*names, *_findings(words))
    return SpellingReport(found, len(words) + len(names), len(files), len(names))


def _brands(settings: Spelling, files: Mapping[str, Added], export: Path) -> Iterator[Finding]:
    """Names that stand on added lines in another spelling than theirs."""
    wanted = brands.compiled(settings.brands)
    if not wanted:
        return
    for path in sorted(files):
        lines = (export / path).read_text("utf-8").split("\n")
        numbered = (
            (number, line, files[path].holds(number)) for number, line in enumerate(lines, 1)
        )
        yield from brands.found(wanted, path, numbered)


def _folder(environment: Mapping[str, str]) -> str | None:
    """The job's own folder for temporary files, if it has one: it goes when the job goes."""
    folder = environment.get("TMPDIR", "")
    return folder if os.path.isdir(folder) else None


def _program(environment: Mapping[str, str]) -> str:
    # Where pip puts programs: beside the interpreter, or below the folder of its `--target`, which
    # a layer of Lambda is. Then where the job finds its own.
    ours = (os.path.dirname(sys.executable), *(f"{place}/bin" for place in sys.path if place))
    path = os.pathsep.join(filter(None, (*ours, environment.get("PATH"))))
    found = shutil.which("typos", path=path)
    if found is None:
        raise InfraError("typos is not installed on this runner: run `pip install typos`")
    return found


def _export(git: Repository, start: str, head: str, folder: Path) -> dict[str, Added]:
    """Write the changed files' content below the folder, and say what was written."""
    wanted = {}
    for added in git.added(start, head):
        path = selection.wanted(added.path, added.mode)
        if path is not None:
            wanted[path] = added
    contents = git.blobs(added.blob for added in wanted.values())
    files = {}
    for (path, added), data in zip(wanted.items(), contents, strict=True):
        if selection.is_prose(data):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            files[path] = added
    return files


def _config(git: Repository, base: str, folder: Path) -> Path | None:
    """The first of the base commit's files that configures typos, as a file below the folder."""
    present = git.files(base, CONFIGS)
    for name in CONFIGS:
        if name not in present:
            continue
        (data,) = git.blobs([present[name]])
        if name in ("Cargo.toml", "pyproject.toml") and not _has_section(data):
            continue
        target = folder / name
        target.write_bytes(data)
        return target
    return None


def _has_section(data: bytes) -> bool:
    """Whether a file of another tool has a section for typos."""
    if b"typos" not in data:
        return False
    try:
        parsed = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        # typos itself says best what is wrong with it.
        return True
    sections = (("tool",), ("package", "metadata"), ("workspace", "metadata"))
    return any("typos" in _table(parsed, keys) for keys in sections)


def _table(parsed: Mapping[str, object], keys: tuple[str, ...]) -> Mapping[str, object]:
    for key in keys:
        inner = parsed.get(key)
        parsed = inner if isinstance(inner, dict) else {}
    return parsed


def _run(
    program: str, export: Path, config: Path | None, environment: Mapping[str, str]
) -> list[typos.Typo]:
    # --isolated: no config of the exported head, of /tmp or of a home counts.
    command = [program, "--isolated", "--format", "json", "--no-check-filenames"]
    command += ["--no-ignore", "--hidden", *(("--config", str(config)) if config else ()), "."]
    with tempfile.TemporaryFile() as output:
        try:
            done = subprocess.run(
                command,
                cwd=export,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.PIPE,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise InfraError(f"typos took over {SECONDS:.0f} seconds") from error
        said = done.stderr.decode("utf-8", "replace").strip()[-1000:]
        if done.returncode == _BAD_CONFIG and config:
            raise UserError(f"{config.name} of the base commit is not a config of typos:\n{said}")
        if done.returncode not in _FOUND:
            raise InfraError(f"typos failed ({done.returncode}): {said}")
        output.seek(0)
        return list(typos.parse(output))


def _words(found: list[typos.Typo], files: Mapping[str, Added], export: Path) -> list[_Word]:
    """What stands on added lines and is likely a misspelling, in the order of its place."""
    lines: dict[str, list[bytes]] = {}
    words = []
    for typo in sorted(found, key=lambda typo: (typo.path, typo.line, typo.offset)):
        if not files[typo.path].holds(typo.line):
            continue
        if typo.path not in lines:
            # One file at a time: they come sorted by path.
            lines = {typo.path: (export / typo.path).read_bytes().split(b"\n")}
        line = lines[typo.path][typo.line - 1]
        if len(line) > LONGEST_LINE:
            continue
        before = line[: typo.offset].decode("utf-8")
        if not typos.is_noise(line.decode("utf-8"), len(before), typo.word):
            words.append(_Word(typo, len(before) + 1))
    return words


def _known(git: Repository, base: str, words: Sequence[_Word]) -> frozenset[str]:
    unique = dict.fromkeys(word.typo.word for word in words)
    counts = git.files_with(base, unique)
    return frozenset(word for word, files in counts.items() if files >= KNOWN_FILES)


def _findings(words: Sequence[_Word]) -> tuple[Finding, ...]:
    """One for each word, at its first place."""
    by_word: dict[str, list[_Word]] = {}
    for word in words:
        by_word.setdefault(word.typo.word.lower(), []).append(word)
    return tuple(_finding(same[0], len(same) - 1) for same in by_word.values())


def _finding(word: _Word, more: int) -> Finding:
    typo = word.typo
    said = f"`{typo.word}` → {_either(typo.corrections)}" if typo.corrections else f"`{typo.word}`"
    again = f" Also in {more} more place{'s'[: more > 1]}." if more else ""
    key = typo.word.lower()
    hint = f'Not a typo? Add `{key} = "{key}"` under `[default.extend-words]` in `_typos.toml`.'
    return Finding(
        path=typo.path,
        start_line=typo.line,
        end_line=typo.line,
        level=Level.NOTICE,
        message=f"{said}.{again} {hint}",
        title="spelling",
        start_column=word.column,
        end_column=word.column + len(typo.word) - 1,
    )


def _either(corrections: tuple[str, ...]) -> str:
    *others, last = (f"`{correction}`" for correction in corrections)
    return f"{', '.join(others)} or {last}" if others else last
