"""What would be uploaded, built for this machine."""

from __future__ import annotations

import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "aws-local"
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
ARCHITECTURE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
PARAMETERS = {"Runtime": f"python{VERSION}", "Architecture": ARCHITECTURE}
"""This machine's own: the same template builds for others, which could not run here."""
ANYONE = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}
"""Who we are on an AWS that is none."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """`folder` holds one folder for each function and layer, by its name in the template."""

    folder: Path
    template: dict[str, Any]


def build() -> Artifact:
    """A minute or more at first, seconds when only our own code has changed."""
    from samcli.yamlhelper import yaml_parse

    words = [f"{name}={value}" for name, value in PARAMETERS.items()]
    command = [sys.executable, str(ROOT / "infra" / "aws-build"), str(FOLDER), *words]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return Artifact(FOLDER, yaml_parse((FOLDER / "template.yaml").read_text()))


def compile(folder: Path) -> None:
    """Byte code as the artifact has it."""
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*command, str(folder)], check=True)
