"""Settings of `alphazero supervised`: its positions, and when it evaluates and ends."""

from dataclasses import dataclass
from typing import Any

from alphazero.config import checks


@dataclass(kw_only=True, slots=True)
class DataConfig:
    """Supervised training; self-play (`alphazero run`) ignores these settings."""

    path: Any = None
    """Source of the positions: a file, a folder or a pattern such as 'chunks/*.gz', or a list of them. Leela
    Zero's training chunks (version 1), SGF files and our own game logs (a run's folder) may be mixed."""
    held_out_fraction: float = 0.05
    """Fraction that is never trained on: of SGF files, of chunks if that gives two or more, else of games."""
    held_out_positions: int = 10_000
    """Largest number of held-out positions in an evaluation; the others are not used."""
    shuffle_positions: int = 100_000
    """Positions in the shuffle buffer of each rank; as many again are read at the same time. A position takes
    2.3 kB on 19x19 and 0.5 kB on 9x9, and twice that with the targets of our own games."""
    num_readers: int = 1
    """Processes of each rank that read, shuffle and rotate positions."""
    epochs: float | None = 10.0
    """Training ends after this many passes over the data; null for no bound."""
    evaluate_steps: int = 250
    """Steps between two evaluations on held-out positions, each of a candidate for the best network."""
    patience: int = 0
    """Training ends after this many evaluations without a lower held-out loss; 0 never ends it."""

    def __post_init__(self) -> None:
        is_list = isinstance(self.path, list) and bool(self.path)
        patterns = self.path if is_list else [self.path]
        is_path = all(isinstance(pattern, str) and pattern.strip() for pattern in patterns)
        allowed = "a path, a pattern or a list of them"
        checks.require(self.path is None or is_path, "data.path", self.path, allowed)
        fraction = self.held_out_fraction
        checks.require(0 <= fraction < 1, "data.held_out_fraction", fraction, "from 0 to less than 1")
        checks.require_at_least("data.held_out_positions", self.held_out_positions, 1)
        checks.require_range("data.shuffle_positions", self.shuffle_positions, 1, 100_000_000)
        checks.require_range("data.num_readers", self.num_readers, 1, 256)
        if self.epochs is not None:
            checks.require_positive("data.epochs", self.epochs)
        checks.require_at_least("data.evaluate_steps", self.evaluate_steps, 1)
        checks.require_at_least("data.patience", self.patience, 0)
        if self.patience:
            checks.require(fraction > 0, "data.patience", self.patience, "0 if nothing is held out")

    @property
    def patterns(self) -> list[str]:
        """`path` as a list."""
        if self.path is None:
            return []
        return list(self.path) if isinstance(self.path, list) else [self.path]
