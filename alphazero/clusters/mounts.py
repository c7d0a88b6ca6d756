"""Check for runs inside a folder that `ray up` copies to the nodes."""

from pathlib import Path

import yaml

BOOTSTRAP = Path("~/ray_bootstrap_config.yaml")
"""The cluster file, which `ray up` leaves on the head only."""


def warning(run_dir: Path, bootstrap: Path = BOOTSTRAP) -> str | None:
    """One line if this machine is the head of a cluster whose mounted folder holds the run.

    Ray hashes every file below a mount, even excluded ones, whenever it sets up a worker. A growing run makes
    that slow, and a checkpoint that is removed at that time fails the setup.
    """
    for mount in _mounts(bootstrap.expanduser()):
        if run_dir.absolute().is_relative_to(mount):
            return (
                f"run.dir={run_dir}: lies in {mount}, which Ray reads whenever it sets up a worker; "
                f"stop the run, mv {run_dir} ~/runs/ and continue with run.dir=~/runs/{run_dir.name}"
            )
    return None


def _mounts(bootstrap: Path) -> list[Path]:
    try:
        cluster = yaml.safe_load(bootstrap.read_text())
    except (OSError, ValueError, yaml.YAMLError):
        return []
    mounts = cluster.get("file_mounts") if isinstance(cluster, dict) else None
    return [Path(str(mount)).expanduser().absolute() for mount in mounts or ()]
