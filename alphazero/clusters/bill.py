"""Bill of a cluster: the cost of each machine, of the idle cluster, of the full one, and after `ray down`."""

from dataclasses import dataclass

from alphazero.clusters import cluster_file, prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """Cost of a cluster in USD, without machines that are not in the table."""

    idle_hour: float
    """The head and the workers that min_workers keeps."""
    most_hour: float
    """The head and the dearest workers that max_workers allows; spot machines at the price on demand."""
    stopped_month: float
    """The head's disk, after `ray down`."""
    unknown: tuple[str, ...]
    """Node types whose machine is not in the table."""


def hour(kind: cluster_file.NodeType, table: prices.PriceTable) -> float | None:
    """USD per hour of one machine and its disks; None if it is not in the table."""
    machine = table.machines.get(kind.machine)
    return None if machine is None else machine.hour + table.disk_hour(kind.disk_gib)


def make(cluster: cluster_file.ClusterFile, table: prices.PriceTable) -> Bill:
    """The bill of a cluster file."""
    each = {kind.name: hour(kind, table) or 0.0 for kind in cluster.node_types}
    head = [kind for kind in cluster.node_types if kind.is_head]
    workers = sorted(
        (kind for kind in cluster.node_types if not kind.is_head), key=lambda kind: -each[kind.name]
    )
    most, left = sum(each[kind.name] for kind in head), cluster.max_workers
    for kind in workers:
        count = min(left, kind.max_workers)
        most, left = most + count * each[kind.name], left - count
    return Bill(
        idle_hour=sum(kind.least * each[kind.name] for kind in cluster.node_types),
        most_hour=most,
        stopped_month=sum(kind.disk_gib for kind in head) * table.disk_gib_month,
        unknown=tuple(kind.name for kind in cluster.node_types if hour(kind, table) is None),
    )


def lines(cluster: cluster_file.ClusterFile, table: prices.PriceTable) -> list[str]:
    """The bill as text."""
    found = []
    for kind in cluster.node_types:
        price = hour(kind, table)
        count = "1" if kind.is_head else f"{kind.min_workers} to {kind.max_workers}"
        gpu = table.machines[kind.machine].gpu if price is not None else ""
        parts = f"{kind.cpus:g} CPUs" + (f", {kind.gpus:g} {gpu or 'GPU'}" if kind.gpus else "")
        cost = "price unknown" if price is None else f"{price:.2f} USD an hour each"
        if kind.is_spot and price is not None:
            cost = f"at most {cost} (spot prices are lower)"
        found.append(f"  {kind.name:24} {count:>8} x {kind.machine:16} {parts}: {cost}")
    total = make(cluster, table)
    left_out = f", without {', '.join(total.unknown)}" if total.unknown else ""
    after = "the head's disk, and those of stopped workers" if cluster.stops_machines else "nothing"
    month = total.stopped_month if cluster.stops_machines else 0.0
    return [
        *found,
        f"  without work: {total.idle_hour:.2f} USD an hour, {24 * total.idle_hour:.0f} a day{left_out}",
        f"  at most: {total.most_hour:.2f} USD an hour{left_out}",
        f"  after `ray down`: {month:.0f} USD a month ({after}), until you delete it",
        f"  list prices of {table.date} in {table.region}, traffic not included (docs/prices.md)",
    ]
