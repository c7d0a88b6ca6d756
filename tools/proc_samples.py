"""Samples of a run's processes, read from /proc: names, memory, open files, threads."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_ACTOR = re.compile(r"ray::(?:.*:)?(.+?)(?:\.\w+)?(?:\(\))?$")
_PARENT_FIELD, _USER_FIELD = 1, 11  # of those after the process's name
_SERVICES = {
    "gcs_server": "Ray gcs_server",
    "raylet": "Ray raylet",
    "monitor.py": "Ray monitor",
    "log_monitor.py": "Ray log_monitor",
    "dashboard.py": "Ray dashboard",
    "main.py": "Ray runtime_env agent",
    "agent.py": "Ray dashboard agent",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSample:
    """One process at one moment."""

    pid: int
    name: str
    """Actor's class, Ray's service, or the program."""
    rss: int
    """Resident bytes, including the object store's pages."""
    own: int
    """Resident bytes without shared memory, which belong to this process alone."""
    files: int
    threads: int
    cpu_s: float
    """CPU time since the start of the process."""


def family(root: int) -> list[int]:
    """The process `root` and all its descendants, in the order of their ids."""
    parents: dict[int, int] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(_stat(entry)[_PARENT_FIELD])
            except OSError:
                continue
    found, grown = {root}, True
    while grown:
        grown = {pid for pid, parent in parents.items() if parent in found} - found
        found |= grown
    return sorted(pid for pid in found if pid in parents)


def sample(pid: int) -> ProcessSample | None:
    """A sample of the process; None if it has ended, is ending, or is an idle worker of Ray's."""
    folder = _PROC / str(pid)
    try:
        words = (folder / "cmdline").read_bytes().split(b"\0")
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        files = len(os.listdir(folder / "fd"))
        ticks = [int(field) for field in _stat(folder)[_USER_FIELD : _USER_FIELD + 2]]
    except OSError:
        return None
    if "VmRSS" not in status:
        return None
    name = name_of([word.decode(errors="replace") for word in words if word])
    if name is None:
        return None
    rss, shared = _bytes(status["VmRSS"]), _bytes(status["RssShmem"])
    return ProcessSample(
        pid=pid,
        name=name,
        rss=rss,
        own=rss - shared,
        files=files,
        threads=int(status["Threads"]),
        cpu_s=sum(ticks) / os.sysconf("SC_CLK_TCK"),
    )


def name_of(words: list[str]) -> str | None:
    """Name of the program behind a command line: `ray::ReplayBuffer.add_games` is the ReplayBuffer.

    None for idle workers.
    """
    title = words[0].strip() if words else ""
    if title.startswith("ray::"):
        match = _ACTOR.fullmatch(title)
        assert match is not None, title
        return None if match[1] == "IDLE" else match[1]
    for word in words[:3]:
        program = Path(word).name
        if program in _SERVICES:
            return _SERVICES[program]
    if "-m" in words:
        return words[words.index("-m") + 1]
    return Path(title).name


def session_folder(pids: list[int]) -> Path | None:
    """Session folder of the raylet among these processes; None if there is no raylet yet."""
    for pid in pids:
        try:
            words = (_PROC / str(pid) / "cmdline").read_text().split("\0")
        except OSError:
            continue
        for word in words:
            if Path(words[0]).name == "raylet" and word.startswith("--session_dir="):
                return Path(word.partition("=")[2])
    return None


def _stat(folder: Path) -> list[str]:
    """The fields after the process's name, which may contain spaces."""
    return (folder / "stat").read_text().rpartition(")")[2].split()


def _bytes(text: str) -> int:
    """Bytes of a value such as `  1234 kB`."""
    return int(text.split()[0]) << 10
