"""Sources of a pull: a run's folder, a mirror, or a cluster's head through `ray rsync-down`."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from alphazero import run_paths
from alphazero.storage import stores

CLUSTER = "cluster:"
_REMOTE = re.compile(r"[A-Za-z0-9_.~/+][A-Za-z0-9_.~/+-]*")
_RSYNC_S = 1800


def open_source(text: str, dest: Path) -> stores.Store:
    """The place that SOURCE names; ValueError in one line if it is invalid.

    dest: destination of the pull. A cluster's files are first copied into a folder beside it and verified.
    """
    if text.startswith(CLUSTER):
        return _open_cluster(text, dest)
    return stores.open_place("SOURCE", text)


def _open_cluster(text: str, dest: Path) -> "ClusterSource":
    config, _, remote = text.removeprefix(CLUSTER).partition(":")
    # A shell on the head reads the path: it must not contain special characters.
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
    return ClusterSource(
        text, [ray, "rsync-down", str(Path(config).expanduser())], remote.rstrip("/"), staging
    )


class ClusterSource(stores.Folder):
    """The promoted networks on a cluster's head, copied by rsync into a local folder.

    The folder stays, so that later calls fetch only new files; it may be removed at any time.
    """

    def __init__(self, name: str, command: list[str], remote: str, staging: Path) -> None:
        """command: called with a folder on the head and one here. remote: the run's folder on the head."""
        super().__init__(staging)
        self._command = command
        self._remote = remote
        self._promoted = staging / run_paths.PROMOTED
        self.name = name

    def sizes(self, folder: str = "", *, deep: bool = True) -> dict[str, int]:
        """See stores.Store; runs rsync first."""
        if folder == run_paths.PROMOTED:
            self._fetch()
        return super().sizes(folder, deep=deep)

    def _fetch(self) -> None:
        try:
            self._promoted.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise stores.StoreError(f"{error.filename}: {error.strerror}") from error
        # With a slash at the end rsync copies the folder's contents and not the folder.
        command = [*self._command, f"{self._remote}/{run_paths.PROMOTED}/", f"{self._promoted}/"]
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
