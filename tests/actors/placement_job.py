"""Idle actors at all places of a plan; writes the resources that Ray gave them.

Arguments: the file to write, the number of nodes to wait for, and settings of the run.
"""

import json
import sys
from pathlib import Path

import ray

from actors import cluster, cluster_nodes, planning, starting
from actors import plan as plans
from alphazero.config import compose
from tests import machines


class Idle:
    """An actor that returns its resources."""

    def given(self):
        """Node, shares, and ids of the GPUs."""
        context = ray.get_runtime_context()
        resources = context.get_assigned_resources()
        shares = {"cpus": resources.get("CPU", 0.0), "gpus": resources.get("GPU", 0.0)}
        return context.get_node_id(), shares, context.get_accelerator_ids()["GPU"]


def main(target, num_nodes, *arguments):
    config = compose.compose(["conf=9x9", "cluster=auto", "training.device=auto", *arguments])
    cluster.connect(config, "/dev/null", "placement")
    machines.wait_until(lambda: len(ray.nodes()) == int(num_nodes), f"{num_nodes} nodes", 60)
    made = planning.make_plan(config, cluster_nodes.Nodes(config).refresh())
    started = [
        (place, starting.start_at(place, Idle, f"{place.name} {place.node.id} {number}"))
        for place in sorted(made.placements, key=lambda place: place.name == plans.SELF_PLAY)
        for number in range(place.count)
    ]
    told = []
    for place, handle in started:
        node, shares, gpus = ray.get(handle.given.remote(), timeout=200)
        planned = {"cpus": place.cpus, "gpus": place.gpus}
        is_in_place = node == place.node.id
        told.append(
            {
                "name": place.name,
                "planned": planned,
                "given": shares,
                "gpus": [f"{node} {gpu}" for gpu in gpus],
                "is_in_place": is_in_place,
            }
        )
    Path(target).write_text(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
