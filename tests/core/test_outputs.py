from __future__ import annotations

from dishwasher.core.outputs import (
    ArtifactSet,
    Cache,
    Secret,
    SecretStore,
)


def test_defaults_are_those_of_a_short_entry() -> None:
    assert ArtifactSet(("dist/*",)).always
    assert not ArtifactSet(("dist/*",)).flat
    assert Cache(("~/.cache/pip",)).restore and Cache(("~/.cache/pip",)).save
    assert Secret("TOKEN").store is SecretStore.DISHWASHER
