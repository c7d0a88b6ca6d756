"""Memory of a run: the object store of a private cluster, and estimates per actor for the printed plan."""

import math
import os
import shutil
from pathlib import Path

from actors import plan as plans
from alphazero.config import schema
from alphazero.data import batch as batches
from alphazero.data import size_windows
from alphazero.data import targets as game_targets
from alphazero.go import features, input_families
from alphazero.net import leela

MIB = 2**20
_GIB = 2**30
SHARED = Path("/dev/shm")
_LEAST_STORE, _MOST_STORE = 128 * MIB, 8 << 30  # Ray refuses less than 75 MiB, and more than 10 GB on a disk
_STORE_SHARE = 0.3
"""Largest share of a node's memory for the object store; Ray's own default."""
_BATCHES_UNDER_WAY = 2 * 64
"""Two requests of at most 64 steps: one is answered while the learner trains on the other."""
_NETWORKS_UNDER_WAY = 6
"""Candidate and best network, their predecessors while actors still read them, and two in transit."""
_SPARE = 1.5
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")

# Resident memory of actors of a real run on CPUs, without the object store: measured by `tools.soak`.
_SERVICE, _REPLAY_BUFFER, _LEARNER = 120 * MIB, 260 * MIB, 490 * MIB
_COMPUTING = {plans.SELF_PLAY: 520 * MIB, plans.EVALUATOR: 560 * MIB, plans.LADDER: 400 * MIB}
_NETWORKS_OF_A_LEARNER = 12
"""Weights, gradients, moments and average, and copies of them on the way to disk and to other actors."""
_CUDA, _GRAPHS = 500 * MIB, 4
_GPU_GIB = {
    "T4": 16, "V100": 16, "L4": 24, "A10G": 24, "RTX-4090": 24, "A40": 48, "L40S": 48, "RTX-A6000": 48,
    "A100": 40, "A100-80G": 80, "H100": 80, "H200": 141, "B200": 180,
}  # fmt: skip
"""Memory of GPUs by Ray's name of the type; Ray does not know their memory."""
_ACTIVATIONS = 5
"""Tensors that training keeps per channel of the tower."""


def network_bytes(config: schema.Config) -> int:
    """Size of a network's weights in float32: the tower's convolutions and the heads' dense layers."""
    points, net = config.game.size**2, config.net.largest
    filters, blocks = net.filters, net.blocks
    # Each channel of a convolution has a bias and its batch norm's statistics.
    tower = 9 * features.NUM_PLANES * filters + 18 * blocks * filters**2 + 3 * filters * (2 * blocks + 1)
    policy = 2 * (filters + 3) + (2 * points + 1) * (points + 1)
    value = filters + 3 + leela.VALUE_HIDDEN * (points + 2) + 1
    return 4 * (tower + policy + value)


def batch_bytes(config: schema.Config) -> int:
    """Size of a batch with every field that this run's network learns from."""
    fields = game_targets.fields_of(config.net)
    family = input_families.of_net(config.net)
    largest = max(config.game.shares)
    return batches.num_bytes(largest, fields, family) * config.training.batch_size


