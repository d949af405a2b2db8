"""The programs that a Lambda function finds: AWS's minimal Linux, and no git in it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

PACKAGES = {
    "bash": "bash sh",
    "coreutils-single": """
        basename cat chmod chown cp cut date dd df dirname du echo env expr false head id ln ls
        mkdir mktemp mv nice nproc od paste printf pwd readlink realpath rm rmdir seq sleep sort
        split stat stty sync tail tee test timeout touch tr true tty uname uniq wc whoami yes
    """,
    "curl-minimal": "curl",
    "gawk": "awk gawk",
    "grep": "egrep fgrep grep",
    "sed": "sed",
}
"""Of amazonlinux:2023-minimal, which public.ecr.aws/lambda/python is made of."""


def bare(folder: Path) -> str:
    """PATH with these alone, as far as this machine has them, and this Python."""
    folder.mkdir()
    for name in " ".join(PACKAGES.values()).split():
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    base: str = sys._base_executable  # type: ignore[attr-defined]
    for name in ("python3", f"python3.{sys.version_info.minor}"):
        (folder / name).symlink_to(Path(base).resolve())
    return str(folder)
