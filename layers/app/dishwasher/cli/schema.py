"""`dishwasher schema`: the native format as JSON Schema, for editors."""

from __future__ import annotations

import argparse
import json


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "schema",
        help="print the JSON Schema of .dishwasher.yml",
        description="Print the JSON Schema (draft 2020-12) of .dishwasher.yml: every key with "
        "what it means and an example. Editors complete keys with it and show mistakes.",
        epilog="`dishwasher schema > dishwasher.schema.json`, and "
        "`# yaml-language-server: $schema=dishwasher.schema.json` as the first line of the file.",
    )
    parser.set_defaults(call=schema)


def schema(_: argparse.Namespace) -> int:
    """Print it; always 0."""
    from dishwasher.formats import native

    print(json.dumps(native.schema(), indent=2, ensure_ascii=False))
    return 0
