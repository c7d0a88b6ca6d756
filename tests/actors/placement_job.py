"""Starts an idle actor for each place of a plan, and writes down what each was given.

Arguments: the file to write, how many nodes to wait for, and settings of the run.
"""

import json
import sys
from pathlib import Path

import ray

from actors import cluster, loop, plan, planning
from actors import nodes as all_nodes
from alphazero.config import compose
from tests import machines


class Idle:
    """Knows what it was given."""

    def given(self):
        """Node, shares, and the GPUs themselves."""
        context = ray.get_runtime_context()
        resources = context.get_assigned_resources()
        shares = {"cpus": resources.get("CPU", 0.0), "gpus": resources.get("GPU", 0.0)}
        return context.get_node_id(), shares, context.get_accelerator_ids()["GPU"]


def main(target, num_nodes, *arguments):
    config = compose.compose(["conf=9x9", "cluster=auto", "training.device=auto", *arguments])
    cluster.connect(config, "/dev/null", "placement")
    machines.wait_until(lambda: len(ray.nodes()) == int(num_nodes), f"{num_nodes} nodes", 60)
    made = planning.make_plan(config, all_nodes.Nodes(config).look())
    hired = [
        (place, loop._spawn_at(place, Idle, f"{place.name} {place.node.id} {number}"))
        for place in sorted(made.placements, key=lambda place: place.name == plan.SELF_PLAY)
        for number in range(place.count)
    ]
    told = []
    for place, handle in hired:
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
