"""Warm-up: self-play compiles nothing after it."""

import os
import subprocess
import sys

import pytest

from alphazero.selfplay import warm_up
from tests.selfplay import test_worker

# In a separate process, so that calls by other tests do not count.
CODE = """
import numpy as np
from alphazero import evaluator, jit
from alphazero.go import game_kernels, life
from alphazero.search import mcts
from alphazero.selfplay import adjudicate, warm_up, worker
from tests.selfplay import test_worker

def compiled():
    search = (mcts.descend, mcts.store_and_back_up, mcts.read_results)
    kernels = (game_kernels.play_each, *search, adjudicate._find_settled)
    return [jit.num_signatures(kernel) for kernel in kernels]

config = test_worker.config_for()
warm_up.warm_up(config)
print(compiled(), warm_up.is_needed(config))
network = evaluator.HashedEvaluator(test_worker.SIZE)
player = worker.SelfPlayWorker(config, network, name="test", rng=np.random.default_rng(0))
while not any(record.end == "settled" for record in player.play_move()):
    pass
print(compiled(), warm_up.is_needed(config))
"""


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
def test_self_play_compiles_nothing_after_a_warm_up(project):
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=project, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == 2 * ["[1, 1, 1, 1, 1] False"]


def test_other_sizes_and_limits_have_other_layouts():
    config = test_worker.config_for()
    layout = warm_up._layout(config)
    config.game.move_limit = 61
    assert warm_up._layout(config) != layout
