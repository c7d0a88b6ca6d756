"""Joining a Ray cluster, or starting a private one."""

import logging
import os

import ray

from actors import plan as plans
from alphazero.config import schema
from alphazero.report import logs

_OBJECT_STORE_BYTES = 512 << 20


def connect(config: schema.Config, log_file: str) -> str:
    """Connects this process and returns, in words, what it is connected to.

    log_file: where workers on this machine write their log. ValueError: there is no cluster at the
    address asked for.
    """
    address = config.cluster.address
    # A worker's math library must not start threads: teams collapse on shared cores (ADR 3).
    environment = {"OMP_NUM_THREADS": "1", logs.LOG_FILE_VARIABLE: log_file}
    options = {
        "runtime_env": {"env_vars": environment, "worker_process_setup_hook": "actors.worker_setup.set_up"},
        "logging_level": logging.WARNING,
        "log_to_driver": True,
    }
    if address == "private":
        return _start_private(config, options)
    try:
        context = ray.init(address=address, **options)
        return f"the cluster at {context.address_info['address']}"
    except ConnectionError as error:
        if address == "auto" and not os.environ.get("RAY_ADDRESS"):
            return _start_private(config, options)
        wanted = os.environ.get("RAY_ADDRESS", address) if address == "auto" else address
        raise ValueError(f"cluster.address={wanted}: no Ray cluster answers there") from error


def _start_private(config: schema.Config, options: dict) -> str:
    cores = len(os.sched_getaffinity(0))
    ray.init(
        address="local",
        num_cpus=int(plans.private_cpus(config, cores)),
        include_dashboard=False,
        object_store_memory=_OBJECT_STORE_BYTES,
        **options,
    )
    return f"a private cluster on this machine ({cores} cores)"
