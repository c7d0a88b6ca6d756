"""Strength of a run over its minutes: dates of networks, the competition and its table."""

import json

import pytest
from torch.utils import tensorboard

from alphazero import run_paths
from alphazero.config import compose
from alphazero.evaluation import gtp_player
from alphazero.run_files import promotion, run_folder
from tests.evaluation import networks
from tools import strength

SIZE = 5


@pytest.fixture
def run(tmp_path):
    """A run in two sessions with a pause of an hour, which promoted networks after 2, 5 and 9 minutes."""
    words = ["conf=smoke", "game.komi=2.5", f"run.dir={tmp_path}/run"]
    config = compose.compose(words)
    folder = run_folder.RunFolder(config.run.dir)
    folder.open(config, compose.to_yaml(config))
    folder.close()
    path = tmp_path / "run"
    writer = tensorboard.SummaryWriter(str(path / run_paths.LOOP_EVENTS))
    for minute in range(11):
        wall = 1000 + 60 * minute + (3600 if minute > 6 else 0)
        writer.add_scalar("run/minutes", minute, minute, walltime=wall)
    for step, wall in ((100, 1120), (200, 1300), (300, 1000 + 540 + 3600)):
        writer.add_scalar("gate/promoted", 1, step, walltime=wall)
    writer.close()
    promotions = promotion.Promotions(path / run_paths.PROMOTED)
    for number in (1, 2, 3):
        facts = {"steps": 100 * number, "games": 10 * number, "positions": 1000 * number}
        promotions.promote(networks.make_weights(seed=number, size=SIZE), facts)
    return path


def test_networks_are_dated_by_the_minutes_of_the_run(run):
    dated = strength.dates(run)
    assert [round(each.minutes, 3) for each in dated] == [2, 5, 9]
    assert strength.newest_by(dated, 5).network.number == 2
    assert strength.newest_by(dated, 8.9).network.number == 2
    assert strength.newest_by(dated, 100).network.number == 3
    with pytest.raises(ValueError, match=r"^--minutes=1\.5: the first network was promoted after 2\.0$"):
        strength.newest_by(dated, 1.5)


def test_a_run_without_networks_is_refused(tmp_path, capsys):
    assert strength.main([str(tmp_path), "--minutes", "5"]) == 2
    assert "has promoted no network" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(gtp_player.find_gnugo() is None, reason="GNU Go is not installed")
def test_the_matches_and_their_table(run, capsys):
    words = [str(run), "--minutes", "2", "10", "--simulations", "1", "4", "--levels", "1", "--games", "4"]
    assert strength.main(words) == 0
    found = json.loads((run.with_name("run-strength") / "strength.json").read_text())
    assert [(row["minutes"], row["promoted_after"], row["steps"]) for row in found] == [
        (2, 2, 100),
        (10, 9, 300),
    ]
    for row in found:
        assert [match["simulations"] for match in row["matches"]] == [1, 4]
        for match in row["matches"]:
            known = match["wins"] + match["draws"] + match["losses"]
            assert known + match["unknown"] == 4
            assert match["score"] == round((match["wins"] + match["draws"] / 2) / known, 4)
    capsys.readouterr()
    assert strength.main(words) == 0, "all games were played"
    *_, head, _, first, second, third, fourth = capsys.readouterr().out.splitlines()
    assert head == "| minutes | network | games | positions | simulations | gnugo-1 |"
    assert first.startswith("| 2 | b1c2 | 10 | 1,000 | 1 | ") and fourth.startswith(
        "| 10 | b1c2 | 30 | 3,000 | 4 | "
    )
    assert second.split(" | ")[4] == "4" and third.split(" | ")[4] == "1"
