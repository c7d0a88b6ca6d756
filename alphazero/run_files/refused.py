"""Networks that the gate refused. The newest files are kept, the facts about all of them stay."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alphazero import files, run_paths
from alphazero.net import leela


def keep(folder: Path, version: int, weights: leela.Weights, facts: Mapping[str, Any], newest: int) -> Path:
    """Writes the facts as step-VERSION.json, then the network as .txt.gz; returns the weight file's path.

    newest: number of networks that are kept. The facts about older ones stay, as a list of all of them.
    """
    name = run_paths.of_step(version)
    path = folder / f"{name}{run_paths.WEIGHTS_SUFFIX}"
    text = json.dumps({"file": path.name, **facts}, indent=1, allow_nan=False)
    files.write_atomic(folder / f"{name}{run_paths.CERTIFICATE_SUFFIX}", f"{text}\n".encode())
    if newest:
        files.write_atomic(path, gzip.compress(leela.to_text(weights), mtime=0))
    for old in sorted(folder.glob(f"{run_paths.ANY_STEP}{run_paths.WEIGHTS_SUFFIX}"))[: -newest or None]:
        old.unlink()
    return path
