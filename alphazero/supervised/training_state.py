"""State of supervised training beside its network: places of the data readers, best network so far."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from alphazero.config import schema
from alphazero.datasets import shuffle
from alphazero.net import weights as network_weights
from alphazero.training import data_parallel, learner, weight_tensors

ReaderPlaces = list[list[shuffle.Place]]
"""Places of each rank's readers, in the order of ranks."""


class BestNetwork(NamedTuple):
    """The network with the lowest held-out loss, or the newest network if nothing is held out."""

    step: int
    metrics: dict[str, float]  # on the held-out positions
    weights: network_weights.Weights


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
    evaluations_since_best: int = 0
    """Evaluations on the held-out positions since the best one."""
    evaluated_step: int = -1
    """Step of the last evaluation on the held-out positions; -1 before the first one."""
    best: BestNetwork | None = None

    def state(self) -> dict[str, Any]:
        """The state as tensors and plain Python. Its keys are part of the file format of checkpoints."""
        best = self.best and {
            "step": self.best.step,
            "figures": self.best.metrics,
            "weights": weight_tensors.tensors_of(self.best.weights),
        }
        return {
            "minutes": self.minutes,
            "epochs": self.epochs,
            "data": self.data,
            "places": self.places and [[list(place) for place in rank] for rank in self.places],
            "looks_in_vain": self.evaluations_since_best,
            "looked_at_step": self.evaluated_step,
            "best": best,
        }

    @classmethod
    def of_state(cls, state: dict[str, Any]) -> "SupervisedState":
        """Restores what `state` returned. The network's arrays are not copied."""
        best, places = state["best"], state["places"]
        return cls(
            minutes=state["minutes"],
            epochs=state["epochs"],
            data=state["data"],
            places=places and [[shuffle.Place(*numbers) for numbers in rank] for rank in places],
            evaluations_since_best=state["looks_in_vain"],
            evaluated_step=state["looked_at_step"],
            best=best
            and BestNetwork(best["step"], best["figures"], weight_tensors.weights_of(best["weights"])),
        )


class SupervisedLearner(learner.Learner):
    """A learner whose checkpoints also hold a `SupervisedState`. A rollback does not change that state."""

    def __init__(self, config: schema.Config, ranks: data_parallel.Ranks) -> None:
        super().__init__(config, ranks)
        self.supervised = SupervisedState()
        self.saved: dict[str, Any] | None = None
        """The `SupervisedState.state` in the checkpoint that was loaded."""

    def state(self) -> dict[str, Any]:
        """The state of `learner.Learner` and of supervised training."""
        return {**super().state(), "supervised": self.supervised.state()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Loads the learner's part only. Also raises ValueError for a checkpoint of self-play."""
        if "supervised" not in state:
            raise ValueError("the checkpoint does not belong to supervised training; choose another run.dir")
        super().load_state(state)
        self.saved = state["supervised"]
