"""Evaluators for the search: one interface over the backends of a network."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from alphazero import evaluator as evaluators
from alphazero.config import training as training_config
from alphazero.go import input_families
from alphazero.net import backends, description, descriptions, machine, numpy_backend
from alphazero.net import weights as network_weights

_logger = logging.getLogger(__name__)


class NetEvaluation(NamedTuple):
    """A batch in computation, as `alphazero.evaluator.Pending`."""

    raw: evaluators.Pending[description.RawOutputs]
    read: description.Reader

    def result(self) -> evaluators.Outputs:
        """Waits for the outputs and returns them."""
        return self.read(self.raw.result())


Choose = Callable[[description.Description], tuple[Sequence[backends.Backend], str]]
"""Returns backends with the network, the preferred one first and faithful, and how they were chosen."""


class NetEvaluator:
    """A network as `alphazero.evaluator.AsynchronousEvaluator`. It is not thread-safe.

    It has a list of backends, the preferred one first. Each network that is loaded runs on the first
    backend whose answers are faithful to it. If there is none, the network runs on torch in float32.
    """

    def __init__(
        self,
        net: description.Description,
        ranked: Sequence[backends.Backend],
        report: str,
        choose: Choose | None = None,
    ) -> None:
        """ranked: backends; the first one holds `net` and is faithful to it. report: how they were chosen.

        choose: chooses backends for a network of another shape; None if none will be loaded.
        """
        self._choose = choose
        self._net = net
        self._ranked = list(ranked)
        self._use(self._ranked[0])
        self._reason = ""
        self.report = report
        self.generation = 0
        """Number of networks loaded after the first. Within a generation, answers stay the same."""

    @property
    def family(self) -> input_families.InputFamily:
        """What the network takes as its inputs."""
        return self._net.family

    @property
    def size(self) -> int:
        """Side of the boards that it evaluates."""
        return self._net.size

    @property
    def is_asynchronous(self) -> bool:
        """Whether `submit` returns before the answers are computed."""
        return self._queue is not None

    def evaluate(self, inputs: evaluators.Inputs) -> evaluators.Outputs:
        """Implements `Evaluator.evaluate` for inputs of the network's family."""
        return self.submit(inputs).result()

    def submit(self, inputs: evaluators.Inputs) -> NetEvaluation:
        """Starts an `evaluate`. Only a GPU computes while the caller continues."""
        read = self._net.reader(inputs)
        if self._queue is not None:
            return NetEvaluation(self._queue.submit(inputs), read)
        return NetEvaluation(evaluators.Ready(self._backend.run(inputs)), read)

    def load(self, weights: network_weights.Weights) -> None:
        """Switches to other weights. Nothing is measured again unless their shape is another one."""
        net = descriptions.describe(weights, self._net.size)
        if not net.replaces(self._net):
            self._replace(net)
            return
        exact = numpy_backend.exact_answers(net)
        self._net, reasons = net, []
        self.generation += 1
        for backend in [*self._ranked, None]:
            if backend is None:  # none of them is faithful
                backend = backends.last_resort(net)
            else:
                backend.load(net, exact)
            wrong = backends.unfaithfulness(backend, net, exact)
            if not wrong:
                break
            reasons.append(f"{backend.name}: {wrong}")
        if backend is not self._backend:
            _logger.warning(
                "these weights run on %s; %s", backend.name, "; ".join(reasons) or "it is faithful again"
            )
        self._use(backend)
        self._reason = f" ({'; '.join(reasons)})" if reasons else ""

    def _replace(self, net: description.Description) -> None:
        """Chooses backends for a network of another shape, such as one that has grown."""
        assert self._choose is not None, "another shape needs another evaluator"
        for backend in self._ranked:
            backend.unload()
        # The old backends must not hold memory of the device while the new ones are measured.
        self._ranked.clear()
        del self._backend, self._queue
        ranked, self.report = self._choose(net)
        self._net, self._ranked = net, list(ranked)
        self.generation += 1
        self._reason = ""
        self._use(self._ranked[0])

    def _use(self, backend: backends.Backend) -> None:
        self._backend = backend
        for other in self._ranked:
            if other is not backend:
                other.unload()
        self._queue = backend if isinstance(backend, backends.AsynchronousBackend) else None

    def describe(self) -> str:
        """Backend, device and precision, such as "openvino cpu bf16", and the reasons against faster ones."""
        return self._backend.name + self._reason


