"""Reader of cluster files of `ray up`: their machines and what the bill needs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeType:
    """One entry of available_node_types."""

    name: str
    machine: str
    """The provider's name of the machine type, empty if the entry has none."""
    cpus: float
    gpus: float
    min_workers: int
    max_workers: int
    is_head: bool
    is_spot: bool
    disk_gib: float
    image: str
    config: dict[str, Any]
    """The unchanged node_config."""

    @property
    def most(self) -> int:
        """Largest number of machines."""
        return 1 if self.is_head else self.max_workers

    @property
    def least(self) -> int:
        """Number of machines that are billed even when idle."""
        return 1 if self.is_head else self.min_workers


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterFile:
    """A cluster file, parsed."""

    path: Path
    provider: str
    region: str
    zone: str
    max_workers: int
    stops_machines: bool
    """Whether machines are stopped, with their disks, instead of deleted."""
    node_types: tuple[NodeType, ...]
    settings: dict[str, Any]
    """The whole file."""


def read(path: Path) -> ClusterFile:
    """Reads a cluster file; ValueError in one line if it is not one."""
    settings = _load(path)
    provider = _mapping(settings, "provider", path)
    kinds = settings.get("available_node_types", {})
    if not isinstance(kinds, dict):
        raise ValueError(f"{path}: available_node_types: must be a mapping of names to node types")
    head, limit = settings.get("head_node_type"), settings.get("max_workers", 2)
    if kinds and head not in kinds:
        raise ValueError(f"{path}: head_node_type={head}: must be one of {', '.join(map(str, kinds))}")
    return ClusterFile(
        path=path,
        provider=str(provider.get("type", "")),
        region=str(provider.get("region", "")),
        zone=str(provider.get("availability_zone") or ""),
        max_workers=_whole(limit, "max_workers", path),
        stops_machines=provider.get("cache_stopped_nodes") is not False,
        node_types=tuple(_node_type(name, kinds[name], name == head, limit, path) for name in kinds),
        settings=settings,
    )


def _load(path: Path) -> dict[str, Any]:
    try:
        settings = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: must be UTF-8 text") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ValueError(f"{path}:{line}: {' '.join(str(error.problem).split())}") from None
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: {' '.join(str(error).split())}") from None
    if not isinstance(settings, dict):
        raise ValueError(f"{path}: must be a mapping, as in cluster.yaml")
    return settings


def _mapping(parent: dict[str, Any], key: str, path: Path) -> dict[str, Any]:
    found = parent.get(key)
    if not isinstance(found, dict):
        raise ValueError(f"{path}: {key}: must be a mapping, as in cluster.yaml")
    return found


def _whole(value: Any, key: str, path: Path) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{path}: {key}={value}: must be a whole number of at least 0")
    return value


def _node_type(name: str, kind: Any, is_head: bool, limit: int, path: Path) -> NodeType:
    place = f"available_node_types.{name}"
    if not isinstance(kind, dict):
        raise ValueError(f"{path}: {place}: must be a mapping")
    config = kind.get("node_config") or {}
    resources = kind.get("resources") or {}
    if not isinstance(config, dict) or not isinstance(resources, dict):
        raise ValueError(f"{path}: {place}: node_config and resources must be mappings")
    try:
        image, disk = _disk(config)
        is_spot = _is_spot(config)
    except (AttributeError, TypeError):
        raise ValueError(f"{path}: {place}.node_config: must have the same form as in cluster.yaml") from None
    return NodeType(
        name=str(name),
        machine=str(config.get("InstanceType") or config.get("machineType") or "").rpartition("/")[2],
        cpus=_whole(resources.get("CPU", 0), f"{place}.resources.CPU", path),
        gpus=_whole(resources.get("GPU", 0), f"{place}.resources.GPU", path),
        min_workers=_whole(kind.get("min_workers", 0), f"{place}.min_workers", path),
        max_workers=_whole(kind.get("max_workers", limit), f"{place}.max_workers", path),
        is_head=is_head,
        is_spot=is_spot,
        disk_gib=disk,
        image=image,
        config=config,
    )


def _is_spot(config: dict[str, Any]) -> bool:
    market = config.get("InstanceMarketOptions") or {}
    plans = config.get("scheduling") or []
    plans = [plans] if isinstance(plans, dict) else plans
    on_google = any(plan.get("provisioningModel") == "SPOT" or plan.get("preemptible") for plan in plans)
    return market.get("MarketType") == "spot" or on_google


def _disk(config: dict[str, Any]) -> tuple[str, float]:
    """The image, and the sum of all disks in GiB."""
    disks = [disk.get("initializeParams") or {} for disk in config.get("disks") or []]
    blocks = [block.get("Ebs") or {} for block in config.get("BlockDeviceMappings") or []]
    image = config.get("ImageId") or next(
        (disk["sourceImage"] for disk in disks if "sourceImage" in disk), ""
    )
    gib = [block.get("VolumeSize", 0) for block in blocks] + [disk.get("diskSizeGb", 0) for disk in disks]
    return str(image), float(sum(gib))
