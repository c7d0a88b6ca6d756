"""Checks of a cluster file that need no account; each finding is one line."""

import datetime
import re
from pathlib import Path

from alphazero.clusters import cluster_file, prices

TOKEN = Path("~/.ray/auth_token")
CUDA12_DRIVER = 525
_OLD_MONTHS = 12


def problems(cluster: cluster_file.ClusterFile, token: Path = TOKEN) -> list[str]:
    """Mistakes that keep the cluster from working or make it cost more than necessary."""
    found = _token(token.expanduser())
    found += _place(cluster)
    for kind in cluster.node_types:
        place = f"available_node_types.{kind.name}"
        found += [f"{place}: {text}" for text in _machine(kind, cluster.provider)]
        found += [f"{place}: {text}" for text in _life(kind)]
        found += [f"{place}: {text}" for text in _disks_and_images(kind, cluster.provider)]
    return found


def notes(cluster: cluster_file.ClusterFile, today: datetime.date) -> list[str]:
    """Facts worth knowing that are not mistakes."""
    table = prices.tables().get(cluster.provider)
    if table is None:
        return []
    found = [
        f"available_node_types.{kind.name}: {kind.machine or 'a machine without a name'} is not in the "
        "price table, so its price is not counted (docs/prices.md)"
        for kind in cluster.node_types
        if kind.machine not in table.machines
    ]
    if cluster.region != table.region:
        found.append(f"provider.region={cluster.region}: prices are those of {table.region}, others differ")
    if table.age_months(today) >= _OLD_MONTHS:
        found.append(f"prices of {table.date} are old: check the provider's page before you rely on them")
    return found


def _token(path: Path) -> list[str]:
    try:
        mode = path.stat().st_mode
    except OSError:
        return [
            f"{path}: does not exist; (umask 077; ray get-auth-token --generate >/dev/null) makes the token"
        ]
    return [f"{path}: others can read the cluster's token; chmod 600 {path}"] if mode & 0o077 else []


def _place(cluster: cluster_file.ClusterFile) -> list[str]:
    found = []
    if cluster.provider in prices.tables() and not cluster.zone:
        found.append("provider.availability_zone: is not set; a learner's ranks may land in several zones")
    elif "," in cluster.zone:
        found.append(
            f"provider.availability_zone={cluster.zone}: a learner's ranks may land in several zones"
        )
    if cluster.provider == "gcp" and cluster.settings["provider"].get("project_id") in (None, "YOUR-PROJECT"):
        found.append("provider.project_id: put your project's name here")
    mounts = [str(mount).rstrip("/") for mount in cluster.settings.get("file_mounts") or {}]
    commands = " ".join(map(str, cluster.settings.get("head_start_ray_commands") or []))
    for folder in re.findall(r"--logdir[ =](\S+)", commands):
        if any(f"{folder}/".startswith(f"{mount}/") for mount in mounts):
            found.append(
                f"head_start_ray_commands: {folder} is inside a folder of file_mounts, all of which Ray "
                "reads whenever a worker is set up; keep runs in ~/runs"
            )
    return found


def _machine(kind: cluster_file.NodeType, provider: str) -> list[str]:
    table = prices.tables().get(provider)
    machine = table.machines.get(kind.machine) if table else None
    if machine is None:
        return []
    found = []
    if kind.gpus != machine.gpus:
        found.append(f"resources.GPU={kind.gpus:g}: {kind.machine} has {machine.gpus}")
    if kind.cpus > machine.cpus:
        found.append(f"resources.CPU={kind.cpus:g}: {kind.machine} has {machine.cpus}")
    return found


def _life(kind: cluster_file.NodeType) -> list[str]:
    if kind.is_head:
        return ["is a spot machine, but the run's folder is on it"] if kind.is_spot else []
    found = []
    if kind.max_workers < kind.min_workers:
        found.append(f"max_workers={kind.max_workers}: must be at least min_workers={kind.min_workers}")
    if kind.min_workers:
        found.append(
            f"min_workers={kind.min_workers}: they are billed even when idle; 0 starts them on demand"
        )
    if kind.config and "shutdown" not in str(kind.config):
        found.append(
            "does not power off if it is never set up or its head is gone (UserData in cluster.yaml)"
        )
    return found


def _disks_and_images(kind: cluster_file.NodeType, provider: str) -> list[str]:
    found = []
    if provider == "gcp":
        kinds = [
            (disk.get("initializeParams") or {}).get("diskType", "")
            for disk in kind.config.get("disks") or []
        ]
        if any(not name or name.endswith("pd-standard") for name in kinds):
            found.append("disks: a standard disk syncs each game slowly; use diskType: .../pd-balanced")
    driver = re.search(r"nvidia-(\d{3})\b", kind.image)
    if driver and int(driver[1]) < CUDA12_DRIVER:
        found.append(
            f"image {kind.image}: driver {driver[1]} is too old for torch, which needs {CUDA12_DRIVER}"
        )
    return found
