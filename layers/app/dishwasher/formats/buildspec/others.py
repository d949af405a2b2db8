"""The buildspecs that a batch's builds name: files of the repository, or texts in the batch."""

from __future__ import annotations

from dishwasher.formats import compose
from dishwasher.formats.buildspec import keys
from dishwasher.formats.buildspec.recipe import Recipe, fields, moved, read
from dishwasher.formats.problems import Problems, show
from dishwasher.formats.reader import Reader
from dishwasher.formats.repository import Repository
from dishwasher.formats.tree import Scalar, Style


class Others:
    """Reads each once; what is wrong in one is told where the batch names it."""

    def __init__(self, repository: Repository, reader: Reader) -> None:
        self._repository = repository
        self._reader = reader
        self._read: dict[str, Recipe | None] = {}
        self.told: set[str] = set()
        """Images of which a warning has been given."""

    def recipe(self, written: Scalar) -> Recipe | None:
        """Of a path or of a text; None after noting why there is none."""
        text = written.text
        if text not in self._read:
            is_text = "\n" in text.strip() or text.lstrip().startswith("{")
            self._read[text] = self._inline(written) if is_text else self._file(written)
        return self._read[text]

    def _file(self, written: Scalar) -> Recipe | None:
        path = written.text.strip().removeprefix("./")
        if path.startswith("arn:"):
            message = f"{show(path)} is not in the repository, and nothing else is read"
            self._reader.note(written, "missing-file", message, "Copy the file into it.")
            return None
        text = self._repository.read(path)
        if text is None:
            message = f"there is no file {show(path)} in the repository"
            near = self._reader.problems.nearest(path, sorted(self._repository.paths))
            self._reader.note(written, "missing-file", message, near)
            return None
        return self._parsed(written, text, path, None)

    def _inline(self, written: Scalar) -> Recipe | None:
        """A literal text's lines are lines of this file."""
        offset = written.line if written.style is Style.LITERAL else None
        return self._parsed(written, written.text, "this text", offset)

    def _parsed(self, written: Scalar, text: str, name: str, offset: int | None) -> Recipe | None:
        problems = Problems()
        reader = Reader(problems)
        root = compose.parse(text.encode("utf-8", "replace"), problems)
        top = fields(root, reader) if root is not None else None
        recipe = read(top, reader) if top is not None else None
        if recipe is not None and not recipe.spec.phases and not problems:
            assert root is not None
            reader.note(root, "missing-phases", "there are no `phases` that run something")
        if top is not None and keys.BATCH in top:
            reader.warn(top.entry(keys.BATCH).key, "no-effect", "a batch in a batch is not read")
        for problem in problems.in_file_order():
            place = (written.line, written.column) if offset is None else (offset + problem.line, 1)
            where = f"line {problem.line} of {name}: " if offset is None else ""
            message = where + problem.message
            self._reader.problems.add(
                *place, problem.code, message, problem.suggestion, problem.severity
            )
        if recipe is None or problems:
            if not problems:
                self._reader.note(written, "empty", f"{show(name)} is empty")
            return None
        return moved(recipe, written.line, offset)
