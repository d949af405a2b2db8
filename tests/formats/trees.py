"""Trees as plain values, for tests."""

from __future__ import annotations

from typing import TypeAlias

from dishwasher.formats.tree import Mapping, Node, Scalar

Plain: TypeAlias = "str | list[Plain] | dict[str, Plain]"


def plain(node: Node) -> Plain:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Mapping):
        return {entry.key.text: plain(entry.value) for entry in node.entries}
    return [plain(item) for item in node.items]
