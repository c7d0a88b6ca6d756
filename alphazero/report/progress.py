"""How supervised training goes: a line now and then, and TensorBoard."""

import time
from collections.abc import Callable
from pathlib import Path

from alphazero.report import tensorboard

LINE_INTERVAL_S = 10.0


class Progress:
    """Hears of steps and of looks at the held-out positions; see `alphazero.training.supervised.Watcher`."""

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

    def trained(self, step: int, figures: dict[str, float], skipped: str) -> None:
        """Figures of the newest steps; progress, epochs, minutes and the speed are among them."""
        self._writer.add("learner", figures, step)
        now = self._clock()
        self._first = self._first or (now, figures["progress"])
        if self._said is None or now - self._said >= LINE_INTERVAL_S:
            self._said = now
            self._say(self._line(step, figures, skipped, now))

    def looked(self, step: int, figures: dict[str, float], is_best: bool) -> None:
        """Figures of the averaged network on the held-out positions."""
        if figures:
            self._writer.add("held_out", figures, step)
            parts = [f"step {step:,} held out", f"loss {figures['loss']:.4f}"]
            parts += [f"policy {figures['policy_loss']:.3f}", f"top 1 {figures['policy_top1']:.1%}"]
            parts += [f"top 5 {figures['policy_top5']:.1%}", f"value mse {figures['value_mse']:.3f}"]
            parts += [f"winner {figures['value_accuracy']:.1%}", "best so far" if is_best else "not better"]
            self._say(" | ".join(parts))

    def close(self) -> None:
        """Writes what is still in memory."""
        self._writer.close()

    def _line(self, step: int, figures: dict[str, float], skipped: str, now: float) -> str:
        parts = [
            f"step {step:,}",
            f"pass {figures['epochs']:.2f}",
            f"{figures['minutes']:.1f} min, {self._left(figures['progress'], now)}",
            f"loss {figures['loss']:.3f}",
            " ".join(f"{name} {figures[f'{name}_loss']:.3f}" for name in ("policy", "value")),
            f"samples/s {figures['samples_per_s']:,.0f}",
            f"waited for data {figures['data_wait_fraction']:.1%}",
        ]
        return " | ".join([*parts, f"skipped {skipped}"] if skipped else parts)

    def _left(self, progress: float, now: float) -> str:
        """How long it will take at the pace of this session."""
        assert self._first is not None
        began, before = self._first
        if progress <= before:
            return "time left unknown"
        seconds = (now - began) / (progress - before) * (1 - progress)
        if seconds < 120:
            return f"{seconds:.0f} s left"
        return f"{seconds / 60:.0f} min left" if seconds < 7200 else f"{seconds / 3600:.1f} h left"