def object_store_bytes(config: schema.Config, memory: int) -> int:
    """Size of the object store of a node with all actors: networks, batches and pushes in transit.

    memory: of the node, in bytes.
    """
    points, selfplay = config.game.size**2, config.selfplay
    game = 2 * points * (2 * (points + 1) + 10)
    actors = selfplay.num_actors or os.cpu_count() or 1
    pushes = actors * selfplay.push_window * max(1, selfplay.num_games // 32) * game
    needed = _NETWORKS_UNDER_WAY * network_bytes(config) + _BATCHES_UNDER_WAY * batch_bytes(config) + pushes
    allowed = min(_MOST_STORE, int(_STORE_SHARE * memory))
    return max(_LEAST_STORE, min(int(_SPARE * needed), allowed))


def store_place(wanted: int, folder: Path, shared: Path = SHARED) -> tuple[int, Path, str]:
    """Size and folder of the object store, and a warning if they differ from the ideal.

    folder: on a disk, used if shared memory is small (64 MB in a container by default).
    """
    try:
        free = int(0.95 * shutil.disk_usage(shared).free)
    except OSError:
        free = 0
    if free >= wanted:
        return wanted, shared, ""
    if free >= _LEAST_STORE:
        text = f"{shared} has room for {free // MIB} MiB of object store, not {wanted // MIB} MiB"
        return free, shared, text
    return wanted, folder, (
        f"{shared} has room for {free // MIB} MiB: the object store of {wanted // MIB} MiB lies in {folder}, "
        "which is slower (docker run --shm-size=1g gives more)"
    )  # fmt: skip


def of_machine(limits: tuple[str, ...] = _LIMITS) -> int:
    """Bytes that this machine has, or this container may use."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in limits:
        try:
            total = min(total, int(Path(path).read_text()))
        except (OSError, ValueError):
            continue  # no such controller, or "max"
    return total


def of_actor(name: str, config: schema.Config, drives_ranks: bool = False) -> int:
    """Approximate main memory in bytes of one actor of this name; not measured on GPUs, probably more there.

    drives_ranks: whether the learner only drives ranks and does not compute.
    """
    size = config.game.size
    if name == "replay buffer":
        return _REPLAY_BUFFER + size_windows.num_bytes(config)
    if name == plans.RANK or (name == plans.LEARNER and not drives_ranks):
        rows = config.training.batch_size // config.training.num_ranks
        net = config.net.largest
        activations = 4 * rows * size**2 * net.filters * (2 * net.blocks + 1)
        return _LEARNER + _NETWORKS_OF_A_LEARNER * network_bytes(config) + _ACTIVATIONS * activations
    return _COMPUTING[name] + network_bytes(config) if name in _COMPUTING else _SERVICE


def on_gpu(name: str, config: schema.Config) -> int:
    """Approximate GPU memory in bytes of one actor, calculated and not measured.

    The sum of CUDA's own memory, the network, and the activations of one pass for each batch size that has a
    CUDA graph. A rank keeps the activations of all layers for its gradients.
    """
    size, filters, blocks = config.game.size, config.net.largest.filters, config.net.largest.blocks
    if name == plans.RANK or name == plans.LEARNER:
        rows = config.training.batch_size // config.training.num_ranks
        kept = 2 * _ACTIVATIONS * rows * size**2 * filters * (2 * blocks + 1)
        return _CUDA + _NETWORKS_OF_A_LEARNER * network_bytes(config) + kept
    rows = config.selfplay.num_games if name == plans.SELF_PLAY else config.gate.num_games // 2
    return _CUDA + network_bytes(config) + 2 * _GRAPHS * _ACTIVATIONS * rows * size**2 * filters


def lines(config: schema.Config, plan: plans.Plan) -> list[str]:
    """Lines below the plan: memory of each kind of actor, a reduced window, nodes with too little memory."""
    drives_ranks = bool(plan.of(plans.RANK))
    kinds = {place.name: of_actor(place.name, config, drives_ranks) / _GIB for place in plan.placements}
    told = ["  memory, about: " + ", ".join(f"{name} {gib:.1f} GiB" for name, gib in kinds.items())]
    told += [f"  {text}" for text in size_windows.limit_texts(config)]
    for node in {place.node.id: place.node for place in plan.placements}.values():
        told += _gpu_lines(config, plan, node)
        needed = sum(place.count * kinds[place.name] for place in plan.placements if place.node == node)
        if node.memory and needed * _GIB > node.memory:
            told.append(
                f"  warning: {node.name} has {node.memory / _GIB:.1f} GiB, actors need about {needed:.1f}: "
                "fewer of them (selfplay.num_actors, cluster.selfplay_cpus) or a smaller replay.max_gib"
            )
    return told


def _gpu_lines(config: schema.Config, plan: plans.Plan, node: plans.Node) -> list[str]:
    """The memory that actors need on the fullest GPU of a node, and that GPU's size if it is known."""
    here = [place for place in plan.placements if place.node == node and place.gpus]
    counts = [min(place.count, math.floor(1 / place.gpus)) for place in here]
    sizes = [on_gpu(place.name, config) for place in here]
    needed = max((count * size for count, size in zip(counts, sizes, strict=True)), default=0)
    if not needed:
        return []
    text = f"  GPU memory of {node.name}, about: {needed / _GIB:.1f} GiB on the fullest GPU"
    there = _GPU_GIB.get(node.gpu_type)
    if there is None:
        return [text]
    if needed <= there * _GIB:
        return [f"{text} of {there}"]
    return [
        f"  warning: the GPUs of {node.name} ({node.gpu_type}) have {there} GiB, actors need about "
        f"{needed / _GIB:.1f}: fewer of them (cluster.actors_per_gpu), smaller batches (selfplay.num_games, "
        "training.batch_size) or more ranks"
    ]
