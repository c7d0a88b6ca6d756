"""Networks that the gate refused. The newest files are kept, the facts about all of them stay."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alphazero import files, run_paths
from alphazero.net import weights as network_weights

_COMPRESSED = ".gz"
"""End of every weight file's name."""


def newest_step(folder: Path) -> int:
    """The learner's step of the newest refused network; 0 if there is none."""
    steps = (
        run_paths.step_of(path.stem)
        for path in folder.glob(f"{run_paths.ANY_STEP}{run_paths.CERTIFICATE_SUFFIX}")
    )
    return max((step for step in steps if step is not None), default=0)


def keep(
    folder: Path, version: int, weights: network_weights.Weights, facts: Mapping[str, Any], newest: int
) -> Path:
    """Writes the facts as step-VERSION.json, then the network's file; returns the weight file's path.

    newest: number of networks that are kept. The facts about older ones stay, as a list of all of them.
    """
    name = run_paths.of_step(version)
    path = folder / f"{name}{network_weights.suffix_of(weights)}"
    text = json.dumps({"file": path.name, **facts}, indent=1, allow_nan=False)
    files.write_atomic(folder / f"{name}{run_paths.CERTIFICATE_SUFFIX}", f"{text}\n".encode())
    if newest:
        files.write_atomic(path, network_weights.to_bytes(weights))
    for old in sorted(folder.glob(f"{run_paths.ANY_STEP}{_COMPRESSED}"))[: -newest or None]:
        old.unlink()
    return path
