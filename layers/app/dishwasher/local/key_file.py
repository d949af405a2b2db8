"""The key that secrets are sealed with: a file of its own that nobody else may read."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from dishwasher.errors import InfraError, UserError

KEY_FILE = "vault.key"
KEY_BYTES = 32
"""Of AES-256."""
OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeyFile:
    """The file in the data folder; made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / KEY_FILE

    def check(self) -> bool:
        """Whether there is a key; raises UserError, saying what to do, where others may use it."""
        try:
            found = self.path.lstat()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise InfraError(f"{self.path} can not be looked at: {error.strerror}") from error
        if not stat.S_ISREG(found.st_mode):
            raise UserError(f"{self.path} is no file: put the key back, or remove it")
        if found.st_uid != os.geteuid():
            raise UserError(
                f"{self.path} belongs to another user: run this as the user of `dishwasher serve`"
            )
        if found.st_mode & OTHERS:
            raise UserError(
                f"{self.path} may be read by others: run `chmod 600 {self.path}`, and set the "
                "secrets anew if somebody may have"
            )
        return True

    def read(self) -> bytes | None:
        """The key; None where there is none yet."""
        if not self.check():
            return None
        try:
            with open(os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
                text = file.read(4 * KEY_BYTES)
        except OSError as error:
            raise InfraError(f"{self.path} can not be read: {error.strerror}") from error
        with suppress(ValueError):
            key = bytes.fromhex(text.decode("ascii", "replace"))
            if len(key) == KEY_BYTES:
                return key
        raise InfraError(f"{self.path} holds no key of ours: put the right file back")

    def make(self) -> bytes:
        """The key, which is made now unless another process has just done so."""
        try:
            descriptor, draft = tempfile.mkstemp(prefix=f".{KEY_FILE}.", dir=self.path.parent)
            try:
                with open(descriptor, "wb") as file:
                    file.write(os.urandom(KEY_BYTES).hex().encode())
                    file.flush()
                    # Secrets that outlive a power failure need a key that does.
                    os.fsync(file.fileno())
                # A link fails where there is a key already, which a rename would replace.
                with suppress(FileExistsError):
                    os.link(draft, self.path)
            finally:
                os.unlink(draft)
        except OSError as error:
            raise InfraError(f"{self.path} can not be made: {error.strerror}") from error
        key = self.read()
        if key is None:
            raise InfraError(f"{self.path} was removed while it was made")
        return key
