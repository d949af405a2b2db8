"""/etc/passwd and /etc/group as a job sees them: the names that it needs, and no others."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

NAME = "ubuntu"
"""What a job's own user is called: the name on CircleCI 1.0, which its databases know."""
PASSWD, GROUP = "/etc/passwd", "/etc/group"


def texts(user: tuple[int, int] | None, home: str) -> dict[str, str]:
    """Both files, by their places; `user`: the job's own, None where it is who we are."""
    uid, gid = user or (os.getuid(), os.getgid())
    name = NAME if user else name_of(uid)
    people = {0: ("root", 0, "/root"), 65534: ("nobody", 65534, "/nonexistent")}
    people[uid] = (name, gid, home)
    groups = {0: "root", 65534: "nogroup", gid: name}
    passwd = "".join(
        f"{one}:x:{number}:{group}:{one}:{home}:/bin/bash\n"
        for number, (one, group, home) in people.items()
    )
    return {PASSWD: passwd, GROUP: "".join(f"{one}:x:{gid}:\n" for gid, one in groups.items())}


def write(folder: Path, user: tuple[int, int], home: Path) -> tuple[tuple[str, str], ...]:
    """The files in that folder, each with the place that it is for."""
    files = []
    for place, text in texts(user, str(home)).items():
        file = folder / Path(place).name
        file.write_text(text)
        file.chmod(0o644)
        files.append((str(file), place))
    return tuple(files)


def name_of(uid: int) -> str:
    """Of a user of this machine; a container may be started as any number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return NAME
