"""Tests of the comparison of optimizers: reaching the baseline, the table, and a tiny real comparison."""

import json
import math
from pathlib import Path

import pytest
import torch

from alphazero.comparison import held_out
from alphazero.data import gamelog
from alphazero.training import losses, trainable
from tests.training import batches, positions
from tools import compare_optimizers, plot_optimizers


def make_run(entry: str, series: list[float], seconds_a_step: float = 1.0, **changes: object) -> dict:
    """A run's result with a point at every tenth step."""
    points = [[10 * i, 10 * i * seconds_a_step, loss, loss / 2, loss / 4] for i, loss in enumerate(series)]
    optimizer = entry.split()[0]
    common = {
        "phase": "final",
        "entry": entry,
        "optimizer": optimizer,
        "net": "b2c16",
        "rate": 0.1,
        "seed": 1,
    }
    return {**common, "diverged": False, "edge": False, "points": points, **changes}


SGD = [make_run("sgd cosine", [5, 4, 3.5, 3, 2.0]), make_run("sgd cosine", [5, 4, 3.5, 3, 2.2])]


@pytest.mark.parametrize(
    ("curves", "steps"),
    [
        ([[5, 3, 2, 1.5]], 20),
        ([[5, 3, 2.2, 1.5], [5, 3, 1.8, 1.5]], 20),  # the mean over the seeds counts
        ([[5, 2, 3, 2, 1]], 30),  # it must stay there
        ([[5, 4, 3]], math.inf),
        ([[5, 1, 1, 3]], math.inf),
        ([[5, 1, 1]], 10),
        ([[5, 2]], 10),
    ],
)
def test_reached_for_good(curves: list[list[float]], steps: float):
    assert plot_optimizers.reach([make_run("x", curve) for curve in curves], 2.0)[0] == steps


def test_a_diverged_run_reaches_nothing():
    runs = [make_run("x", [5, 1]), make_run("x", [5, 1], diverged=True)]
    assert plot_optimizers.reach(runs, 2.0) == (math.inf, math.inf)
    assert "diverged" in plot_optimizers.line(runs[1])


def test_the_table_compares_with_the_better_sgd():
    fast = [make_run("adamw cosine", [5, 2, 1.5], seconds_a_step=2.0, edge=True)]
    worse = [make_run("sgd steps", [5, 4, 4, 4, 4])]
    rows = plot_optimizers.table({"sgd steps": worse, "sgd cosine": SGD, "adamw cosine": fast})
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert cells[2][-3:] == ["-", "-", "-"]
    assert cells[3][3:5] == ["2.1000", "2.0000 2.2000"]
    assert cells[3][-3:] == ["40", "40.0", "1.00"]
    assert cells[4][2] == "0.1*"
    assert cells[4][-3:] == ["10", "20.0", "2.00"]


def test_networks_are_compared_with_their_own_sgd():
    small = [make_run("sgd cosine b1c8", [5, 4], net="b1c8")]
    entries = {"sgd cosine": SGD, "sgd cosine b1c8": small}
    assert plot_optimizers.yardstick(entries, "b1c8") == 4
    assert plot_optimizers.yardstick(entries, "b2c16") == pytest.approx(2.1)


def test_the_questions_are_answered():
    entries = {
        "sgd cosine": SGD,
        "adamw cosine": [make_run("adamw cosine", [5, 2.0])],
        "adamw onecycle": [make_run("adamw onecycle", [5, 1.5])],
        "adamw onecycle, a third": [make_run("adamw onecycle, a third", [5, 2.0])],
        "amsgrad cosine": [make_run("amsgrad cosine", [5, 2.01])],
    }
    found = plot_optimizers.answers(entries)
    assert found[0].startswith("AdamW with 1cycle reaches SGD's 2.1000 in a third of its time")
    assert found[2] == "AMSGrad beside AdamW: amsgrad cosine 2.0100, adamw cosine 2.0000"


def write_games(folder: Path, sizes: list[int]) -> Path:
    log = gamelog.GameLog(folder / "games")
    log.append_many([positions.random_record(seed, size) for seed, size in enumerate(sizes)], "actor")
    return folder


def test_held_out_games_are_not_trained_on(tmp_path: Path):
    found = held_out.load(write_games(tmp_path, [5] * 10), held_out=0.2, most=40)
    assert found.size == 5
    assert len(found.window) == 8 * 30
    assert len(found.held_out.value) == 40


@pytest.mark.parametrize(
    ("sizes", "mistake"), [([], "holds 0 games"), ([5], "holds 1 games"), ([5, 5, 4], "several sizes, 4, 5")]
)
def test_bad_sources_are_one_line(sizes: list[int], mistake: str, tmp_path: Path, capsys):
    with pytest.raises(SystemExit) as left:
        compare_optimizers.main([str(write_games(tmp_path, sizes))])
    assert left.value.code == 2
    assert mistake in capsys.readouterr().err.splitlines()[-1]


def test_every_entry_composes():
    labels = [entry.label for entry in compare_optimizers.ENTRIES]
    assert len(set(labels)) == len(labels)
    for entry in compare_optimizers.ENTRIES:
        config = entry.config()
        assert config.optimizer.name.value == entry.label.split()[0]
        assert config.net.name == ("b1c8" if "b1c8" in entry.label else "b2c16")


def test_the_bare_loss_is_the_loss():
    """They are equal, also if only some heads' outputs are new."""
    batch, config = batches.make_batch(), batches.make_config()
    inputs, targets = compare_optimizers.tensors(batch)
    net = trainable.make_network(batches.SIZE, config.net, torch.Generator().manual_seed(1))
    bare = compare_optimizers._bare_loss(targets, config)
    with torch.no_grad():
        outputs = net(*inputs)
        for _ in range(2):
            expected = losses.compute(outputs, targets, config.training)[0]
            assert float(bare(outputs)) == pytest.approx(float(expected), rel=1e-6)
            outputs = outputs._replace(value_logit=outputs.value_logit + 0.5)


@pytest.mark.slow
def test_a_tiny_comparison(tmp_path: Path, capsys):
    source = write_games(tmp_path / "run", [5] * 12)
    output, figure = tmp_path / "out.jsonl", tmp_path / "out.svg"
    words = [str(source), "--minutes", "0.05", "--only", "adamw cosine", "rso", "--output", str(output)]
    assert compare_optimizers.main([*words, "--figure", str(figure)]) == 0
    runs = [json.loads(text) for text in output.read_text().splitlines()]
    assert [run["phase"] for run in runs] == ["search"] * 3 + ["final"] * 4
    assert all(math.isfinite(run["points"][-1][plot_optimizers.LOSS]) for run in runs)
    assert "| rso linear b1c8 | b1c8 |" in capsys.readouterr().out
    assert "<svg" in figure.read_text()
    assert plot_optimizers.main([output], None) == 0
