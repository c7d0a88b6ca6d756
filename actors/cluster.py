"""Joining a Ray cluster, or starting a private one."""

import collections
import contextlib
import logging
import os
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ray
from ray import util

from actors import memory
from actors import plan as plans
from alphazero.config import schema
from alphazero.report import logs

_logger = logging.getLogger(__name__)
_ANSWER_S = 2.0
_LAST_SESSION_S = 60.0
_POLL_S = 0.5


def connect(config: schema.Config, log_file: str, namespace: str) -> str:
    """Connects this process and returns, in words, what it is connected to.

    log_file: where workers on this machine write their log. namespace: of the run's named actors.
    ValueError: there is no cluster at the address asked for.
    """
    address = config.cluster.address
    # A worker's math library must not start threads: teams collapse on shared cores (ADR 3).
    environment = {"OMP_NUM_THREADS": "1", logs.LOG_FILE_VARIABLE: log_file}
    options: dict[str, Any] = {
        "logging_level": logging.WARNING,
        "log_to_driver": True,
        "namespace": namespace,
    }
    if address == "auto":
        address = os.environ.get("RAY_ADDRESS") or _address_on_this_host() or "private"
    if address == "private":
        with _environment(environment):
            return _start_private(config, options)
    try:
        ray.init(address=address, runtime_env={"env_vars": environment}, **options)
    except ConnectionError as error:
        raise ValueError(f"cluster.address={address}: no Ray cluster answers there") from error
    return f"the cluster at {ray.get_runtime_context().gcs_address}"


def nodes() -> list[plans.Node]:
    """The nodes that are alive."""
    here = ray.get_runtime_context().get_node_id()
    alive = [entry for entry in ray.nodes() if entry["Alive"]]
    addresses = collections.Counter(entry["NodeManagerAddress"] for entry in alive)
    found = []
    for entry in alive:
        address, resources = entry["NodeManagerAddress"], entry["Resources"]
        found.append(
            plans.Node(
                id=entry["NodeID"],
                # Several nodes may live on one machine, in tests for example.
                name=address if addresses[address] == 1 else f"{address}/{entry['NodeID'][:6]}",
                cpus=resources.get("CPU", 0.0),
                gpus=resources.get("GPU", 0.0),
                memory=resources.get("memory", 0.0),
                is_driver=entry["NodeID"] == here,
            )
        )
    return found


def ask_for_nodes(bundles: list[dict[str, float]]) -> None:
    """Asks the cluster's autoscaler, if there is one, to have room for all of these; none takes it back.

    The wish outlives a driver that is killed, until the next one is over.
    """
    # Not above: it takes half a second, and few runs need it.
    from ray.autoscaler import sdk

    sdk.request_resources(bundles=bundles)


def wait_for_last_session(namespace: str) -> None:
    """Waits until no actor of a driver that was killed is left in `namespace`: they write to the folder.

    ValueError when they stay, which means that the driver lives.
    """
    deadline = time.monotonic() + _LAST_SESSION_S
    left: list[Any]
    while left := util.list_named_actors(all_namespaces=True):
        names = [entry["name"] for entry in left if entry["namespace"] == namespace]
        if not names:
            return
        if time.monotonic() > deadline:
            raise ValueError(f"another driver still runs this run on the cluster: its {names[0]} is alive")
        time.sleep(_POLL_S)


def _address_on_this_host() -> str | None:
    """Address of the cluster that `ray start` began on this host, None if there is none that answers.

    Ray would also find the private clusters of other runs; those have a folder of their own, and
    what dies with another run must not be joined.
    """
    folder = Path(os.environ.get("RAY_TMPDIR", "/tmp")) / "ray"
    try:
        address = (folder / "ray_current_cluster").read_text().strip()
        host, port = address.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=_ANSWER_S):
            return address
    except (OSError, ValueError):
        return None


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Sets variables for the processes that are started meanwhile, and for those that they start.

    A runtime environment would do it too; with one Ray uses none of the workers that it has ready.
    """
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _start_private(config: schema.Config, options: dict[str, Any]) -> str:
    cores = len(os.sched_getaffinity(0))
    folder = Path(tempfile.gettempdir()) / f"alphazero-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    wanted = memory.object_store_bytes(config, memory.of_machine())
    store_bytes, place, trouble = memory.store_place(wanted, folder)
    if trouble:
        _logger.warning(trouble)
    ray.init(
        address="local",
        num_cpus=int(plans.private_cpus(config, cores)),
        include_dashboard=False,
        object_store_memory=store_bytes,
        # Named, as Ray would write a page of advice where it is not in shared memory.
        _plasma_directory=str(place),
        _temp_dir=str(folder),
        **options,
    )
    size = f"{store_bytes / memory.MIB:,.0f} MiB"
    return f"a private cluster on this machine ({cores} cores, object store of {size})"
