"""Deployments of `.dishwasher.yml` that no event reaches, or that go out with nothing checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dishwasher.core.config import JobSpec, Kind
from dishwasher.core.event import Happening
from dishwasher.core.pattern import Filter, Pattern, Syntax
from dishwasher.formats.jobs import Draft
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader

Names = frozenset[str] | None
"""Exact names of branches or tags; None where there is no telling which."""
NEVER: Names = frozenset()
_ANY = Pattern("**", Syntax.GLOB)


@dataclass(frozen=True, slots=True)
class Reach:
    """What a job may run for, generously."""

    branches: Names
    tags: Names

    def __bool__(self) -> bool:
        return self.branches != NEVER or self.tags != NEVER

    def __and__(self, other: Reach) -> Reach:
        return Reach(_shared(self.branches, other.branches), _shared(self.tags, other.tags))


_SIDES: tuple[tuple[str, str, Callable[[Reach], Names]], ...] = (
    ("branches", "branch", lambda one: one.branches),
    ("tags", "tag", lambda one: one.tags),
)


def check(drafts: Sequence[Draft], reader: Reader) -> None:
    """Warn of them; the needs of the file are known to be without a cycle."""
    by_name = {draft.spec.name: draft for draft in drafts}
    reached: dict[str, Reach] = {}
    checks = {one.spec.name: _of_check(one.spec) for one in drafts if one.spec.kind is Kind.CHECK}
    for draft in _needs_first(drafts, by_name):
        reach = reached[draft.spec.name] = _of_deployment(draft.spec)
        for need in draft.needs:
            if reach and need.text in reached:
                reach &= reached[need.text]
                if not reach:
                    _warn_of_never(draft, need.text, reader)
        reached[draft.spec.name] = reach
        if reach and checks:
            _warn_of_unchecked(draft, reach, checks, reader)


def _needs_first(drafts: Sequence[Draft], by_name: dict[str, Draft]) -> list[Draft]:
    """The deployments, each after those that it needs."""
    ordered: dict[str, Draft] = {}
    left = [draft for draft in drafts if draft.spec.kind is Kind.DEPLOYMENT]
    while left:
        waiting = []
        for draft in left:
            needs = (by_name[need.text].spec for need in draft.needs)
            if all(need.kind is Kind.CHECK or need.name in ordered for need in needs):
                ordered[draft.spec.name] = draft
            else:
                waiting.append(draft)
        left = waiting
    return list(ordered.values())


def _warn_of_never(draft: Draft, needed: str, reader: Reader) -> None:
    need = next(one for one in draft.needs if one.text == needed)
    message = f"{show(draft.spec.name)} never runs: it needs {show(needed)}, which is for other "
    message += "branches or tags"
    reader.warn(need, "never-runs", message, "Let both deploy the same branch or tag.")


def _warn_of_unchecked(
    draft: Draft, reach: Reach, checks: Mapping[str, Reach], reader: Reader
) -> None:
    name = show(draft.spec.name)
    for what, key, side in _SIDES:
        asked = side(reach)
        if asked == NEVER:
            continue
        if all(_shared(asked, side(one)) == NEVER for one in checks.values()):
            message = f"no check runs for the {what} that {name} deploys: it goes out unchecked"
            reader.warn(draft.name, "unchecked", message, f"Let the `{key}` of a check admit them.")
            continue
        for need in draft.needs:
            if need.text in checks and _shared(asked, side(checks[need.text])) == NEVER:
                message = f"{show(need.text)} does not run for the {what} that {name} deploys, and "
                message += "is not waited for there"
                reader.warn(need, "unchecked", message, f"Let its `{key}` admit them.")


def _of_deployment(spec: JobSpec) -> Reach:
    when = spec.when
    events = frozenset(when.events)
    on_branches = (when.branches or events) and events != {Happening.TAG}
    on_tags = when.tags.only and (not events or Happening.TAG in events)
    return Reach(
        _names(when.branches) if on_branches else NEVER, _names(when.tags) if on_tags else NEVER
    )


def _of_check(spec: JobSpec) -> Reach:
    """What is deployed comes by a push, a tag, a clock or a hand, not by a pull request."""
    when = spec.when
    events = frozenset(when.events)
    of_branches = events - {Happening.TAG, Happening.PULL_REQUEST, Happening.MERGE_GROUP}
    on_branches = bool(of_branches) if events else (when.branches or not when.tags)
    on_tags = (not events or Happening.TAG in events) and _ANY not in when.tags.ignore
    return Reach(
        _names(when.branches) if on_branches else NEVER, _names(when.tags) if on_tags else NEVER
    )


def _names(names: Filter) -> Names:
    if not names.only or any(one.syntax is not Syntax.EXACT for one in names.only):
        return None
    return frozenset(one.text for one in names.only if one not in names.ignore)


def _shared(one: Names, other: Names) -> Names:
    if one is None or other is None:
        return other if one is None else one
    return one & other
