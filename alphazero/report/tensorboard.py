"""TensorBoard scalars of a run: one writer, and the learner's step on every axis.

The module writes TensorBoard's file format without torch, whose import takes longer than Ray's.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2
from tensorboard.plugins.custom_scalar import layout_pb2, metadata
from tensorboard.summary.writer import event_file_writer

# The page "custom scalars": title -> chart -> tags that share it.
LAYOUT = {
    "Overview": {
        "losses": [r"learner/.*loss"],
        "losses on held-out games": [r"held_out/.*loss"],
        "simulations per second": [r"selfplay/simulations_per_s"],
        "positions per second": [r"replay/positions_per_s"],
        "samples for each position": [r"replay/samples_per_position"],
        "learner waits, data is old": [r"learner/waited_fraction", r"replay/staleness_steps"],
        "busy cores by kind of work": [r"cores/.*"],
        "gate": [r"gate/score", r"gate/promoted", r"gate/limit_fraction"],
        "gate's match: evidence and its bounds": [r"match/(refused_at|llr|promoted_at)"],
        "gate's match: Elo with 95 %": [r"match/elo.*"],
        "mirror: files that are missing there": [r"mirror/behind"],
        "ladder: Elo of the newest promoted network": [r"ladder/elo.*"],
    },
    "Games": {
        "how they end": [r"replay/(passes|resign|settled|limit)_fraction"],
        "who wins": [r"replay/(black_win|draw)_fraction"],
        "length in moves": [r"replay/mean_length"],
    },
}
_FLUSH_S = 10
_RETRY_S = 10.0
_logger = logging.getLogger(__name__)
# protobuf creates the classes of these modules at import, so type checkers do not see them.
_EVENT: Any = event_pb2
_SUMMARY: Any = summary_pb2
_TENSOR: Any = tensor_pb2
_LAYOUT: Any = layout_pb2


class Writer:
    """The only writer of its folder: TensorBoard loses points if there are two.

    While the disk accepts no writes, points are lost, but nothing else. A new file follows the broken one.
    """

    def __init__(self, folder: Path, resume_step: int, clock: Callable[[], float] = time.monotonic) -> None:
        """resume_step: an earlier session's points beyond it belong to lost work and are hidden."""
        self._folder = folder
        self._clock = clock
        self._writer: event_file_writer.EventFileWriter | None = None
        self._due = clock()
        self._is_in_trouble = False
        began = _EVENT.SessionLog(status=_EVENT.SessionLog.START)
        self._first: list[dict[str, Any]] = [
            {"step": resume_step + 1, "session_log": began},
            {"summary": _layout_summary()},
        ]
        self._open()

    def add(self, group: str, metrics: Mapping[str, float | str], step: int) -> None:
        """Writes the numbers among the metrics under group/name."""
        if self._writer is None and self._clock() >= self._due:
            self._open()
        for name, value in metrics.items():
            if not isinstance(value, str):
                scalar = _SUMMARY.Summary.Value(tag=f"{group}/{name}", simple_value=float(value))
                self._add(step=step, summary=_SUMMARY.Summary(value=[scalar]))

    def close(self) -> None:
        """Writes the pending events."""
        if self._writer is not None:
            with self._trouble():
                self._writer.close()

    def _open(self) -> None:
        """Starts a file. The first events of a session are kept until a file has taken them."""
        with self._trouble():
            writer = self._writer = event_file_writer.EventFileWriter(str(self._folder), flush_secs=_FLUSH_S)
            for content in self._first:
                writer.add_event(_EVENT.Event(wall_time=time.time(), **content))
            writer.flush()
            self._first.clear()
            if self._is_in_trouble:
                self._is_in_trouble = False
                _logger.warning("events are written again")

    def _add(self, **content: object) -> None:
        if self._writer is not None:
            with self._trouble():
                self._writer.add_event(_EVENT.Event(wall_time=time.time(), **content))

    @contextlib.contextmanager
    def _trouble(self) -> Iterator[None]:
        """Abandons the file after an error: TensorBoard's thread writes nothing more to it."""
        try:
            yield
        except OSError as error:
            if not self._is_in_trouble:
                _logger.warning("events are not written for now: %s", error)
            self._is_in_trouble = True
            broken, self._writer = self._writer, None
            self._due = self._clock() + _RETRY_S
            if broken is not None:
                with contextlib.suppress(OSError):
                    broken.close()


def _layout_summary() -> Any:
    """LAYOUT as the plugin for custom scalars reads it."""
    categories = []
    for title, charts in LAYOUT.items():
        lines = {name: _LAYOUT.MultilineChartContent(tag=tags) for name, tags in charts.items()}
        chart = [_LAYOUT.Chart(title=name, multiline=content) for name, content in lines.items()]
        categories.append(_LAYOUT.Category(title=title, chart=chart))
    text = _LAYOUT.Layout(category=categories).SerializeToString()
    value = _SUMMARY.Summary.Value(
        tag=metadata.CONFIG_SUMMARY_TAG,
        tensor=_TENSOR.TensorProto(dtype="DT_STRING", string_val=[text]),
        metadata=metadata.create_summary_metadata(),
    )
    return _SUMMARY.Summary(value=[value])
