"""What each Ray worker process does first."""

import dataclasses
import signal
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from actors import plan as plans
from alphazero.config import schema
from alphazero.config import training as training_config
from alphazero.report import logs


def on_start(actor: type[Any]) -> type[Any]:
    """The class `actor`, made to call `set_up` in the process that it is put into.

    Ray's hook for this is part of its runtime environments, for which it starts a process anew instead of
    using one that it has ready: that took two seconds.
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
        # Ray would keep a record of each of the last 100,000 calls, for a dashboard that has no use for them.
        "enable_task_events": False,
    }


def for_own_devices(config: schema.Config) -> schema.Config:
    """The settings as they hold in this actor: without a share of a GPU it computes on the CPU.

    What torch sees would not say it: whether Ray hides GPUs from such an actor depends on its version.
    """
    return config if ray.get_gpu_ids() else on_cpus(config)


def on_cpus(config: schema.Config) -> schema.Config:
    """The settings with `training.device=cpu`."""
    training = dataclasses.replace(config.training, device=training_config.Device.cpu)
    return dataclasses.replace(config, training=training)


def set_up() -> None:
    """Sends INFO to the run's log file and warnings to the driver; Ray alone would drop INFO.

    Ctrl-C is the driver's business: it tells the actors to stop, so workers ignore it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logs.set_up_worker()
