"""SecureStrings of the Parameter Store: encrypted by KMS, read by name, ten at a time.

Actions: GetParameters, PutParameter, DeleteParameters, on the names below our prefix.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from dishwasher.aws.clients import Clients
from dishwasher.aws.faults import faults
from dishwasher.errors import UserError

STANDARD_BYTES = 4096
"""Of a value that costs nothing to keep; more, up to 8 KB, is paid for each month:
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"""
AT_ONCE = 10
"""https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html"""
REFERENCE = "ssm:"
"""Begins a setting that names a parameter."""


class Parameters:
    """Safe for several threads."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def read(self, names: Iterable[str]) -> dict[str, str]:
        """Values by name, of those that are there."""
        left, found = iter(dict.fromkeys(names)), {}
        while batch := list(islice(left, AT_ONCE)):
            with faults("can not read parameters"):
                answer = self._clients.ssm.get_parameters(Names=batch, WithDecryption=True)
            found.update({one["Name"]: one["Value"] for one in answer["Parameters"]})
        return found

    def put(self, name: str, value: str) -> None:
        """At most 8 KB; above 4 KB as an advanced parameter, which is paid for."""
        with faults(f"can not store the parameter {name}", writes=True):
            self._clients.ssm.put_parameter(
                Name=name,
                Value=value,
                Type="SecureString",
                # Also for a new one: an attempt whose answer was lost has made it already.
                Overwrite=True,
                Tier="Intelligent-Tiering",
            )

    def delete(self, names: Iterable[str]) -> None:
        """Harmless where there is none."""
        left = iter(names)
        while batch := list(islice(left, AT_ONCE)):
            with faults("can not remove parameters", writes=True):
                self._clients.ssm.delete_parameters(Names=batch)

    def settled(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The environment with the values of those settings that say `ssm:/name`.

        Raises UserError naming the settings whose parameter is not there.
        """
        named = {
            key: value.removeprefix(REFERENCE)
            for key, value in environment.items()
            if key.startswith("DISHWASHER_") and value.startswith(REFERENCE)
        }
        values = self.read(named.values()) if named else {}
        missing = [f"{key} names {name}" for key, name in named.items() if name not in values]
        if missing:
            raise UserError(
                f"{', '.join(missing)}: no such parameter in this account and region; "
                "`dishwasher app create --aws` puts those of an App, `aws ssm put-parameter --type "
                "SecureString` any; or mend the name"
            )
        return {**environment, **{key: values[name] for key, name in named.items()}}
