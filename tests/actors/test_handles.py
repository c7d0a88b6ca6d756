"""Test of handles: their methods and types of replies are those of the actors."""

import typing

import pytest
import ray

from actors import handles
from actors.evaluator import EvaluatorActor
from actors.gate_player import GatePlayer
from actors.ladder import LadderActor
from actors.learner import LearnerActor
from actors.learner_rank import LearnerRank
from actors.mirror import MirrorActor
from actors.replay_buffer import ReplayBuffer
from actors.reporter import ReporterActor
from actors.selfplay import SelfPlayActor
from actors.weight_store import WeightStore
from alphazero.data import batch as batches
from alphazero.evaluation import result as results
from alphazero.net import weights as network_weights

NAMES = {"ray": ray, "batches": batches, "results": results, "network_weights": network_weights}
"""Modules that are imported for type checkers only."""


@pytest.mark.parametrize(
    ("handle", "actor"),
    [
        (handles.ReplayBufferHandle, ReplayBuffer),
        (handles.WeightStoreHandle, WeightStore),
        (handles.ReporterHandle, ReporterActor),
        (handles.LearnerHandle, LearnerActor),
        (handles.MirrorHandle, MirrorActor),
        (handles.LoopHandle, EvaluatorActor),
        (handles.LoopHandle, LadderActor),
        (handles.LoopHandle, SelfPlayActor),
        (handles.RankHandle, LearnerRank),
        (handles.GatePlayerHandle, GatePlayer),
    ],
    ids=lambda value: value.__name__,
)
def test_a_handle_has_the_actors_methods(handle, actor):
    methods = typing.get_type_hints(handle, {**vars(handles), **NAMES})
    methods.pop("__ray_ready__", None)  # Ray adds it to every actor
    assert methods
    for name, remote in methods.items():
        method = getattr(actor, name)
        types = typing.get_type_hints(method, {**method.__globals__, **NAMES})
        assert typing.get_args(remote) == (types["return"],), name
