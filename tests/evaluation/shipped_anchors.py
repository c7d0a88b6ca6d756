"""Anchors of 5x5, shipped in a folder of the test."""

from pathlib import Path

import msgspec
import pytest

from alphazero import shipped
from alphazero.evaluation import anchors
from alphazero.net import weights as network_weights
from tests.evaluation import networks

SIZE, KOMI = 5, 2.5
RESULTS = [("anchor-1", "anchor-2", 40, 8), ("anchor-2", "gnugo-10", 40, 16), ("g170", "gnugo-10", 40, 36)]


def ship(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """Makes `folder` the shipped weights, with two anchors; returns the anchors' own folder."""
    patch.setattr(shipped, "folder", {"weights": folder, "conf": shipped.folder("conf")}.__getitem__)
    made = folder / "anchors" / f"{SIZE}x{SIZE}"
    made.mkdir(parents=True)
    for number in (1, 2):
        network_weights.write(networks.make_weights(seed=number, size=SIZE), made / f"a{number}.txt.gz")
    calibration = anchors.Calibration(
        size=SIZE,
        komi=KOMI,
        anchors={
            f"anchor-{number}": anchors.Anchor(file=f"a{number}.txt.gz", simulations=4) for number in (1, 2)
        },
        results=[anchors.PairResult(*result) for result in RESULTS],
    )
    (made / anchors.CALIBRATION).write_bytes(msgspec.json.encode(calibration))
    return made
