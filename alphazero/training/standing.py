"""What supervised training knows beside its network: where its data stand, and its best network so far."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from alphazero.config import schema
from alphazero.data import shuffle
from alphazero.net import leela
from alphazero.training import learner
from alphazero.training import ranks as all_ranks

Places = list[list[shuffle.Place]]
"""Of each rank's readers."""


class Best(NamedTuple):
    """The network with the lowest held-out loss; the newest one where nothing is held out."""

    step: int
    figures: dict[str, float]  # on the held-out positions
    weights: leela.Weights


@dataclass(slots=True, kw_only=True)
class Standing:
    """Kept in every checkpoint, so that a restart loses none of it."""

    minutes: float = 0.0
    """Running time of all sessions."""
    epochs: float = 0.0
    """Passes over the data."""
    data: str = ""
    """Digest of what decides the order of positions; with another one, places mean nothing."""
    places: Places | None = None
    looks_in_vain: int = 0
    """Looks at the held-out positions since the best one."""
    looked_at_step: int = -1
    best: Best | None = None

    def state(self) -> dict[str, Any]:
        """As tensors and plain Python."""
        best = self.best and {
            "step": self.best.step,
            "figures": self.best.figures,
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
    def of_state(cls, state: dict[str, Any]) -> "Standing":
        """What `state` was made of; the network is not copied."""
        best, places = state["best"], state["places"]
        return cls(
            **state
            | {
                "places": places and [[shuffle.Place(*numbers) for numbers in rank] for rank in places],
                "best": best and Best(best["step"], best["figures"], _weights_of(best["weights"])),
            }
        )


class Pupil(learner.Learner):
    """A learner whose checkpoints hold a `Standing` too; a return to one leaves the standing as it is."""

    def __init__(self, config: schema.Config, ranks: all_ranks.Ranks) -> None:
        super().__init__(config, ranks)
        self.standing = Standing()
        self.saved: dict[str, Any] | None = None
        """State of the standing in the checkpoint that was loaded."""

    def state(self) -> dict[str, Any]:
        """`learner.Learner.state` and the standing."""
        return {**super().state(), "supervised": self.standing.state()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Takes the learner's part; ValueError too for a checkpoint of self-play."""
        if "supervised" not in state:
            raise ValueError("the checkpoint is not one of supervised training; choose another run.dir")
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
