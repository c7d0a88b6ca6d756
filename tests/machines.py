"""Virtual machines made of namespaces, each with a network card, processes, mounts, a home and an ssh server.

The first machine is the user's; a bridge in its network connects all of them. When a network is closed or
this process dies, all processes of the network are killed.
"""

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

PROJECT = Path(__file__).resolve().parents[1]
VENV = Path(sys.prefix)
HOME = "/mnt"
"""Home folder inside each machine; outside, every machine's home is a separate folder."""
USER = "ubuntu"
"""User for ssh; it is root under another name, because other users cannot read the tests' environment."""
_NEEDED = ("bash", "curl", "ip", "nsenter", "ps", "rsync", "setpriv", "ss", "ssh", "sshd", "unshare")
_SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_START_S = 20.0
_WORLD = [
    "setpriv",
    "--pdeathsig",
    "KILL",
    "unshare",
    "-n",
    "-m",
    "-u",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
]
# The first process of a PID namespace must reap orphaned processes; a shell does.
_BEGIN = """
set -eu
hostname "$1"
ip link set lo up
mount --bind "$2" /mnt
for folder in /tmp/ray /dev/shm /run/sshd; do
    mkdir -p $folder
    mount -t tmpfs -o mode=1777 tmpfs $folder
done
chmod 755 /run/sshd
sed "s,^root:.*,root:x:0:0::/mnt:/bin/bash\\nubuntu:x:0:0::/mnt:/bin/bash," /etc/passwd > /mnt/.passwd
mount --bind /mnt/.passwd /etc/passwd
touch /mnt/.ready
sleep infinity &
wait
"""
_SSHD = """
ListenAddress 0.0.0.0
HostKey /mnt/.sshd/key
PidFile /mnt/.sshd/pid
AuthorizedKeysFile /mnt/.ssh/authorized_keys
PasswordAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
"""


