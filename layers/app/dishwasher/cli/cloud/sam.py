"""AWS's own tool, as `make` installs it: builds what is uploaded, and deploys it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from dishwasher.cli.clone import ROOT
from dishwasher.errors import UserError

BUILT = ROOT / "build" / "aws"
CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")
"""Roles for the functions, and a stack within the stack for alarms."""
NOWHERE = "000000000000.dkr.ecr.{region}.amazonaws.com/none"
"""SAM wants to know where it would push the image of a function; ours is a parameter, and it pushes
none."""


def program() -> Path:
    """Beside this Python; raises UserError where it is not installed."""
    found = Path(sys.executable).parent / "sam"
    if not found.exists():
        raise UserError("SAM is not installed here: `make deploy` installs it, and starts this")
    return found


def build(parameters: Mapping[str, str], folder: Path = BUILT) -> None:
    """The artifact with byte code; raises UserError with what the builder says."""
    words = [
        f"{name}={parameters[name]}" for name in ("Runtime", "Architecture") if name in parameters
    ]
    command = [sys.executable, str(ROOT / "infra" / "aws-build"), str(folder), *words]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise UserError(f"the functions can not be built: {done.stderr.strip()}")


def deploy(
    name: str,
    region: str,
    parameters: Mapping[str, str],
    *,
    artifacts: str = "",
    confirm: bool = False,
    folder: Path = BUILT,
) -> bool:
    """Upload, show the changes and make them; whether that went well. Parameters stay as they were
    where none is given."""
    command = [
        *(str(program()), "deploy", "--template-file", str(folder / "template.yaml")),
        *("--stack-name", name, "--region", region, "--capabilities", *CAPABILITIES),
        *(("--s3-bucket", artifacts) if artifacts else ("--resolve-s3",)),
        *("--image-repository", NOWHERE.format(region=region)),
        *("--s3-prefix", name, "--no-fail-on-empty-changeset", "--no-progressbar"),
        "--confirm-changeset" if confirm else "--no-confirm-changeset",
        *("--parameter-overrides", *(f"{key}={value}" for key, value in parameters.items())),
    ]
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
    return subprocess.run(command, cwd=folder, env=environment).returncode == 0
