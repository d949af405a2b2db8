"""Values to JSON and back: nothing is lost, nothing wrong gets in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Optional

import pytest
from dishwasher.core.build import Build
from dishwasher.core.codec import decode, encode
from dishwasher.core.delivery import Delivery
from dishwasher.core.deploy import Environment
from dishwasher.core.job import Job
from dishwasher.core.report import Report
from dishwasher.core.result import Result
from dishwasher.core.ticket import Bootstrap, Claimed, UploadRequest
from hypothesis import given, settings
from hypothesis import strategies as st


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    weight: float = 1.5


@dataclass(frozen=True, slots=True)
class Thing:
    text: str
    count: int
    ratio: float
    flag: bool
    colour: Colour
    parts: tuple[Part, ...]
    pairs: tuple[tuple[str, int], ...]
    maybe: int | None
    best: Part | None
    old_style: Optional[Colour] = None  # noqa: UP045  # hints may be written like this, too
    made: tuple[str, ...] = field(default_factory=lambda: ("made",))


THING = Thing(
    "é\0\ud800", 2**70, 0.1, True, Colour.BLUE, (Part("a"), Part("b", 2)), (("x", 1),), None, None
)
WRITTEN: dict[str, Any] = {
    "text": "é\0\ud800",
    "count": 2**70,
    "ratio": 0.1,
    "flag": True,
    "colour": "blue",
    "parts": [{"name": "a", "weight": 1.5}, {"name": "b", "weight": 2}],
    "pairs": [["x", 1]],
    "maybe": None,
    "best": None,
    "old_style": None,
    "made": ["made"],
}


def test_a_value_is_written_as_plain_json() -> None:
    assert encode(THING) == WRITTEN
    assert json.loads(json.dumps(encode(THING))) == WRITTEN


def test_and_read_back_as_it_was() -> None:
    thing = decode(Thing, json.loads(json.dumps(encode(THING))))
    assert thing == THING
    assert type(thing.colour) is Colour
    assert type(thing.parts[1].weight) is float


@pytest.mark.parametrize("value", [None, True, 0, 1.5, "text", Colour.RED, [], ()])
def test_simple_values_are_written_as_they_are(value: object) -> None:
    assert json.dumps(encode(value)) == json.dumps(value)


def test_lists_are_written_like_tuples() -> None:
    assert encode([Part("a", 1.0), (Colour.RED,)]) == [{"name": "a", "weight": 1.0}, ["red"]]


@pytest.mark.parametrize(
    "place, value, complaint",
    [
        ("text", 1, "Thing.text: expected str, found int"),
        ("text", None, "Thing.text: expected str, found NoneType"),
        ("count", True, "Thing.count: expected int, found bool"),
        ("count", 1.0, "Thing.count: expected int, found float"),
        ("count", "1", "Thing.count: expected int, found str"),
        ("ratio", "0.1", "Thing.ratio: expected float, found str"),
        ("ratio", False, "Thing.ratio: expected float, found bool"),
        ("ratio", float("nan"), "Thing.ratio: expected a finite number"),
        ("ratio", float("-inf"), "Thing.ratio: expected a finite number"),
        ("ratio", 10**400, "Thing.ratio: expected a finite number"),
        ("flag", 0, "Thing.flag: expected bool, found int"),
        ("colour", "green", "Thing.colour: expected red or blue, found str"),
        ("colour", 3, "Thing.colour: expected red or blue, found int"),
        ("colour", [], "Thing.colour: expected red or blue, found list"),
        ("parts", {}, "Thing.parts: expected a list, found dict"),
        ("parts", "ab", "Thing.parts: expected a list, found str"),
        ("parts", [{"name": "a"}, []], r"Thing.parts\[1\]: expected an object, found list"),
        ("parts", [{"name": 1}], r"Thing.parts\[0\].name: expected str, found int"),
        ("parts", [{"weight": 1.0}], r"Thing.parts\[0\]: name is missing"),
        ("pairs", [["x"]], r"Thing.pairs\[0\]: expected a list of 2, found list"),
        ("pairs", [["x", 1, 2]], r"Thing.pairs\[0\]: expected a list of 2, found list"),
        ("pairs", [["x", "1"]], r"Thing.pairs\[0\]\[1\]: expected int, found str"),
        ("maybe", "", "Thing.maybe: expected int, found str"),
        ("best", [], "Thing.best: expected an object, found list"),
        ("best", {"name": None}, "Thing.best.name: expected str, found NoneType"),
        ("old_style", "", "Thing.old_style: expected red or blue, found str"),
        ("made", None, "Thing.made: expected a list, found NoneType"),
    ],
)
def test_a_wrong_shape_is_an_error_with_its_place(
    place: str, value: object, complaint: str
) -> None:
    with pytest.raises(ValueError, match=f"^{complaint}$"):
        decode(Thing, {**WRITTEN, place: value})


@pytest.mark.parametrize("data", [None, [], "text", 1, True])
def test_what_is_no_object_is_an_error(data: object) -> None:
    with pytest.raises(ValueError, match=r"^Thing: expected an object, found"):
        decode(Thing, data)


@pytest.mark.parametrize("name", [name for name in WRITTEN if name not in ("old_style", "made")])
def test_a_missing_value_without_a_default_is_an_error(name: str) -> None:
    data = {key: value for key, value in WRITTEN.items() if key != name}
    with pytest.raises(ValueError, match=f"^Thing: {name} is missing$"):
        decode(Thing, data)


def test_a_missing_value_takes_its_default() -> None:
    data = {key: value for key, value in WRITTEN.items() if key not in ("old_style", "made")}
    assert decode(Thing, data) == THING
    assert decode(Part, {"name": "a"}) == Part("a", 1.5)


def test_what_is_not_known_is_ignored() -> None:
    assert decode(Part, {"name": "a", "colour": {"deep": []}, "": 1}) == Part("a")


def test_a_kind_that_it_does_not_know_is_our_mistake() -> None:
    @dataclass(frozen=True)
    class Mapping:
        values: dict[str, int]

    @dataclass(frozen=True)
    class Either:
        value: int | str

    @dataclass(frozen=True)
    class Many:
        value: int | str | None

    with pytest.raises(TypeError, match="does not know dict"):
        decode(Mapping, {"values": {}})
    for kind in (Either, Many):
        with pytest.raises(TypeError, match="unions with None"):
            decode(kind, {"value": 1})


# The values that can be read back; other tests of this session want no others either.
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
KINDS = (Job, Build, Delivery, Environment, Report, Result, Bootstrap, Claimed, UploadRequest)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_record_and_word_comes_back_as_it_was(kind: type) -> None:
    # No deadline and few examples: building the values takes most of the time.
    @settings(max_examples=25, deadline=None)
    @given(st.from_type(kind))
    def check(value: object) -> None:
        assert decode(kind, json.loads(json.dumps(encode(value)))) == value

    check()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_whatever_is_read_is_a_value_or_a_value_error(kind: type) -> None:
    names = st.sampled_from([field.name for field in fields(kind)])

    @settings(max_examples=50, deadline=None)
    @given(JSON | st.dictionaries(names, JSON))
    def check(data: object) -> None:
        try:
            value: object = decode(kind, data)
        except ValueError:
            return
        assert type(value) is kind

    check()
