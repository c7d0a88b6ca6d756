"""What a user may pull from: a run's folder, a mirror, or a cluster's head through `ray rsync-down`."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from alphazero.storage import layout, stores

CLUSTER = "cluster:"
_REMOTE = re.compile(r"[A-Za-z0-9_.~/+][A-Za-z0-9_.~/+-]*")
_RSYNC_S = 1800


def open_source(text: str, dest: Path) -> stores.Store:
    """The place that SOURCE names; ValueError in one line for what cannot be one.

    dest: beside it lies the folder into which a cluster's files come before they are checked.
    """
    if text.startswith(CLUSTER):
        return _open_cluster(text, dest)
    return stores.open_place("SOURCE", text)


def _open_cluster(text: str, dest: Path) -> "Cluster":
    config, _, remote = text.removeprefix(CLUSTER).partition(":")
    # The path goes through a shell on the head: it must hold nothing that one would understand.
    if not config or not _REMOTE.fullmatch(remote):
        raise ValueError(
            f"SOURCE={text}: must be cluster:CLUSTER.YAML:RUN_DIR, such as cluster:cluster.yaml:~/runs/9x9"
        )
    if not Path(config).expanduser().is_file():
        raise ValueError(f"SOURCE={text}: {config} is not a file")
    beside = Path(sys.executable).with_name("ray")
    ray = shutil.which("ray") or (str(beside) if beside.exists() else None)
    if ray is None:
        raise ValueError(f"SOURCE={text}: the program ray is not installed")
    staging = dest.absolute().with_name(f".{dest.absolute().name}.staging")
    return Cluster(text, [ray, "rsync-down", str(Path(config).expanduser())], remote.rstrip("/"), staging)


class Cluster(stores.Folder):
    """The promoted networks on a cluster's head, as rsync last brought them into a folder of ours.

    The folder stays, so that only what is new travels; it may be removed at any time.
    """

    def __init__(self, name: str, command: list[str], remote: str, staging: Path) -> None:
        """command: what to call with a folder on the head and one here. remote: the run's folder there."""
        super().__init__(staging)
        self._command = command
        self._remote = remote
        self._promoted = staging / layout.PROMOTED
        self.name = name

    def sizes(self, folder: str = "", *, deep: bool = True) -> dict[str, int]:
        """See stores.Store; asks the head first."""
        if folder == layout.PROMOTED:
            self._fetch()
        return super().sizes(folder, deep=deep)

    def _fetch(self) -> None:
        try:
            self._promoted.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise stores.StoreError(f"{error.filename}: {error.strerror}") from error
        # rsync takes what lies in a folder whose name ends in a slash.
        command = [*self._command, f"{self._remote}/{layout.PROMOTED}/", f"{self._promoted}/"]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_RSYNC_S, stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired:
            raise stores.StoreError(f"{self.name}: ray rsync-down took more than {_RSYNC_S} s") from None
        if done.returncode:
            lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
            raise stores.StoreError(
                f"{self.name}: ray rsync-down failed: {lines[-1] if lines else 'no reason given'}"
            )
