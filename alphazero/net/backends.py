"""Which backends a machine has for a network, and which of them is used: the fastest that is faithful."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from alphazero.config import training as training_config
from alphazero.net import calibration, folding, machine, numpy_backend, openvino_backend

_TRIAL_ROUNDS = 8
_TRIAL_S = 0.5
"""No further round begins after this time."""

_LONGEST_RUN_S = 0.1
"""A trial's batch on a CPU is cut to what the slowest of the backends computes in this time."""
_NO_COMPILING = "it compiles for half a minute and gains a tenth on a CPU"
_SLOWER_ON_X86 = "openvino is faster on an x86 CPU"

Answers = tuple[np.ndarray, np.ndarray]
"""Logits [B, A] and values before tanh [B], float32."""


class Backend(Protocol):
    """Runs a folded network."""

    name: str
    """For people: backend, device and precision."""
    precision: str
    """A key of `calibration.BOUNDS`."""

    def load(self, net: folding.Folded, exact: calibration.Exact) -> None:
        """Switches to other weights of the same shape; exact: their float32 answers."""
        ...

    def run(self, planes: np.ndarray) -> Answers:
        """The answers for planes [B, 18, N, N] uint8."""
        ...

    def unload(self) -> None:
        """Gives memory back that the next `load` takes again; until then there is nothing to `run`."""
        ...


class Pending(Protocol):
    """Answers on their way."""

    def result(self) -> Answers:
        """Waits for them."""
        ...


@runtime_checkable
class AsynchronousBackend(Protocol):
    """A backend that works while its caller does something else."""

    def submit(self, planes: np.ndarray) -> Pending:
        """Begins what `run` does; planes may change when this returns. At most two at a time."""
        ...


class Finished(NamedTuple):
    """Answers that are there; a `Pending`."""

    logits: np.ndarray
    values: np.ndarray

    def result(self) -> Answers:
        """Itself."""
        return self.logits, self.values


