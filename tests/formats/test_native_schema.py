"""The JSON Schema of the native format and its parser agree, key by key."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from dishwasher.core.config import Config
from dishwasher.errors import ConfigError
from dishwasher.formats import native
from dishwasher.formats.native import keys, parts
from dishwasher.formats.schema import Key, Record

from tests.corpus.case import cases

SCHEMA = native.schema()
VALIDATOR = jsonschema_rs.Draft202012Validator(SCHEMA)
DOCS = Path(__file__).parents[2] / "docs" / "config.md"
Json = dict[str, Any]


def parsed(file: Json) -> Config:
    return native.parse(".dishwasher.yml", json.dumps(file).encode())


def complaints(file: Any) -> list[str]:
    return [f"{error.instance_path}: {error.message}" for error in VALIDATOR.iter_errors(file)]


class Loader(yaml.SafeLoader):
    """YAML as editors read it before they ask the schema: dates and `1:30` are text."""


NUMBERS = {
    "tag:yaml.org,2002:int": re.compile(r"[-+]?[0-9]+$"),
    "tag:yaml.org,2002:float": re.compile(r"[-+]?[0-9]+\.[0-9]+$"),
}
Loader.yaml_implicit_resolvers = {
    first: [
        (tag, NUMBERS.get(tag, pattern))
        for tag, pattern in resolvers
        if not tag.endswith(":timestamp")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def plain(value: Any) -> Any:
    """With text for keys, as JSON has it."""
    if isinstance(value, dict):
        return {str(name): plain(held) for name, held in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def loaded(data: bytes | str) -> Any:
    return plain(yaml.load(data, Loader))


CHECK: Json = {"run": "make"}
OTHERS: Json = {"lint": "flake8"}


def check(**keys_of_it: Any) -> Json:
    return {"checks": {**OTHERS, "tests": {**CHECK, **keys_of_it}}}


def deployment(**keys_of_it: Any) -> Json:
    given = {"branch": "main", "run": "./deploy.sh", **keys_of_it}
    return {"checks": OTHERS, "deployments": {"staging": given}}


def spelling(**keys_of_it: Any) -> Json:
    return {"checks": {**OTHERS, "words": {"uses": "spelling", **keys_of_it}}}


def with_key(record: Record, key: Key[Any]) -> Json:
    """A whole file in which the key stands with its own example."""
    given = {key.name: key.example}
    if record is keys.FILE:
        return {"checks": {**OTHERS, "tests": "make"}, **given}
    if record is keys.MACHINE_RECORD:
        return {"machine": given, "checks": OTHERS}
    if record is keys.CHECK_RECORD:
        if key in (keys.USES, keys.WITH, keys.FAIL):
            return spelling(**given)
        return check(**given)
    if record is keys.DEPLOYMENT_RECORD:
        if key is keys.WHEN:
            return {"deployments": {"staging": {"run": "./deploy.sh", **given}}}
        return deployment(**given)
    if record is parts.WHEN_RECORD:
        return check(when=given)
    if record is parts.REPORTS_RECORD:
        return check(reports=given)
    if record is parts.CACHE_RECORD:
        return check(cache={"paths": [".tox"], "key": "tox-", **given})
    if record is parts.SPELLING_RECORD:
        return spelling(**{"with": given})
    if record is keys.SCHEDULE_RECORD:
        schedule = {"cron": "0 4 * * *", **given}
        return {"checks": {"tests": "make"}, "schedules": {"nightly": schedule}}
    assert record is keys.INPUT_RECORD
    return {"checks": OTHERS, "inputs": {"SITE": given}}


EVERY_KEY = [(record, key) for record in keys.RECORDS for key in record.keys]


@pytest.mark.parametrize(
    ("record", "key"), EVERY_KEY, ids=[f"{record.where}-{key.name}" for record, key in EVERY_KEY]
)
def test_every_example_is_accepted_by_the_parser_and_by_the_schema(
    record: Record, key: Key[Any]
) -> None:
    file = with_key(record, key)
    assert complaints(file) == []
    assert parsed(file).jobs


@pytest.mark.parametrize(
    ("record", "key"), EVERY_KEY, ids=[f"{record.where}-{key.name}" for record, key in EVERY_KEY]
)
def test_a_misspelt_key_is_refused_by_the_parser_and_by_the_schema(
    record: Record, key: Key[Any]
) -> None:
    misspelt = Key(f"{key.name}x", key.type, key.description, key.example)
    file = with_key(record, misspelt)
    assert complaints(file)
    with pytest.raises(ConfigError) as caught:
        parsed(file)
    codes = {problem.code: problem for problem in caught.value.problems}
    assert f"`{key.name}`" in codes["unknown-key"].suggestion


def nodes(schema: Any) -> Iterator[tuple[str, Json]]:
    """The declared keys of the schema, wherever they stand, with their names."""
    if isinstance(schema, list):
        for item in schema:
            yield from nodes(item)
    if not isinstance(schema, dict):
        return
    for name, value in schema.items():
        if name == "properties":
            yield from value.items()
        if name != "examples":
            yield from nodes(list(value.values()) if name == "properties" else value)


def test_every_key_of_the_schema_has_a_description_and_an_example_that_it_allows() -> None:
    found = list(nodes(SCHEMA))
    names = {name for name, _ in found}
    assert {key.name for _, key in EVERY_KEY} <= names
    for name, node in found:
        assert len(node["description"]) > 10, name
        assert node["description"].endswith("."), name
        for example in node["examples"]:
            assert jsonschema_rs.Draft202012Validator(node).is_valid(example), name


def test_it_is_a_valid_schema_of_the_draft_that_it_names() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(SCHEMA)


def test_every_valid_file_of_the_corpus_passes_the_schema() -> None:
    seen = 0
    for case in cases():
        if case.format != "native":
            continue
        try:
            case.parsed()
        except ConfigError:
            continue
        assert complaints(loaded(case.data)) == [], case.name
        seen += 1
    assert seen >= 40


def test_the_first_example_of_the_docs_passes_the_schema() -> None:
    example = DOCS.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    assert complaints(loaded(example)) == []


@pytest.mark.parametrize(
    "file",
    [
        {"checks": {"tests": {}}},
        {"checks": {"tests": {"needs": ["lint"]}}},
        {"checks": {"tests": {"run": []}}},
        {"checks": {"tests": ["make"]}},
        {"checks": ["make"]},
        {"checks": {"tests": {"uses": "speling"}}},
        {"deployments": {"staging": {"run": "x"}}},
        {"deployments": {"staging": {"branch": "main"}}},
        check(timeout=600),
        check(timeout="10 minutes"),
        check(when={"event": "pushed"}),
        check(annotate="flake"),
        check(allow_failure="perhaps"),
        check(matrix={}),
        check(matrix={"python": ["three"]}),
        check(matrix={"DJANGO-VERSION": ["5.2"]}),
        check(secrets=["NOT A NAME"]),
        check(environment={"1X": "y"}),
        check(cache={"files": "x"}),
        {"machine": {"services": ["oracle"]}, "checks": OTHERS},
        {"machine": {"python": "three"}, "checks": OTHERS},
        {"checks": OTHERS, "inputs": {"SITE": {"options": ["one"]}}},
        {"checks": OTHERS, "schedules": {"nightly": {"jobs": ["lint"]}}},
    ],
    ids=json.dumps,
)
def test_what_the_schema_refuses_the_parser_refuses(file: Json) -> None:
    assert complaints(file)
    with pytest.raises(ConfigError):
        parsed(file)


def test_reading_the_schema_leaves_the_declarations_alone() -> None:
    before = copy.deepcopy(native.schema())
    native.schema()["properties"].clear()
    assert native.schema() == before
