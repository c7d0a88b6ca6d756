"""Candidates that did not pass the gate: their networks are kept for a while, and all of them are listed."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alphazero import files
from alphazero.net import leela


def keep(folder: Path, version: int, weights: leela.Weights, facts: Mapping[str, Any], newest: int) -> Path:
    """Writes step-VERSION.txt.gz and, before it, its facts as .json; returns the weight file's path.

    newest: so many networks are kept. The facts of the others stay: they are the list.
    """
    path = folder / f"step-{version:08d}.txt.gz"
    text = json.dumps({"file": path.name, **facts}, indent=1, allow_nan=False)
    files.write_atomic(path.with_name(f"step-{version:08d}.json"), f"{text}\n".encode())
    if newest:
        files.write_atomic(path, gzip.compress(leela.to_text(weights), mtime=0))
    for old in sorted(folder.glob("step-*.txt.gz"))[: -newest or None]:
        old.unlink()
    return path
