"""When a job of `.dishwasher.yml` runs; what can never come true together is a mistake."""

from __future__ import annotations

from dishwasher.core.config import Kind
from dishwasher.core.event import Happening
from dishwasher.core.pattern import Filter, Pattern, Syntax
from dishwasher.core.when import When
from dishwasher.formats.native import keys, parts
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader, listing
from dishwasher.formats.schema import Fields, Key

ANY = Pattern("**", Syntax.GLOB)
ON_REQUESTS = (Happening.PULL_REQUEST, Happening.MERGE_GROUP)
WITH_CHANGES = (Happening.PUSH, *ON_REQUESTS)
"""Events whose changed files are known."""


def read(fields: Fields, kind: Kind, reader: Reader) -> When:
    """From `when`, and for deployments from `branch` and `tag` beside it."""
    inner = fields.get(keys.WHEN)
    if inner is not None and inner.says_nothing:
        reader.note(fields.entry(keys.WHEN).key, "empty", "`when` says nothing", "Delete it.")
    if kind is Kind.DEPLOYMENT:
        _note_doubles(fields, inner, reader)
    places = [one for one in (fields, inner) if one is not None]
    branches, tags = (_filter(places, key) for key in (parts.BRANCH, parts.TAG))
    events = _events(inner)
    if inner is not None:
        _note_what_never_counts(places, inner, events, kind, reader)
    if kind is Kind.DEPLOYMENT:
        _check_deployment(fields, places, inner, events, reader)
    if (tags and not tags.only) or (Happening.TAG in events and not tags):
        # Said aloud, because tags that nothing asks for run nothing.
        tags = Filter((ANY,), tags.ignore)
    elif kind is Kind.CHECK and branches and not tags and not events:
        # A tag is on no branch, and what is asked for must hold.
        tags = Filter((), (ANY,))
    paths = inner.or_else(parts.PATH, Filter()) if inner is not None else Filter()
    labels = inner.or_else(parts.LABEL, Filter()) if inner is not None else Filter()
    if labels.only and not events:
        events = (Happening.PULL_REQUEST,)
    return When(branches, tags, paths, events, labels=labels)


def _filter(places: list[Fields], key: Key[Filter]) -> Filter:
    return next((found for one in places if (found := one.get(key)) is not None), Filter())


def _events(inner: Fields | None) -> tuple[Happening, ...]:
    words = inner.or_else(parts.EVENT, ()) if inner is not None else ()
    return tuple(dict.fromkeys(Happening(word.text) for word in words))


def _note_doubles(fields: Fields, inner: Fields | None, reader: Reader) -> None:
    for key in (parts.BRANCH, parts.TAG):
        if inner is not None and key in fields and key in inner:
            name = show(key.name)
            message = f"{name} stands in the deployment and in its `when`"
            reader.note(inner.entry(key).key, "conflict", message, "Delete one of the two.")


def _note_what_never_counts(
    places: list[Fields],
    inner: Fields,
    events: tuple[Happening, ...],
    kind: Kind,
    reader: Reader,
) -> None:
    """A filter that none of the named events asks."""
    if not events:
        return
    said = listing(list(map(str, events)))
    for key, asked in (
        (parts.TAG, (Happening.TAG,)),
        (parts.BRANCH, tuple(one for one in Happening if one is not Happening.TAG)),
        (parts.PATH, WITH_CHANGES),
        *(((parts.LABEL, (Happening.PULL_REQUEST,)),) if kind is Kind.CHECK else ()),
    ):
        place = next((one for one in places if key in one), None)
        if place is None or set(asked) & set(events):
            continue
        message = f"{show(key.name)} is never asked for: this runs on {said} alone"
        suggestion = f"Delete it, or add {show(str(asked[0]))} to `event`."
        reader.note(place.entry(key).key, "conflict", message, suggestion)


def _check_deployment(
    fields: Fields,
    places: list[Fields],
    inner: Fields | None,
    events: tuple[Happening, ...],
    reader: Reader,
) -> None:
    for word in inner.or_else(parts.EVENT, ()) if inner is not None else ():
        if word.text in ON_REQUESTS:
            message = f"deployments follow a push, not a {show(word.text)}"
            reader.note(word, "conflict", message, "Delete it.")
    if inner is not None and parts.LABEL in inner:
        message = "deployments follow a push, which has no `label`"
        reader.note(inner.entry(parts.LABEL).key, "conflict", message, "Delete it.")
    if events or any(key in one for one in places for key in (parts.BRANCH, parts.TAG)):
        return
    if inner is not None and parts.EVENT in inner:
        return
    name = show(fields.place.text)
    message = f"the deployment {name} has no `branch`, no `tag` and no `event` in its `when`"
    reader.note(fields.place, "missing-branch", message, "Add `branch: main`.")
