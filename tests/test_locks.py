"""Locks exclude other holders, and end with their process."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from alphazero import locks

HOLD = """
import sys, time
from pathlib import Path
from alphazero import locks
lock = locks.Lock(Path(sys.argv[1]))
print("locked", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("is_folder", [False, True])
def test_one_holder_at_a_time(tmp_path: Path, is_folder: bool):
    path = tmp_path if is_folder else tmp_path / "lock"
    with locks.Lock(path), pytest.raises(BlockingIOError):
        locks.Lock(path)
    again = locks.Lock(path)
    again.release()
    again.release()
    locks.Lock(path).release()


def test_a_killed_process_leaves_no_lock(tmp_path: Path):
    path = tmp_path / "lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        with pytest.raises(BlockingIOError):
            locks.Lock(path)
        process.kill()
        locks.Lock(path, waits=True).release()


def test_an_open_file_is_locked_until_it_is_closed(tmp_path: Path):
    path = tmp_path / "file"
    with path.open("xb") as file:
        locks.lock_file(file, waits=False)
        with pytest.raises(BlockingIOError):
            locks.Lock(path)
    locks.Lock(path).release()


def test_a_file_system_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(locks.fcntl, "flock", fail)
    with pytest.raises(locks.NoLocksError, match=r"^its file system has no locks \(No locks "):
        locks.Lock(tmp_path / "lock")


def test_a_missing_folder_is_an_error_of_its_own(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        locks.Lock(tmp_path / "folder" / "lock")
