"""Helper process of the watchdog, a script without imports from the project.

Lines of stdin: "+GROUP" registers a process group, "-GROUP" removes it, "." announces an orderly end. At the
end of stdin, the script kills all registered groups and every process whose environment has the token. The
token finds processes that were just being started and those that have left their group.
"""

import contextlib
import os
import signal
import sys
import time

TOKEN = "ALPHAZERO_GUARD"
"""Name of the variable in the environment of engines; the script's first argument is its value."""

_ROUNDS, _PAUSE_S = 5, 0.05


def main() -> None:
    """Reads stdin to its end and kills the remaining processes."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    token = f"{TOKEN}={sys.argv[1]}".encode()
    groups, num_rounds = set(), _ROUNDS
    for line in iter(sys.stdin.readline, ""):
        if line == ".\n":
            num_rounds = 1
        else:
            (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    for group in groups:
        _kill(os.killpg, group)
    for number in range(num_rounds):
        time.sleep(_PAUSE_S if number else 0)
        _kill_marked(token)


def _kill_marked(token: bytes) -> None:
    """Kills processes that have inherited the token, if /proc shows environments."""
    names = os.listdir("/proc") if os.path.isdir("/proc") else []
    for name in filter(str.isdigit, names):
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                is_marked = token in file.read().split(b"\0")
        except OSError:
            continue  # the process has ended or belongs to another user
        if is_marked:
            _kill(os.kill, int(name))


def _kill(kill, target: int) -> None:
    # An error means that the process has ended already.
    with contextlib.suppress(OSError):
        kill(target, signal.SIGKILL)


if __name__ == "__main__":
    main()
