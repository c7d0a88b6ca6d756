"""Networks as evaluators for the search: one interface over the backends of backends.py."""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from alphazero.config import training as training_config
from alphazero.net import backends, folding, leela, machine, numpy_backend

_logger = logging.getLogger(__name__)


class Pending(NamedTuple):
    """A batch that a backend works on; see `alphazero.search.evaluator.Pending`."""

    answers: backends.Pending
    is_turned: np.ndarray | None  # [B] bool, rows whose value is the opponent's; None if none is

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        """Waits for logits [B, A] and values [B] in [-1, 1], float32."""
        logits, values = self.answers.result()
        values = np.tanh(values)
        return logits, values if self.is_turned is None else np.where(self.is_turned, -values, values)


class NetEvaluator:
    """A network as `alphazero.search.evaluator.AsynchronousEvaluator`; not for several threads at once.

    It has a list of backends, the preferred one first. Each network that is loaded runs on the first
    one whose answers are faithful to it, and on torch in float32 if there is none.
    """

    def __init__(self, net: folding.Folded, ranked: Sequence[backends.Backend], report: str) -> None:
        """ranked: backends, the first of which holds `net` faithfully. report: how they were chosen."""
        self._net = net
        self._ranked = list(ranked)
        self._use(self._ranked[0])
        self._excuse = ""
        self.report = report
        self.generation = 0
        """How many networks were loaded after the first; within a generation answers stay the same."""

    @property
    def is_asynchronous(self) -> bool:
        """Whether `submit` returns before the answers are there."""
        return self._queue is not None

    def evaluate(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits [B, A] and values [B] in [-1, 1], float32; planes [B, 18, N, N] uint8."""
        return self.submit(planes).result()

    def submit(self, planes: np.ndarray) -> Pending:
        """Begins what `evaluate` does; only GPUs go on by themselves meanwhile."""
        is_white_to_move = planes[:, 16, 0, 0] != 1 if self._net.is_value_blacks else None
        if self._queue is not None:
            return Pending(self._queue.submit(planes), is_white_to_move)
        return Pending(backends.Finished(*self._backend.run(planes)), is_white_to_move)

    def load(self, weights: leela.Weights) -> None:
        """Switches to other weights of the same board and shape; nothing is measured again."""
        net = folding.fold(weights)
        assert (net.size, net.name) == (self._net.size, self._net.name), (
            "another shape needs another evaluator"
        )
        exact = numpy_backend.exact_answers(net)
        self._net, complaints = net, []
        self.generation += 1
        for backend in [*self._ranked, None]:
            if backend is None:  # none of them is faithful
                backend = backends.last_resort(net)
            else:
                backend.load(net, exact)
            wrong = backends.complaint(backend, net, exact)
            if not wrong:
                break
            complaints.append(f"{backend.name}: {wrong}")
        if backend is not self._backend:
            _logger.warning("these weights run on %s; %s", backend.name, "; ".join(complaints) or "again")
        self._use(backend)
        self._excuse = f" ({'; '.join(complaints)})" if complaints else ""

    def _use(self, backend: backends.Backend) -> None:
        self._backend = backend
        for other in self._ranked:
            if other is not backend:
                other.unload()
        self._queue = backend if isinstance(backend, backends.AsynchronousBackend) else None

    def describe(self) -> str:
        """Backend, device and precision, such as "openvino cpu bf16", and why not a faster one."""
        return self._backend.name + self._excuse


def measured_backends(device: training_config.Device | str = "auto") -> list[str]:
    """Names of the backends that a start on this machine may choose; ValueError for an absent device."""
    place = machine.pick(training_config.Device(device))
    options = backends.candidates(place, training_config.Precision.auto, num_threads=1)
    return [name for name, option in options.items() if not option.skipped]


def make_evaluator(
    weights: leela.Weights,
    *,
    device: training_config.Device | str = "auto",
    precision: training_config.Precision | str = "auto",
    backend: str = "auto",
    num_threads: int = 1,
    batch: int = 64,
) -> NetEvaluator:
    """An evaluator for `weights`; what is left at "auto" is chosen for speed.

    backend: a name of `backends.candidates`, or auto, which measures them. num_threads: on a CPU.
    batch: positions in a call as they will come, for that measurement. ValueError for what this machine
    or this network cannot do. The choice goes to the log and to `report`.
    """
    net = folding.fold(weights)
    place = machine.pick(training_config.Device(device))
    options = backends.candidates(place, training_config.Precision(precision), num_threads)
    if backend == "auto":
        choice = _choose(net, place, options, num_threads, batch)
        return NetEvaluator(net, choice.ranked, choice.report)
    if backend not in options:
        raise ValueError(f"backend={backend}: must be auto, {' or '.join(options)} here")
    try:
        chosen, _ = backends.make_faithful(net, numpy_backend.exact_answers(net), options[backend])
    except ValueError as error:
        raise ValueError(f"backend={backend}: {error}") from error
    return NetEvaluator(net, [chosen], f"{chosen.name}, as asked for")


def make_exact(weights: leela.Weights) -> NetEvaluator:
    """An evaluator for single positions: float32 in numpy, there at once and slow for more."""
    net = folding.fold(weights)
    backend = numpy_backend.NumpyBackend(net)
    return NetEvaluator(net, [backend], f"{backend.name}, as asked for")


def make_team(
    weights: leela.Weights,
    num_members: int,
    *,
    device: training_config.Device | str = "auto",
    batch: int = 64,
) -> list[NetEvaluator]:
    """Evaluators for as many threads of a CPU, the fastest backend chosen once; one for a GPU.

    All but the first have that backend alone, for the case that newer weights are loaded. batch, errors
    and the choice's report: as in `make_evaluator`.
    """
    net = folding.fold(weights)
    place = machine.pick(training_config.Device(device))
    options = backends.candidates(place, training_config.Precision.auto, num_threads=1)
    choice = _choose(net, place, options, num_threads=1, batch=batch)
    first = NetEvaluator(net, choice.ranked, choice.report)
    num_more = 0 if first.is_asynchronous else num_members - 1
    return [first, *(NetEvaluator(net, [choice.make_again()], choice.report) for _ in range(num_more))]


def _choose(
    net: folding.Folded,
    place: training_config.Device,
    options: Mapping[str, backends.Candidate],
    num_threads: int,
    batch: int,
) -> backends.Choice:
    is_cpu = place is machine.CPU
    # The time of the process leaves other work on the machine out, and would add threads up.
    clock = time.process_time if is_cpu and num_threads == 1 else time.perf_counter
    choice = backends.choose(net, options, batch, is_cut=is_cpu, clock=clock)
    _logger.info("%s", choice.report)
    return choice
