"""A Debian to build the image on where no registry of images can be reached."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.image.docker import Docker

SUITES = {"bookworm": "3.11", "trixie": "3.13"}
"""And the one Python that each has."""
OWN_CERTIFICATES = Path("/usr/local/share/ca-certificates")
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
VARIABLES = ("PIP_CERT", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE")


def made(docker: Docker, suite: str) -> str:
    """The image's name; it trusts whom this machine trusts, beside what Debian trusts."""
    image = f"dishwasher-debian:{suite}"
    if docker.ask("images", "-q", image):
        return image
    program = shutil.which("mmdebstrap")
    if program is None:
        raise SystemExit(
            "There is no mmdebstrap (Debian: mmdebstrap) to make a Debian with. Install it, or "
            "name an image to build on: --base debian:trixie-slim"
        )
    with tempfile.TemporaryDirectory(prefix="dishwasher-debian-") as folder:
        root = Path(folder, "root.tar")
        words = (program, "--quiet", "--variant=minbase", "--include=ca-certificates", *_hooks())
        subprocess.run((*words, suite, str(root)), check=True, env={**os.environ, "TMPDIR": folder})
        said = " ".join(f"{name}={BUNDLE}" for name in VARIABLES)
        docker.ask("import", "-c", f"ENV {said}", root, image)
    return image


def _hooks() -> Iterator[str]:
    """A company's own certificates, by which its proxy is trusted."""
    for file in sorted(OWN_CERTIFICATES.glob("*.crt")):
        yield f"--customize-hook=copy-in {file} {OWN_CERTIFICATES}"
    yield '--customize-hook=chroot "$1" update-ca-certificates >/dev/null 2>&1'
