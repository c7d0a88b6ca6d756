"""Comparison with Leela Zero: it loads our files and gives the same answers."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from alphazero.net import leela, numpy_forward
from tests.net import leela_zero, networks

COMMANDS = "heatmap 0\nplay b Q16\nheatmap 0\ngenmove w\nquit\n"


def run_leelaz(weights: Path) -> tuple[str, str]:
    """Returns its answers and its messages, which include the heat maps."""
    command = leela_zero.command(weights, "-v", "5")
    done = subprocess.run(command, input=COMMANDS, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, done.stderr


@pytest.mark.slow
@leela_zero.needed
def test_leela_zero_loads_our_files_and_agrees(tmp_path: Path):
    path = tmp_path / "net.txt.gz"
    module = networks.random_module(size=19, blocks=2, filters=16)
    module.policy.weight.data *= 4  # so that the policy is not flat in thousandths
    leela.write(module.export(), path)
    answers, messages = run_leelaz(path)
    heatmaps = leela_zero.read_heatmaps(messages, 19)
    assert len(heatmaps) == 2
    q16 = 15 * 19 + 15
    planes = np.zeros((2, leela.NUM_PLANES, 19, 19), np.uint8)
    planes[0, 16] = 1
    planes[1, 8].flat[q16] = planes[1, 17] = 1
    logits, values = numpy_forward.forward(path, planes)
    for row, (thousandths, winrate) in enumerate(heatmaps):
        ours = np.exp(logits[row]) / np.exp(logits[row]).sum()
        if row:
            ours[q16] = 0
        assert thousandths.max() >= 20
        assert np.abs(ours * 1000 - thousandths - 0.5).max() <= 0.51, (
            "Leela Zero's digits are ours, rounded down"
        )
        assert abs((1 + values[row]) / 2 - winrate) < 1e-5
    assert re.search(r"^= ([A-HJ-T]\d+|pass|resign)$", answers, re.MULTILINE)
