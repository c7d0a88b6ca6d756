"""Progress of supervised training: lines at intervals, and TensorBoard."""

import time
from collections.abc import Callable
from pathlib import Path

from alphazero.report import tensorboard

LINE_INTERVAL_S = 10.0


class ProgressReport:
    """A `training_loop.ProgressListener` that prints lines and writes TensorBoard events."""

    def __init__(
        self,
        folder: Path,
        resume_step: int = 0,
        clock: Callable[[], float] = time.monotonic,
        say: Callable[[str], None] = lambda line: print(line, flush=True),
    ) -> None:
        """folder: of the events. resume_step: the step at which this session begins."""
        self._writer = tensorboard.Writer(folder, resume_step)
        self._clock = clock
        self._say = say
        self._said: float | None = None
        self._first: tuple[float, float] | None = None

    def on_steps(self, step: int, metrics: dict[str, float], skipped: str) -> None:
        """Reports metrics of the newest steps, which include progress, epochs, minutes and the speed."""
        self._writer.add("learner", metrics, step)
        now = self._clock()
        self._first = self._first or (now, metrics["progress"])
        if self._said is None or now - self._said >= LINE_INTERVAL_S:
            self._said = now
            self._say(self._line(step, metrics, skipped, now))

    def on_evaluation(self, step: int, metrics: dict[str, float], is_best: bool) -> None:
        """Reports metrics of the EMA network on the held-out positions."""
        if metrics:
            self._writer.add("held_out", metrics, step)
            parts = [f"step {step:,} held out", f"loss {metrics['loss']:.4f}"]
            parts += [f"policy {metrics['policy_loss']:.3f}", f"top 1 {metrics['policy_top1']:.1%}"]
            parts += [f"top 5 {metrics['policy_top5']:.1%}", f"value mse {metrics['value_mse']:.3f}"]
            parts += [f"winner {metrics['value_accuracy']:.1%}", "best so far" if is_best else "not better"]
            self._say(" | ".join(parts))

    def close(self) -> None:
        """Writes the pending events."""
        self._writer.close()

    def _line(self, step: int, metrics: dict[str, float], skipped: str, now: float) -> str:
        parts = [
            f"step {step:,}",
            f"pass {metrics['epochs']:.2f}",
            f"{metrics['minutes']:.1f} min, {self._left(metrics['progress'], now)}",
            f"loss {metrics['loss']:.3f}",
            " ".join(f"{name} {metrics[f'{name}_loss']:.3f}" for name in ("policy", "value")),
            f"samples/s {metrics['samples_per_s']:,.0f}",
            f"waited for data {metrics['data_wait_fraction']:.1%}",
        ]
        return " | ".join([*parts, f"skipped {skipped}"] if skipped else parts)

    def _left(self, progress: float, now: float) -> str:
        """Remaining time at the pace of this session."""
        assert self._first is not None
        began, before = self._first
        if progress <= before:
            return "time left unknown"
        return time_left((now - began) / (progress - before) * (1 - progress))


def time_left(seconds: float) -> str:
    """The remaining time in words."""
    if seconds < 120:
        return f"{seconds:.0f} s left"
    return f"{seconds / 60:.0f} min left" if seconds < 7200 else f"{seconds / 3600:.1f} h left"
