"""A run of KataGo's family on two board sizes with varying komi: it plays, learns, promotes and resumes."""

import numpy as np
import pytest

from alphazero.data import gamelog
from alphazero.run_files import promotion
from alphazero.training import checkpoint
from tests import local_run

WORDS = ["net=kata-b4c32", "net.blocks=1", "net.filters=16", "game.size=5"]


def run(path, *words):
    return local_run.run(path, *WORDS, "game.komi_spread=1.5", *words)


@pytest.mark.slow
def test_two_sizes_in_one_run(tmp_path):
    for steps in (40, 80):
        folder = run(tmp_path, "game.sizes={4: 1, 5: 2}", "game.komis={4: 2}", f"stop.steps={steps}")
        assert checkpoint.newest_step(folder.checkpoints) == steps
    games = list(gamelog.GameLog(folder.games).read_all())
    positions = {size: sum(game.num_targets for game in games if game.size == size) for size in (4, 5)}
    assert sum(positions.values()) == sum(game.num_targets for game in games)
    assert positions[5] / positions[4] == pytest.approx(2, abs=0.5)
    for size, komi in ((4, 2.0), (5, 7.0)):
        found = {game.komi for game in games if game.size == size}
        assert len(found) > 3 and np.abs(np.array(sorted(found)) - komi).max() <= 4
    assert promotion.Promotions(folder.promoted).all()
    with pytest.raises(ValueError, match=r"^game\.sizes=\[5\]: the run in .* has \[4, 5\]"):
        run(tmp_path, "stop.steps=90")
