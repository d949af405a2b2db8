"""`dishwasher schema` prints what the parser declares."""

from __future__ import annotations

import json

import pytest
from dishwasher.cli.main import main
from dishwasher.formats import native


def test_it_prints_the_schema_of_the_native_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed) == native.schema()
    assert printed.startswith('{\n  "$schema": "https://json-schema.org/draft/2020-12/schema"')
