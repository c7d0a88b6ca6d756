"""Which backends a machine has for a network, and which of them is used: the fastest that is faithful."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch

from alphazero.config import training as training_config
from alphazero.net import calibration, folding, graph_backend, hardware, openvino_backend, torch_backend

_TRIAL_ROUNDS = 8
_TRIAL_S = 0.5
"""No further round begins after this time."""

_LONGEST_RUN_S = 0.1
"""A trial's batch on a CPU is cut to what float32 computes in this time."""
_NO_COMPILING = "it compiles for half a minute and gains a tenth on a CPU"

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
    """Why it is used only when asked for by name; empty if the start measures it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a start has measured."""

    ranked: Sequence[Backend]
    """Faithful backends that hold the network, the fastest first; at least one."""
    report: str
    """Every candidate with its evaluations/s or the reason why it is not used, in one line."""
    make_again: Callable[[], Backend]
    """Makes the fastest once more, for another thread; nothing is measured or compared again."""


def candidates(
    place: torch.device, precision: training_config.Precision, num_threads: int
) -> dict[str, Candidate]:
    """Backends for this device and the wished precision, by name.

    num_threads: on a CPU. openvino_int8 is there only if precision is auto, because it is less precise
    than either float.
    """
    is_bf16 = hardware.is_bf16(precision, place)
    torch_maker = partial(_make_torch, device=place, is_bf16=is_bf16, num_threads=num_threads)
    found = {"torch": Candidate(make=torch_maker)}
    if place.type == "cuda":
        graphs = partial(_make_graphs, device=place, is_bf16=is_bf16)
        compiled = partial(graphs, is_compiled=True)
        return found | {"torch_graphs": Candidate(make=graphs), "torch_compiled": Candidate(make=compiled)}
    compiled = partial(torch_maker, is_compiled=True)
    found["torch_compiled"] = Candidate(make=compiled, skipped=_NO_COMPILING)
    if not openvino_backend.is_installed():
        return found
    found["openvino"] = Candidate(make=partial(_make_openvino, is_bf16=is_bf16, num_threads=num_threads))
    if precision is training_config.Precision.auto and hardware.has_fast_int8():
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
    """Makes all candidates, compares their answers with float32's, and measures those that are faithful.

    batch: positions in a call as the caller will make them. is_cut: whether the trial takes fewer when
    the network is slow on this CPU. clock: time.process_time is not disturbed by other processes, but
    right for one thread of a CPU only.
    """
    positions = calibration.positions(net.size)
    began = clock()
    exact = torch_backend.exact_answers(net)
    if is_cut:
        per_position = (clock() - began) / len(positions)
        batch = max(1, min(batch, int(_LONGEST_RUN_S / per_position)))
    backends: dict[str, Backend] = {}
    notes = {name: f"not tried, {option.skipped}" for name, option in options.items() if option.skipped}
    for name, option in options.items():
        if not option.skipped:
            try:
                backends[name] = make_faithful(net, exact, option)
            except ValueError as error:
                notes[name] = f"not used, {error}"
    if not backends:
        backends["torch_fp32"] = torch_backend.exact_backend(net)
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
        make_again=lambda: fastest.make(net, exact) if fastest else torch_backend.exact_backend(net),
    )


def make_faithful(net: folding.Folded, exact: calibration.Exact, option: Candidate) -> Backend:
    """The backend with `net`; ValueError if it does not work here or is not faithful to this network."""
    try:
        backend = option.make(net, exact)
        wrong = complaint(backend, net, exact)
    except Exception as error:  # compilers and drivers fail in ways of their own, and another backend does
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ValueError(f"it fails here: {reason}") from error
    if wrong:
        raise ValueError(wrong)
    return backend


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


def _make_torch(net: folding.Folded, exact: calibration.Exact, **settings: Any) -> Backend:
    return torch_backend.TorchBackend(net, **settings)


def _make_openvino(net: folding.Folded, exact: calibration.Exact, **settings: Any) -> Backend:
    return openvino_backend.OpenVinoBackend(net, **settings)


def _make_graphs(net: folding.Folded, exact: calibration.Exact, **settings: Any) -> Backend:
    return graph_backend.GraphBackend(net, **settings)
