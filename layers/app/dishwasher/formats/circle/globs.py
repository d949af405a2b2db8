"""Ruby's braces in globs, which no other format has: `{unit,lib}/*.rb` to two globs."""

from __future__ import annotations

GLOBS = 100
"""Made of one; a text that asks for more is left as it stands."""


def expanded(glob: str) -> tuple[str, ...]:
    """One glob for each combination of alternatives, in Ruby's order; nested braces as well."""
    made: list[str] = []
    waiting = [glob]
    while waiting:
        if len(made) + len(waiting) > GLOBS:
            return (glob,)
        text = waiting.pop(0)
        found = _first(text)
        if found is None:
            made.append(text)
            continue
        start, end, parts = found
        waiting[:0] = [text[:start] + part + text[end:] for part in parts]
    return tuple(dict.fromkeys(made))


def _first(text: str) -> tuple[int, int, list[str]] | None:
    """Begin, end and alternatives of the first outer pair of braces; None without one."""
    start = text.find("{")
    if start < 0:
        return None
    depth, part = 0, ""
    parts: list[str] = []
    for position in range(start, len(text)):
        character = text[position]
        if character == "{":
            depth += 1
            part += character if depth > 1 else ""
        elif character == "}":
            depth -= 1
            if not depth:
                return start, position + 1, [*parts, part]
            part += character
        elif character == "," and depth == 1:
            parts.append(part)
            part = ""
        else:
            part += character
    return None
