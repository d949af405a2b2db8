"""Whatever a job leaves is removed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from dishwasher.runner import removal

DEEP = "import os\nfor _ in range(3000): os.mkdir('d'); os.chdir('d')\nopen('x', 'w').close()"
LONG = "import os\nfor _ in range(40): os.mkdir('d' * 200); os.chdir('d' * 200)\nopen('x', 'w')"


@pytest.mark.parametrize("code", [DEEP, LONG])
def test_a_folder_deeper_than_paths_can_be_is_removed(tmp_path: Path, code: str) -> None:
    made = tmp_path / "made"
    made.mkdir()
    (made / "beside").mkdir()
    (made / "link").symlink_to(tmp_path)
    # Not from here: the folder of this process stays what it is.
    subprocess.run((sys.executable, "-c", code), cwd=made, check=True)
    removal.remove(made)
    assert list(tmp_path.iterdir()) == []


def test_folders_without_permissions_are_removed_and_links_not_followed(tmp_path: Path) -> None:
    made, other = tmp_path / "made", tmp_path / "other"
    (made / "a" / "b").mkdir(parents=True)
    (made / "a" / "b" / "c").write_text("")
    other.mkdir(mode=0o755)
    (other / "kept").write_text("")
    (made / "a" / "link").symlink_to(other)
    (made / "a" / "b").chmod(0)
    (made / "a").chmod(0o500)
    removal._empty(made)
    assert list(made.iterdir()) == []
    assert (other / "kept").exists() and other.stat().st_mode & 0o777 == 0o755


def test_what_is_not_there_is_an_error_or_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        removal.remove(tmp_path / "gone")
    removal.clear(tmp_path / "gone")
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        removal.remove(tmp_path / "file")
    (tmp_path / "kept").mkdir(mode=0o755)
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    with pytest.raises(NotADirectoryError):
        removal.remove(tmp_path / "link")
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o755
