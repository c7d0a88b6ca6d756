"""TensorBoard scalars of a run: one writer, the learner's step on every axis."""

from collections.abc import Mapping
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

# The page "custom scalars": title -> chart -> tags that share it.
LAYOUT = {
    "Overview": {
        "losses": ["Multiline", [r"learner/.*loss"]],
        "simulations per second": ["Multiline", [r"selfplay/simulations_per_s"]],
        "positions per second": ["Multiline", [r"replay/positions_per_s"]],
        "samples for each position": ["Multiline", [r"replay/samples_per_position"]],
        "gate": ["Multiline", [r"gate/score", r"gate/promoted", r"gate/limit_fraction"]],
    },
    "Games": {
        "how they end": ["Multiline", [r"replay/(passes|resign|settled|limit)_fraction"]],
        "who wins": ["Multiline", [r"replay/(black_win|draw)_fraction"]],
        "length in moves": ["Multiline", [r"replay/mean_length"]],
    },
}


class Writer:
    """The only writer of its folder: TensorBoard loses points where two write into one."""

    def __init__(self, folder: Path, resume_step: int) -> None:
        """resume_step: an earlier session's points beyond it belong to lost work and are hidden."""
        self._writer = SummaryWriter(str(folder), purge_step=resume_step + 1, flush_secs=10)
        self._writer.add_custom_scalars(LAYOUT)

    def add(self, group: str, figures: Mapping[str, float | str], step: int) -> None:
        """Writes the numbers among the figures under group/name."""
        for name, value in figures.items():
            if not isinstance(value, str):
                self._writer.add_scalar(f"{group}/{name}", float(value), step)

    def close(self) -> None:
        """Flushes what is still in memory."""
        self._writer.close()
