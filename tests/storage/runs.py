"""Artificial run folders, made in milliseconds."""

import json
from pathlib import Path

from alphazero import files, run_paths
from alphazero.config import mirror as mirror_config
from alphazero.config import schema
from alphazero.config import training as training_config
from alphazero.run_files import promotion
from alphazero.storage import layout
from tests.evaluation import networks
from tests.net.katago import models


def settings(uri: str = "elsewhere", **mirror: object) -> schema.Config:
    training = training_config.TrainingConfig(keep_checkpoints=2, keep_every_steps=50)
    return schema.Config(mirror=mirror_config.MirrorConfig(uri=uri, **mirror), training=training)


def make(folder: Path, *, promoted: int = 3, steps: tuple[int, ...] = (10, 20)) -> Path:
    for seed in range(promoted):
        promote(folder, seed)
    for step in steps:
        save(folder, step)
    files.write_atomic(folder / "config.yaml", b"game: {size: 3}\n")
    files.write_atomic(folder / "run.json", b"{}")
    ends = {"passes": 3, "resign": 1, "settled": 0, "limit": 1}
    files.write_atomic(
        folder / "status.json",
        json.dumps({"games": 5, "positions": 40, "ends": ends, "minutes": 7.0}).encode(),
    )
    files.write_atomic(folder / "games" / "actor-20261121T10.games", b"games " * 100)
    return folder


def promote(folder: Path, seed: int) -> promotion.Promoted:
    """Promotes a network of 17 kB, of KataGo's family if the seed is odd, else of Leela Zero's."""
    weights = models.random_model(filters=10, seed=seed) if seed % 2 else networks.make_weights(seed)
    return promotion.Promotions(folder / run_paths.PROMOTED).promote(weights, {"games": seed})


def save(folder: Path, step: int) -> None:
    """A checkpoint in the learner's layout, with bytes that are never loaded."""
    state = step.to_bytes(4, "big") * 20_000
    names = layout.checkpoint(step)
    meta = {"step": step, "bytes": len(state), "sha256": files.sha256(state)}
    files.write_atomic(folder / names[0], state)
    files.write_atomic(folder / names[1], json.dumps(meta).encode())
    files.write_atomic(folder / run_paths.CHECKPOINTS / "latest", f"step-{step:08d}\n".encode())


def names(folder: Path) -> list[str]:
    """All files below `folder`, including hidden ones."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
