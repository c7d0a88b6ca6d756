"""Networks that the gate refused. The newest files are kept, the facts about all of them stay."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alphazero import files
from alphazero.net import leela


def keep(folder: Path, version: int, weights: leela.Weights, facts: Mapping[str, Any], newest: int) -> Path:
    """Writes the facts as step-VERSION.json, then the network as .txt.gz; returns the weight file's path.

    newest: number of networks that are kept. The facts about older ones stay, as a list of all of them.
    """
    path = folder / f"step-{version:08d}.txt.gz"
    text = json.dumps({"file": path.name, **facts}, indent=1, allow_nan=False)
    files.write_atomic(path.with_name(f"step-{version:08d}.json"), f"{text}\n".encode())
    if newest:
        files.write_atomic(path, gzip.compress(leela.to_text(weights), mtime=0))
    for old in sorted(folder.glob("step-*.txt.gz"))[: -newest or None]:
        old.unlink()
    return path
