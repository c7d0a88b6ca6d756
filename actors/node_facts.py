"""Facts about a node that a plan does not show: versions, clock and disk; and the check of them."""

import dataclasses
import importlib.metadata
import platform
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import ray
from ray import exceptions
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from actors import plan as plans
from actors import ray_errors
from alphazero.config import schema
from alphazero.config import training as training_config

_ANSWER_S = 10.0
_MOST_CLOCK_MINUTES = 1.0
_LEAST_DISK = 1 << 30
_PACKAGES = ("torch", "numpy", "ray")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFacts:
    """Versions, clock and disk of one node."""

    python: str
    versions: Mapping[str, str]
    """Versions of packages; empty for a missing package."""
    time_s: float
    """The node's clock, in seconds since 1970."""
    asked_s: float = 0.0
    """The driver's clock halfway between question and answer."""
    disk: int
    """Free bytes in the folder for temporary files of Ray and torch."""


def find() -> NodeFacts:
    """The facts of this machine."""
    return NodeFacts(
        python=platform.python_version(),
        versions={name: _version(name) for name in _PACKAGES},
        time_s=time.time(),
        asked_s=time.time(),
        disk=shutil.disk_usage(tempfile.gettempdir()).free,
    )


def collect(nodes: Iterable[plans.Node]) -> dict[str, NodeFacts | str]:
    """The facts of nodes by id, or the reason why a node has none, such as that it lacks this package.

    Nodes that do not answer within ten seconds are left out.
    """
    began = time.time()
    asked = {
        ray.remote(num_cpus=0, max_retries=0)(find)
        .options(scheduling_strategy=NodeAffinitySchedulingStrategy(node.id, soft=False))
        .remote(): node.id
        for node in nodes
    }
    found: dict[str, NodeFacts | str] = {}
    waiting = list(asked)
    while waiting and time.time() - began < _ANSWER_S:
        left_s = max(0.0, began + _ANSWER_S - time.time())
        ready, waiting = ray.wait(waiting, num_returns=1, timeout=left_s)
        for reference in ready:
            try:
                facts: NodeFacts = ray.get(reference)
            except exceptions.RayTaskError as error:
                found[asked[reference]] = ray_errors.last_line(error)
                continue
            except exceptions.RayError:
                continue  # the node is gone again
            # Its clock was read at some time between the question and now.
            middle = (began + time.time()) / 2
            found[asked[reference]] = dataclasses.replace(facts, asked_s=middle)
    return found


class NodeFindings(NamedTuple):
    """Results of the check of one node, in lines that name it."""

    problems: list[str]  # reasons why it cannot take part
    notes: list[str]  # warnings to the user


def check(config: schema.Config, node: plans.Node, facts: NodeFacts | str, ours: NodeFacts) -> NodeFindings:
    """Checks a node. facts: or the reason why there are none. ours: the driver's facts."""
    if isinstance(facts, str):
        return NodeFindings([f"{node.name}: a first task failed there: {facts}"], [])
    problems, notes = [], []
    if _minor(facts.python) != _minor(ours.python):
        wanted = _minor(ours.python)
        problems.append(f"Python {facts.python}, the driver has {ours.python}: both must be {wanted}")
    for name in _PACKAGES:
        found, wanted = _plain(facts.versions[name]), _plain(ours.versions[name])
        if found != wanted:
            has = f"{name} {found}" if found else f"{name} is missing"
            problems.append(f"{has}, the driver has {wanted}: install with constraints.txt there")
    minutes = abs(facts.time_s - facts.asked_s) / 60
    if minutes > _MOST_CLOCK_MINUTES:
        notes.append(f"its clock is {minutes:.0f} min apart from the driver's: start a time service (chrony)")
    if facts.disk < _LEAST_DISK:
        notes.append(f"only {facts.disk >> 20} MiB are free for temporary files: at least 1 GiB is needed")
    device, torch = config.training.device, facts.versions["torch"]
    if node.gpus and device is not training_config.Device.cpu and "+cpu" in torch:
        text = (
            f"it declares {node.gpus:g} GPUs, its torch {torch} is built for CPUs: install one for CUDA "
            "(uv pip install --torch-backend=auto)"
        )
        (problems if device is training_config.Device.cuda else notes).append(text)
    return NodeFindings(*([f"{node.name}: {text}" for text in lines] for lines in (problems, notes)))


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _minor(python: str) -> str:
    return ".".join(python.split(".")[:2])


def _plain(version: str) -> str:
    """The version without its build tag, such as +cpu."""
    return version.partition("+")[0]
