"""Settings of `python -m alphazero.train`: which positions it learns from, and how it watches itself."""

from dataclasses import dataclass
from typing import Any

from alphazero.config import checks


@dataclass(kw_only=True, slots=True)
class DataConfig:
    """Supervised training; self-play (`alphazero.run`) reads none of it."""

    path: Any = None
    """Where the positions are: a file, a folder or a pattern such as 'chunks/*.gz', or a list of them. Leela
    Zero's training chunks (version 1), SGF files and our own game logs (a run's folder) may be mixed."""
    held_out_fraction: float = 0.05
    """Share that is never trained on: SGF files, or chunks where it makes two of them or more; else games."""
    held_out_positions: int = 10_000
    """At most this many of the held-out positions are looked at; the others rest."""
    shuffle_positions: int = 100_000
    """Positions of each rank among which the next is drawn; as many again are being read meanwhile. One takes
    2.3 kB on 19x19 and 0.5 kB on 9x9, with the targets of our own games twice as much."""
    num_readers: int = 1
    """Processes of each rank that read, shuffle and turn positions."""
    epochs: float | None = 10.0
    """Training ends after this many passes over the data; null for no such bound."""
    evaluate_steps: int = 250
    """Steps between two looks at the held-out positions, each a candidate for the best network."""
    patience: int = 0
    """Training ends after this many looks without a lower held-out loss; 0 never."""

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
            checks.require(fraction > 0, "data.patience", self.patience, "0 where nothing is held out")

    @property
    def patterns(self) -> list[str]:
        """`path` as a list."""
        if self.path is None:
            return []
        return list(self.path) if isinstance(self.path, list) else [self.path]
