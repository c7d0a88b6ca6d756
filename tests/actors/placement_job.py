"""Starts one idle actor for each place of a plan on the cluster of this host, and prints what each was given."""

import json
import sys

import ray

from actors import cluster, loop, plan
from alphazero.config import compose


class Idle:
    """Knows what it was given."""

    def given(self):
        """Node, CPUs, share of a GPU and the GPU itself."""
        context = ray.get_runtime_context()
        resources = context.get_assigned_resources()
        gpus = context.get_accelerator_ids()["GPU"]
        return context.get_node_id(), resources.get("CPU", 0.0), resources.get("GPU", 0.0), gpus


def main(arguments):
    config = compose.compose(["conf=9x9", "cluster=auto", "training.device=auto", *arguments])
    cluster.connect(config, "", "placement")
    made = plan.make_plan(config, cluster.nodes())
    hired = [
        (place, loop._spawn_at(place, Idle, f"{place.name} {number}"))
        for place in sorted(made.placements, key=lambda place: place.name == plan.SELF_PLAY)
        for number in range(place.count)
    ]
    given = ray.get([handle.given.remote() for _, handle in hired], timeout=200)
    planned = [(place.name, place.node.id, place.cpus, place.gpus) for place, _ in hired]
    print(json.dumps({"planned": planned, "given": given, "text": made.text()}))


if __name__ == "__main__":
    main(sys.argv[1:])
