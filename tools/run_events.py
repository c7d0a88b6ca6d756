"""TensorBoard events of a run."""

from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import SCALARS, EventAccumulator

from alphazero import run_paths


def read(folder: Path) -> EventAccumulator:
    """Reads all scalars of the run in `folder`, of all its sessions."""
    events = EventAccumulator(str(folder / run_paths.LOOP_EVENTS), size_guidance={SCALARS: 0})
    events.Reload()
    return events