def why_not() -> str:
    """Why virtual machines are not possible here; empty if they are."""
    missing = [name for name in _NEEDED if not shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")]
    if missing:
        return f"needs {', '.join(missing)}"
    done = subprocess.run([*_WORLD, "ip", "link", "add", "br0", "type", "bridge"], capture_output=True)
    return "needs root, and a kernel with network bridges" if done.returncode else ""


_REASON = why_not()
needed = pytest.mark.skipif(bool(_REASON), reason=_REASON)


@dataclass(frozen=True, slots=True, kw_only=True)
class Socket:
    """A TCP port on which a process of a machine listens."""

    host: str
    """127.0.0.1, or * for all interfaces."""
    port: int
    process: str


class Machine:
    """One machine, which runs until its network is closed."""

    def __init__(self, name: str, address: str, home: Path) -> None:
        """home: the folder outside the machine that is mounted as its home."""
        self.name, self.address, self.home = name, address, home
        home.mkdir(parents=True)
        shutil.copytree("/etc/skel", home, dirs_exist_ok=True)
        cache = Path.home() / ".cache" / "alphazero"  # compiled kernels
        cache.mkdir(parents=True, exist_ok=True)
        (home / ".cache").mkdir()
        (home / ".cache" / "alphazero").symlink_to(cache)
        begin = [*_WORLD, "bash", "-c", _BEGIN, "machine", name, str(home)]
        self._process = subprocess.Popen(begin, env={"PATH": _SYSTEM}, stdin=subprocess.DEVNULL)
        wait_until((home / ".ready").exists, f"{name} to start", _START_S)
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        self.pid = int(children.split()[0])

    def command(self, words: Sequence[str], *, variables: dict[str, str] | None = None) -> list[str]:
        """Command that runs `words` on this machine, without a login."""
        environment = {"HOME": HOME, "PATH": f"{VENV}/bin:{_SYSTEM}", "LANG": "C.UTF-8", **(variables or {})}
        enter = ["nsenter", "-t", str(self.pid), "-n", "-m", "-u", "-p", "--"]
        return [
            *enter,
            "env",
            "-i",
            "-C",
            str(PROJECT),
            *(f"{name}={value}" for name, value in environment.items()),
            *words,
        ]

    def run(
        self, *words: str, timeout_s: float = 180, check: bool = True, variables: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command in the project's folder; raises an error if it fails, unless `check` is off."""
        done = subprocess.run(
            self.command(words, variables=variables),
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            stdin=subprocess.DEVNULL,
        )
        assert not check or done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}{done.stderr}"
        return done

    def serve_ssh(self, public_key: str) -> None:
        """Starts an ssh server that accepts this key."""
        for folder in (".ssh", ".sshd"):
            (self.home / folder).mkdir(exist_ok=True)
        (self.home / ".ssh" / "authorized_keys").write_text(public_key)
        (self.home / ".sshd" / "config").write_text(_SSHD)
        self.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{HOME}/.sshd/key")
        self.run("/usr/sbin/sshd", "-f", f"{HOME}/.sshd/config", "-E", f"{HOME}/.sshd/log")

    def end(self) -> None:
        """Ends the machine: kills all its processes."""
        self._process.kill()
        self._process.wait()

    def processes(self) -> dict[int, str]:
        """Ids and titles of all processes except those of the machine itself and its ssh server."""
        lines = self.run("ps", "-eo", "pid=,args=").stdout.splitlines()
        found = {int(pid): title for pid, title in (line.split(maxsplit=1) for line in lines)}
        ours = ("sleep infinity", "ps -eo", "sshd")
        return {pid: title for pid, title in found.items() if pid != 1 and not title.startswith(ours)}

    def pids(self, text: str) -> list[int]:
        """Ids of the processes whose titles contain `text`."""
        return [pid for pid, title in self.processes().items() if text in title]

    def runs(self, text: str) -> bool:
        """Whether there is a process whose title contains `text`."""
        return bool(self.pids(text))

    def is_idle(self) -> bool:
        """Whether no process that was started from outside is running."""
        return not self.processes()

    def sockets(self) -> list[Socket]:
        """All listening TCP sockets."""
        found = []
        for line in self.run("ss", "-Hltnp").stdout.splitlines():
            host, _, port = line.split()[3].rpartition(":")
            host = host.strip("[]").removeprefix("::ffff:")
            process = line.partition('(("')[2].partition('"')[0]
            found.append(
                Socket(host="*" if host in ("*", "0.0.0.0", "::") else host, port=int(port), process=process)
            )
        return found


class Network:
    """A network of machines; the first one is the user's."""

    def __init__(self, folder: Path, prefix: str = "192.168.1") -> None:
        """folder: for the machines' homes. prefix: of their addresses."""
        self._folder, self._prefix = folder, prefix
        self._machines: list[Machine] = []
        self.user = self._add("user", 1)
        self.user.run("ip", "link", "add", "bridge0", "type", "bridge")
        self.user.run("ip", "address", "add", f"{prefix}.1/24", "dev", "bridge0")
        self.user.run("ip", "link", "set", "bridge0", "up")

    def add(self, name: str, number: int) -> Machine:
        """Adds a machine with the address PREFIX.number and connects it."""
        machine = self._add(name, number)
        # A cable between the machine and the bridge.
        card, plug = "eth0", f"to-{name}"
        self.user.run("ip", "link", "add", plug, "type", "veth", "peer", "name", f"at-{name}")
        outside = ["nsenter", "-t", str(self.user.pid), "-n", "ip", "link", "set", f"at-{name}"]
        subprocess.run([*outside, "netns", str(machine.pid)], check=True)
        self.user.run("ip", "link", "set", plug, "master", "bridge0", "up")
        machine.run("ip", "link", "set", f"at-{name}", "name", card)
        machine.run("ip", "address", "add", f"{self._prefix}.{number}/24", "dev", card)
        machine.run("ip", "link", "set", card, "up")
        # This route leads nowhere, but programs find a machine's own address by looking up a route.
        machine.run("ip", "route", "add", "default", "via", f"{self._prefix}.1")
        return machine

    def unplug(self, machine: Machine) -> None:
        """Disconnects the machine."""
        self.user.run("ip", "link", "set", f"to-{machine.name}", "down")

    def plug(self, machine: Machine) -> None:
        """Connects the machine again."""
        self.user.run("ip", "link", "set", f"to-{machine.name}", "up")

    def _add(self, name: str, number: int) -> Machine:
        machine = Machine(name, f"{self._prefix}.{number}", self._folder / name)
        self._machines.append(machine)
        return machine

    def close(self) -> None:
        """Ends all machines and their processes."""
        for machine in self._machines:
            machine.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def wait_until(is_so: Callable[[], bool], what: str, timeout_s: float) -> None:
    """Waits for a condition; fails with its name after the time limit."""
    end = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < end, f"waited {timeout_s:.0f} s for {what}"
        time.sleep(0.2)
