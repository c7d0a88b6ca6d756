"""Setup of Ray worker processes: logging, signals, devices and options."""

import dataclasses
import os
import signal
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from actors import plan as plans
from alphazero.config import schema
from alphazero.config import training as training_config
from alphazero.report import logs

_SELF_PLAY_NICENESS = 3
"""Beside two players on two cores a learner gets nearly a whole one; with equal priorities, half of one."""
_EXTRA_NICENESS = 10


def on_start(actor: type[Any]) -> type[Any]:
    """A subclass of `actor` that calls `set_up` first in its process.

    Ray's own hook is a part of runtime environments. With one, Ray starts a new process instead of using a
    prestarted one, which took two seconds.
    """

    def make(self: Any, *arguments: Any) -> None:
        set_up()
        actor.__init__(self, *arguments)

    return type(actor.__name__, (actor,), {"__init__": make, "__doc__": actor.__doc__})


def options_at(place: plans.Placement) -> dict[str, Any]:
    """Ray's options for an actor at its place in the plan."""
    return {
        "num_cpus": place.cpus,
        "num_gpus": place.gpus,
        "scheduling_strategy": NodeAffinitySchedulingStrategy(place.node.id, soft=False),
        # Ray would record each of the last 100,000 calls for its dashboard, which is not used here.
        "enable_task_events": False,
    }


def for_own_devices(config: schema.Config) -> schema.Config:
    """The settings of this actor: without a share of a GPU it computes on the CPU.

    torch cannot tell: whether Ray hides GPUs from such an actor depends on Ray's version.
    """
    return config if ray.get_gpu_ids() else on_cpus(config)


def on_cpus(config: schema.Config) -> schema.Config:
    """The settings with `training.device=cpu`."""
    training = dataclasses.replace(config.training, device=training_config.Device.cpu)
    return dataclasses.replace(config, training=training)


def yield_to_learner() -> None:
    """Lets the learner and the services go first on busy cores.

    Self-play still gets its part: the replay ratio makes the learner wait for games.
    """
    os.nice(_SELF_PLAY_NICENESS)


def lower_priority() -> None:
    """Lets the run's other processes go first on busy cores."""
    os.nice(_EXTRA_NICENESS)


def use_idle_cores() -> None:
    """Lets all other processes go first on busy cores, and the children of this process likewise.

    Niceness does not suffice where Ray has given every worker nearly the highest one.
    """
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    else:
        lower_priority()


def set_up() -> None:
    """Sends INFO to the run's log file and warnings to the driver; Ray alone would drop INFO.

    Workers ignore Ctrl-C, because the driver handles it and stops the actors.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logs.set_up_worker()
