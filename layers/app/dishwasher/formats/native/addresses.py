"""The addresses of environments, and the variables that they can not hold."""

from __future__ import annotations

from collections.abc import Iterable
from string import Template

from dishwasher.core.config import Input
from dishwasher.core.deployment import ADDRESS_NAMES
from dishwasher.formats.native.jobs import Read
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader, listing


def check(reads: Iterable[Read], inputs: Iterable[Input], reader: Reader) -> None:
    """Without a value an address is left out, and nobody would know why."""
    given = {one.name for one in inputs}
    for read in reads:
        spec = read.draft.spec
        asked = Template(spec.url).get_identifiers()
        # Of the few that have an address: a file may have thousands of jobs, and of variables.
        written = {one.name for one in spec.machine.environment} if asked else set()
        unknown = [name for name in asked if name not in given | written | set(ADDRESS_NAMES)]
        if unknown:
            message = f"the `url` of {show(spec.name)} is not shown: {show(unknown[0])} is none of "
            message += "the file's variables, which are all that an address for everybody may hold"
            names = listing(ADDRESS_NAMES)
            suggestion = f"Set it in `environment` or as an input, or write {names}."
            reader.warn(read.draft.name, "unknown-variable", message, suggestion)