def measured_backends(device: training_config.Device | str = "auto") -> list[str]:
    """Names of the backends that are measured on this machine; raises ValueError for an absent device."""
    place = machine.pick(training_config.Device(device))
    options = backends.candidates(place, training_config.Precision.auto, num_threads=1)
    return [name for name, option in options.items() if not option.skipped]


def make_evaluator(
    weights: network_weights.Weights,
    *,
    size: int | None = None,
    device: training_config.Device | str = "auto",
    precision: training_config.Precision | str = "auto",
    backend: str = "auto",
    num_threads: int = 1,
    batch: int = 64,
) -> NetEvaluator:
    """Makes an evaluator for `weights`. Settings that are "auto" are chosen for speed.

    - size: of the board; None for the network's only one.
    - backend: a name of `backends.candidates`, or auto, which measures them.
    - num_threads: on a CPU.
    - batch: positions per call in later use, for the measurement.

    Raises ValueError if this machine or this network does not support the settings. The choice is logged
    and kept in `report`.
    """
    net = descriptions.describe(weights, size)
    place = machine.pick(training_config.Device(device))
    options = backends.candidates(place, training_config.Precision(precision), num_threads)
    if backend not in ("auto", *options):
        raise ValueError(f"backend={backend}: must be one of {', '.join(['auto', *options])} on this machine")

    def choose(net: description.Description) -> tuple[Sequence[backends.Backend], str]:
        if backend == "auto":
            choice = _choose(net, place, options, num_threads, batch)
            return choice.ranked, choice.report
        try:
            chosen, _ = backends.make_faithful(net, numpy_backend.exact_answers(net), options[backend])
        except ValueError as error:
            raise ValueError(f"backend={backend}: {error}") from error
        return [chosen], f"{chosen.name}, as requested"

    return NetEvaluator(net, *choose(net), choose)


def make_exact(weights: network_weights.Weights, size: int | None = None) -> NetEvaluator:
    """Makes an evaluator for single positions, in float32 by numpy. It starts at once; batches are slow."""
    net = descriptions.describe(weights, size)
    backend = numpy_backend.NumpyBackend(net)
    return NetEvaluator(net, [backend], f"{backend.name}, as requested")


def make_team(
    weights: network_weights.Weights,
    num_members: int,
    *,
    size: int | None = None,
    device: training_config.Device | str = "auto",
    batch: int = 64,
) -> list[NetEvaluator]:
    """Makes one evaluator for each thread of a CPU, or a single one for a GPU.

    The fastest backend is chosen once. All evaluators but the first have only that backend when newer
    weights are loaded. size, batch, errors and the report are as in `make_evaluator`.
    """
    net = descriptions.describe(weights, size)
    place = machine.pick(training_config.Device(device))
    options = backends.candidates(place, training_config.Precision.auto, num_threads=1)
    choice = _choose(net, place, options, num_threads=1, batch=batch)
    first = NetEvaluator(net, choice.ranked, choice.report)
    num_more = 0 if first.is_asynchronous else num_members - 1
    return [first, *(NetEvaluator(net, [choice.make_again()], choice.report) for _ in range(num_more))]


def _choose(
    net: description.Description,
    place: training_config.Device,
    options: Mapping[str, backends.BackendCandidate],
    num_threads: int,
    batch: int,
) -> backends.BackendChoice:
    is_cpu = place is machine.CPU
    # Process time excludes other work on the machine, but it would add up the times of several threads.
    clock = time.process_time if is_cpu and num_threads == 1 else time.perf_counter
    choice = backends.choose(net, options, batch, is_cut=is_cpu, clock=clock)
    _logger.info("%s", choice.report)
    return choice
