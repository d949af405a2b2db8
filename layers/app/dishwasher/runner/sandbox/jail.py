"""bubblewrap's command line: a file system of what is named, and namespaces of the job's own.

https://github.com/containers/bubblewrap; the order of the words is the order of the mounts.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dishwasher.runner.sandbox import accounts
from dishwasher.runner.sandbox.places import MERGED

PROGRAM = "bwrap"
PACKAGE = "bubblewrap"
SHARED_MEMORY = 1024 * 1024 * 1024
"""Bytes of /dev/shm, of the job's memory: twice what a browser under test fills."""
# A supervisor that is root changes to the job's user, and ends what that one has started.
CAPABILITIES = ("CAP_SETUID", "CAP_SETGID", "CAP_KILL")


@dataclass(frozen=True, slots=True)
class Jail:
    """One job's."""

    read: tuple[str, ...]
    write: tuple[str, ...]
    """Folders at their own places."""
    temporary: str
    """The folder that is /tmp in there."""
    home: str
    user: tuple[int, int] | None
    """Whom commands run as; None: as we do."""
    network: bool
    user_namespace: bool
    """Needed without privileges; with them it would only be more of the kernel to trust."""

    def __call__(self, argv: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """A command in there, and descriptors that it needs."""
        words = [shutil.which(PROGRAM) or PROGRAM, "--unshare-pid", "--unshare-ipc"]
        words += ["--unshare-uts", "--unshare-cgroup-try", "--hostname", "dishwasher"]
        words += [] if self.network else ["--unshare-net"]
        words += ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        if self.user_namespace:
            uid, gid = self.user or (os.getuid(), os.getgid())
            words += ["--unshare-user", "--uid", str(uid), "--gid", str(gid)]
        else:
            words += [word for name in CAPABILITIES for word in ("--cap-add", name)]
        words += ["--tmpfs", "/", "--proc", "/proc", "--dev", "/dev"]
        words += ["--perms", "1777", "--size", str(SHARED_MEMORY), "--tmpfs", "/dev/shm"]
        # First of all, for what is read may be below it.
        words += ["--bind", self.temporary, "/tmp"]
        words += self._system()
        for name in ("/run", "/var"):
            words += ["--perms", "0755", "--dir", name]
        words += ["--bind", self.temporary, "/var/tmp"]
        words += _folders(place for place in self.write if place not in self.read)
        for place in self.write:
            words += ["--bind", place, place]
        extra, descriptors = self._accounts()
        words += [*extra, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--", *argv]
        return tuple(words), descriptors

    def _system(self) -> Iterable[str]:
        yield from _folders(self.read)
        for place in self.read:
            if place in MERGED and os.path.islink(place):
                yield from ("--symlink", os.readlink(place), place)
            elif place not in (accounts.PASSWD, accounts.GROUP):
                # A link such as /etc/resolv.conf may lead to what is not there: so its target.
                yield from ("--ro-bind", os.path.realpath(place), place)

    def _accounts(self) -> tuple[list[str], tuple[int, ...]]:
        words, descriptors = [], []
        for place, text in accounts.texts(self.user, self.home).items():
            descriptor = _given(text.encode())
            words += ["--perms", "0644", "--ro-bind-data", str(descriptor), place]
            descriptors.append(descriptor)
        return words, tuple(descriptors)


def _folders(places: Iterable[str]) -> list[str]:
    """The folders above these, which bubblewrap would make so that only it could enter them."""
    above = {str(parent) for place in places for parent in Path(place).parents}
    made = sorted(above - {"/", "/tmp", "/var", "/run"}, key=lambda one: (one.count("/"), one))
    return [word for folder in made for word in ("--perms", "0755", "--dir", folder)]


def _given(data: bytes) -> int:
    descriptor = os.memfd_create("account")
    os.write(descriptor, data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
