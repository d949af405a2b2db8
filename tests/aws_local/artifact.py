"""What would be uploaded: `sam build`, and byte code for it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "aws"
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
ARCHITECTURE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
PARAMETERS = {"Runtime": f"python{VERSION}", "Architecture": ARCHITECTURE}
"""This machine's own: the same template builds for others, which could not run here."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """`folder` holds one folder for each function and layer, by its name in the template."""

    folder: Path
    template: dict[str, Any]


def build() -> Artifact:
    """Minutes at first, seconds when only our own code has changed."""
    programs = Path(sys.executable).parent
    base = Path(sys._base_executable).resolve().parent  # type: ignore[attr-defined]
    words = [f"{name}={value}" for name, value in PARAMETERS.items()]
    command = [
        *(programs / "sam", "build", "--parallel", "--cached"),
        *("--cache-dir", BUILD / "cache", "--build-dir", BUILD / "artifact"),
        *("--parameter-overrides", *words),
    ]
    # The interpreter itself first: what only starts another one is refused by sam.
    path = os.pathsep.join((str(base), os.environ.get("PATH", os.defpath)))
    environment = {**os.environ, **ANYONE, "PATH": path, "SAM_CLI_TELEMETRY": "0"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"sam build failed:\n{done.stderr}")
    compile(BUILD / "artifact")
    return read(BUILD / "artifact")


def compile(folder: Path) -> None:
    """Byte code that is taken as it is: the file's time, which uploads change, does not count."""
    command = [sys.executable, "-m", "compileall", "-q", "-j", "0", "-o", "0"]
    subprocess.run([*command, "--invalidation-mode", "unchecked-hash", str(folder)], check=True)


def read(folder: Path) -> Artifact:
    from samcli.yamlhelper import yaml_parse

    return Artifact(folder, yaml_parse((folder / "template.yaml").read_text()))


ANYONE = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}
"""Who we are on an AWS that is none."""
