"""State of supervised training beside its network: places of the data readers, best network so far."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from alphazero.config import schema
from alphazero.datasets import shuffle
from alphazero.net import leela
from alphazero.training import data_parallel, learner

ReaderPlaces = list[list[shuffle.Place]]
"""Places of each rank's readers, in the order of ranks."""


class BestNetwork(NamedTuple):
    """The network with the lowest held-out loss, or the newest network if nothing is held out."""

    step: int
    metrics: dict[str, float]  # on the held-out positions
    weights: leela.Weights


@dataclass(slots=True, kw_only=True)
class SupervisedState:
    """The state that every checkpoint also holds, so that a restart loses none of it."""

    minutes: float = 0.0
    """Running time over all sessions."""
    epochs: float = 0.0
    """Passes over the data."""
    data: str = ""
    """Digest of everything that determines the order of positions. Another digest makes `places` invalid."""
    places: ReaderPlaces | None = None
    looks_in_vain: int = 0
    """Evaluations on the held-out positions since the best one."""
    looked_at_step: int = -1
    """Step of the last evaluation on the held-out positions; -1 before the first one."""
    best: BestNetwork | None = None

    def state(self) -> dict[str, Any]:
        """The state as tensors and plain Python."""
        best = self.best and {
            "step": self.best.step,
            "figures": self.best.metrics,
            "weights": _arrays_of(self.best.weights),
        }
        return {
            "minutes": self.minutes,
            "epochs": self.epochs,
            "data": self.data,
            "places": self.places and [[list(place) for place in rank] for rank in self.places],
            "looks_in_vain": self.looks_in_vain,
            "looked_at_step": self.looked_at_step,
            "best": best,
        }

    @classmethod
    def of_state(cls, state: dict[str, Any]) -> "SupervisedState":
        """Restores what `state` returned. The network's arrays are not copied."""
        best, places = state["best"], state["places"]
        return cls(
            **state
            | {
                "places": places and [[shuffle.Place(*numbers) for numbers in rank] for rank in places],
                "best": best and BestNetwork(best["step"], best["figures"], _weights_of(best["weights"])),
            }
        )


class SupervisedLearner(learner.Learner):
    """A learner whose checkpoints also hold a `SupervisedState`. A rollback does not change that state."""

    def __init__(self, config: schema.Config, ranks: data_parallel.Ranks) -> None:
        super().__init__(config, ranks)
        self.standing = SupervisedState()
        self.saved: dict[str, Any] | None = None
        """The `SupervisedState.state` in the checkpoint that was loaded."""

    def state(self) -> dict[str, Any]:
        """The state of `learner.Learner` and of supervised training."""
        return {**super().state(), "supervised": self.standing.state()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Loads the learner's part only. Also raises ValueError for a checkpoint of self-play."""
        if "supervised" not in state:
            raise ValueError("the checkpoint does not belong to supervised training; choose another run.dir")
        super().load_state(state)
        self.saved = state["supervised"]


def _arrays_of(weights: leela.Weights) -> dict[str, Any]:
    layers = {
        "tower": [layer for convolution in weights.tower for layer in convolution],
        "policy_convolution": weights.policy_convolution,
        "policy": weights.policy,
        "value_convolution": weights.value_convolution,
        "value_hidden": weights.value_hidden,
        "value": weights.value,
    }
    tensors = {name: [torch.from_numpy(array) for array in layer] for name, layer in layers.items()}
    return {"version": weights.version, **tensors}


def _weights_of(state: dict[str, Any]) -> leela.Weights:
    arrays = {name: [tensor.numpy() for tensor in state[name]] for name in state if name != "version"}
    tower, width = arrays["tower"], len(leela.Convolution._fields)
    return leela.Weights(
        version=state["version"],
        tower=tuple(leela.Convolution(*tower[at : at + width]) for at in range(0, len(tower), width)),
        policy_convolution=leela.Convolution(*arrays["policy_convolution"]),
        policy=leela.Dense(*arrays["policy"]),
        value_convolution=leela.Convolution(*arrays["value_convolution"]),
        value_hidden=leela.Dense(*arrays["value_hidden"]),
        value=leela.Dense(*arrays["value"]),
    )
