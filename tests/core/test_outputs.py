from __future__ import annotations

from dishwasher.core.outputs import (
    READ_REPORTS,
    ArtifactSet,
    Cache,
    ReportFormat,
    Secret,
    SecretStore,
)


def test_what_is_read_is_a_format_that_can_be_named() -> None:
    assert set(READ_REPORTS) < set(ReportFormat)


def test_defaults_are_those_of_a_short_entry() -> None:
    assert ArtifactSet(("dist/*",)).always
    assert not ArtifactSet(("dist/*",)).flat
    assert Cache(("~/.cache/pip",)).restore and Cache(("~/.cache/pip",)).save
    assert Secret("TOKEN").store is SecretStore.DISHWASHER
