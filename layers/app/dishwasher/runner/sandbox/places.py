"""The folders of this machine that a job's commands may read: programs, and what these need.

All else is out of reach: homes, `/var`, `/run`, the server's data folder, other jobs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import dishwasher
from dishwasher.core.environment import CERTIFICATES

SYSTEM = ("/usr", "/opt", "/nix", "/gnu/store", "/snap")
MERGED = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
"""Links into /usr on most machines of today."""
SETTINGS = tuple(
    """
    adjtime alternatives bash.bashrc bash_completion.d ca-certificates ca-certificates.conf
    chromium crypto-policies debian_version default/locale fonts gai.conf group gtk-3.0
    host.conf hostname hosts ImageMagick-6 ImageMagick-7 inputrc java java-11-openjdk
    java-17-openjdk java-21-openjdk ld.so.cache ld.so.conf ld.so.conf.d locale.alias
    locale.conf localtime lsb-release magic magic.mime mailcap maven mime.types networks
    nsswitch.conf OpenCL openssl os-release passwd perl php pip.conf pki profile profile.d protocols
    python3 python3.9 python3.10 python3.11 python3.12 python3.13 R redhat-release
    resolv.conf rpc ruby services shells ssl terminfo timezone vulkan X11 xattr.conf xdg xml
    """.split()  # noqa: SIM905
)
"""Of /etc, what programs read to run at all: an allow-list, for servers keep keys there too."""
READ_OF_KERNEL = ("/sys/devices/system", "/sys/fs/cgroup", "/sys/kernel/mm")
"""How many processors and how much memory there is, which runtimes adapt to."""
MANAGED = (
    *(".pyenv", ".local/lib", ".local/share/uv/python", ".nvm/versions", ".local/share/fnm"),
    *(".rbenv/versions", ".cache/dishwasher", ".rustup/toolchains", ".cargo/bin", ".asdf/installs"),
    *(".sdkman/candidates", ".volta/tools", ".phpenv/versions", ".goenv/versions"),
)
"""Where version managers keep what they have installed, below a home."""
PROGRAMS = ("bin", "sbin", "shims")
PARTS = (*PROGRAMS, "lib", "lib32", "lib64", "libexec", "share", "include", "pyvenv.cfg")
"""Of an installation: beside them may be what is nobody's business, as in ~/.cargo."""


def readable(host: Mapping[str, str]) -> tuple[str, ...]:
    """What there is of all this, shortest first, without what is in a folder named before."""
    kept: list[str] = []
    installed = set(filter(os.path.exists, _installed(host)))
    for place in sorted({*_system(), *installed}, key=lambda one: (one.count("/"), one)):
        if not any(place == other or place.startswith(f"{other}/") for other in kept):
            kept.append(place)
    return tuple(kept)


@cache
def _system() -> tuple[str, ...]:
    """What does not change while a server runs; a zygote has asked before it forks."""
    wanted = (*SYSTEM, *MERGED, *(f"/etc/{name}" for name in SETTINGS), *READ_OF_KERNEL)
    return tuple(filter(os.path.exists, wanted))


def _installed(host: Mapping[str, str]) -> Iterator[str]:
    home = os.path.expanduser("~")
    # A user who is but a number and has no HOME has no home.
    homes = (home,) if os.path.isabs(home) else ()
    for path in host.get("PATH", "").split(":"):
        if os.path.isabs(path):
            yield from _around(os.path.normpath(path), home)
    yield from (f"{place}/{name}" for place in homes for name in MANAGED)
    for name in CERTIFICATES:
        # Jobs are told of them, and programs trust no server without.
        if os.path.isabs(host.get(name, "")):
            yield os.path.normpath(host[name])
    for name in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "NVM_DIR", "FNM_DIR"):
        if os.path.isabs(host.get(name, "")):
            yield os.path.normpath(host[name])
    # The Python that we are: jobs get environments of it, and the supervisor is a program for it.
    for prefix in (sys.prefix, sys.base_prefix):
        yield from _parts(prefix)
    yield str(Path(dishwasher.__file__).parent)


def _around(folder: str, home: str) -> Iterator[str]:
    """A folder of programs, with what is beside it where nothing but an installation is there."""
    yield folder
    prefix, name = os.path.split(folder)
    if name in PROGRAMS and prefix not in ("/", home, f"{home}/.local"):
        yield from _parts(prefix)


def _parts(prefix: str) -> Iterator[str]:
    return (f"{prefix}/{part}" for part in PARTS)