Maker = Callable[[folding.Folded, calibration.Exact], Backend]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A backend that this machine could use."""

    make: Maker
    skipped: str = ""
    """Why it is used only when asked for by name; empty if the start may measure it."""
    reserve: str = ""
    """Why the start makes and measures it only if no other is faithful; empty if in any case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a start has measured."""

    ranked: Sequence[Backend]
    """Faithful backends that hold the network, the fastest first; at least one."""
    report: str
    """Every candidate with its evaluations/s or the reason why it has none, in one line."""
    make_again: Callable[[], Backend]
    """Makes the fastest once more, for another thread; nothing is measured or compared again."""


def candidates(
    device: training_config.Device, precision: training_config.Precision, num_threads: int
) -> dict[str, Candidate]:
    """Backends for CPU or CUDA and the wished precision, by name.

    num_threads: on a CPU. openvino_int8 is there only if precision is auto, because it is less precise
    than either float.
    """
    is_bf16 = machine.is_bf16(precision, device)
    torch_maker = partial(_make_torch, device=device, is_bf16=is_bf16, num_threads=num_threads)
    found = {"torch": Candidate(make=torch_maker)}
    if device is machine.CUDA:
        graphs = partial(_make_graphs, device=device, is_bf16=is_bf16)
        compiled = partial(graphs, is_compiled=True)
        return found | {"torch_graphs": Candidate(make=graphs), "torch_compiled": Candidate(make=compiled)}
    compiled = partial(torch_maker, is_compiled=True)
    found["torch_compiled"] = Candidate(make=compiled, skipped=_NO_COMPILING)
    if not openvino_backend.is_installed():
        return found
    if machine.is_x86():
        found["torch"] = Candidate(make=torch_maker, reserve=_SLOWER_ON_X86)
    found["openvino"] = Candidate(make=partial(_make_openvino, is_bf16=is_bf16, num_threads=num_threads))
    if precision is training_config.Precision.auto and machine.has_fast_int8():
        maker = partial(openvino_backend.OpenVinoInt8Backend, is_bf16=is_bf16, num_threads=num_threads)
        found["openvino_int8"] = Candidate(make=maker)
    return found


def choose(
    net: folding.Folded,
    options: Mapping[str, Candidate],
    batch: int,
    *,
    is_cut: bool,
    clock: Callable[[], float] = time.perf_counter,
) -> Choice:
    """Makes the candidates, compares their answers with float32's, and measures those that are faithful.

    batch: positions in a call as the caller will make them. is_cut: whether the trial takes fewer when
    the network is slow on this CPU. clock: time.process_time is not disturbed by other processes, but
    right for one thread of a CPU only.
    """
    positions = calibration.positions(net.size)
    exact = numpy_backend.exact_answers(net)
    backends, notes, per_position_s = _make_all(net, exact, options, clock)
    if is_cut:
        batch = max(1, min(batch, int(_LONGEST_RUN_S / max(per_position_s, 1e-9))))
    rates = _measure(backends, np.resize(positions, (batch, *positions.shape[1:])), clock)
    ranking = sorted(rates, key=lambda name: -rates[name])
    measured = [f"{name} {rates[name]:,.0f} evaluations/s" for name in ranking]
    measured[0] += " (used)"
    texts = [*measured, *(f"{name} {note}" for name, note in notes.items())]
    title = f"network {net.name}, {net.size}x{net.size}, batch {batch}"
    fastest = options.get(ranking[0])
    return Choice(
        ranked=[backends[name] for name in ranking],
        report=f"{title}: {'; '.join(texts)}",
        make_again=lambda: fastest.make(net, exact) if fastest else last_resort(net),
    )


class _Made(NamedTuple):
    """Faithful backends by name, else the last resort, and why the other candidates are not among them."""

    backends: dict[str, Backend]
    notes: dict[str, str]
    per_position_s: float  # of the slowest, when it was compared


def _make_all(
    net: folding.Folded,
    exact: calibration.Exact,
    options: Mapping[str, Candidate],
    clock: Callable[[], float],
) -> _Made:
    """Makes the candidates, reserves only where no other is faithful, and the last resort where none is."""
    made: dict[str, Backend] = {}
    notes = {name: f"not tried, {option.skipped}" for name, option in options.items() if option.skipped}
    slowest = 0.0
    for name, option in sorted(options.items(), key=lambda item: bool(item[1].reserve)):
        if option.reserve and made:
            notes[name] = f"not tried, {option.reserve}"
        elif not option.skipped:
            try:
                made[name], seconds = make_faithful(net, exact, option, clock)
                slowest = max(slowest, seconds)
            except ValueError as error:
                notes[name] = f"not used, {error}"
    if not made:
        made["torch_fp32"] = backend = last_resort(net)
        began = clock()
        backend.run(calibration.positions(net.size))
        slowest = clock() - began
    return _Made(made, notes, slowest / len(exact.values))


def last_resort(net: folding.Folded) -> Backend:
    """torch in float32 on a CPU, which is right for every network."""
    from alphazero.net import torch_backend

    return torch_backend.exact_backend(net)


def make_faithful(
    net: folding.Folded,
    exact: calibration.Exact,
    option: Candidate,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[Backend, float]:
    """The backend with `net`, and the seconds in which it answered `calibration.positions` for comparison.

    ValueError if it does not work here or is not faithful to this network.
    """
    try:
        backend = option.make(net, exact)
        began = clock()
        wrong = complaint(backend, net, exact)
        seconds = clock() - began
    except Exception as error:  # compilers and drivers fail in ways of their own, and another backend does
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ValueError(f"it fails here: {reason}") from error
    if wrong:
        raise ValueError(wrong)
    return backend, seconds


def complaint(backend: Backend, net: folding.Folded, exact: calibration.Exact) -> str:
    """Why the backend must not be used with the network that it holds; empty if it may."""
    return calibration.complaint(exact, backend.run(calibration.positions(net.size)), backend.precision)


def _measure(
    backends: Mapping[str, Backend], planes: np.ndarray, clock: Callable[[], float]
) -> dict[str, float]:
    """Evaluations/s of each: the best of a few runs in turns, as other work only ever takes away."""
    best = dict.fromkeys(backends, float("inf"))
    began = time.perf_counter()
    for _ in range(_TRIAL_ROUNDS):
        for name, backend in backends.items():
            start = clock()
            backend.run(planes)
            best[name] = min(best[name], clock() - start)
        if time.perf_counter() - began > _TRIAL_S:
            break
    return {name: len(planes) / max(seconds, 1e-9) for name, seconds in best.items()}


# torch takes more than a second to import: only what makes its backends does.
def _make_torch(
    net: folding.Folded, exact: calibration.Exact, *, device: training_config.Device, **settings: Any
) -> Backend:
    from alphazero.net import hardware, torch_backend

    return torch_backend.TorchBackend(net, device=hardware.pick_device(device), **settings)


def _make_openvino(net: folding.Folded, exact: calibration.Exact, **settings: Any) -> Backend:
    return openvino_backend.OpenVinoBackend(net, **settings)


def _make_graphs(
    net: folding.Folded, exact: calibration.Exact, *, device: training_config.Device, **settings: Any
) -> Backend:
    from alphazero.net import graph_backend, hardware

    return graph_backend.GraphBackend(net, device=hardware.pick_device(device), **settings)
