"""Choice of the backend for a network: the fastest one on this machine that is faithful."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import training as training_config
from alphazero.net import calibration, description, machine, numpy_backend, openvino_backend

_TRIAL_ROUNDS = 8
_TRIAL_S = 0.5
"""No new round begins after this time."""

_LONGEST_RUN_S = 0.1
"""On a CPU, a trial's batch is cut to what the slowest backend computes in this time."""
_NO_COMPILING = "compiling takes half a minute and gains only a tenth on a CPU"
_SLOWER_ON_X86 = "openvino is faster on an x86 CPU"


class Backend(Protocol):
    """A way to compute a described network."""

    name: str
    """Backend, device and precision, for display."""
    precision: str
    """A key of `calibration.BOUNDS`."""

    def load(self, net: description.Description, exact: calibration.Exact) -> None:
        """Switches to other weights of the same shape. exact: their float32 answers."""
        ...

    def run(self, inputs: evaluators.Inputs) -> description.RawOutputs:
        """Returns the network's raw outputs for inputs of its family."""
        ...

    def unload(self) -> None:
        """Frees memory that the next `load` allocates again. `run` must not be called in between."""
        ...


@runtime_checkable
class AsynchronousBackend(Protocol):
    """A backend that computes while its caller continues."""

    def submit(self, inputs: evaluators.Inputs) -> evaluators.Pending[description.RawOutputs]:
        """Starts a `run`. Its inputs may change as soon as this returns. At most two at a time."""
        ...


Maker = Callable[[description.Description, calibration.Exact], Backend]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendCandidate:
    """A backend that this machine could use."""

    make: Maker
    skipped: str = ""
    """Reason to use it only when requested by name; empty if `choose` may measure it."""
    reserve: str = ""
    """Reason to make and measure it only if no other candidate is faithful; empty if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendChoice:
    """Result of the measurements at startup."""

    ranked: Sequence[Backend]
    """Faithful backends that hold the network, the fastest first; at least one."""
    report: str
    """One line with the evaluations/s of every candidate, or the reason why they were not measured."""
    make_again: Callable[[], Backend]
    """Makes another instance of the fastest backend, for another thread. Nothing is measured again."""


def candidates(
    device: training_config.Device, precision: training_config.Precision, num_threads: int
) -> dict[str, BackendCandidate]:
    """Returns the backends for CPU or CUDA and the requested precision, by name.

    num_threads: on a CPU. openvino_int8 is included only if precision is auto, because it is less precise
    than both float types.
    """
    is_bf16 = machine.is_bf16(precision, device)
    torch_maker = partial(_make_torch, device=device, is_bf16=is_bf16, num_threads=num_threads)
    found = {"torch": BackendCandidate(make=torch_maker)}
    if device is machine.CUDA:
        graphs = partial(_make_graphs, device=device, is_bf16=is_bf16)
        compiled = partial(graphs, is_compiled=True)
        return found | {
            "torch_graphs": BackendCandidate(make=graphs),
            "torch_compiled": BackendCandidate(make=compiled),
        }
    compiled = partial(torch_maker, is_compiled=True)
    found["torch_compiled"] = BackendCandidate(make=compiled, skipped=_NO_COMPILING)
    if not openvino_backend.is_installed():
        return found
    if machine.is_x86():
        found["torch"] = BackendCandidate(make=torch_maker, reserve=_SLOWER_ON_X86)
    found["openvino"] = BackendCandidate(
        make=partial(_make_openvino, is_bf16=is_bf16, num_threads=num_threads)
    )
    if precision is training_config.Precision.auto and machine.has_fast_int8():
        maker = partial(openvino_backend.OpenVinoInt8Backend, is_bf16=is_bf16, num_threads=num_threads)
        found["openvino_int8"] = BackendCandidate(make=maker)
    return found


def choose(
    net: description.Description,
    options: Mapping[str, BackendCandidate],
    batch: int,
    *,
    is_cut: bool,
    clock: Callable[[], float] = time.perf_counter,
) -> BackendChoice:
    """Ranks the faithful backends by their speed.

    Makes the candidates, but not the skipped ones, and reserves only if no other is faithful. Compares their
    answers with float32's and measures those that are faithful.

    - batch: positions per call in the caller's later use.
    - is_cut: whether the trial uses a smaller batch if the slowest backend would take long for the whole one.
    - clock: other processes do not disturb time.process_time, but it is correct only for one CPU thread.
    """
    positions = calibration.positions(net.size, net.family)
    exact = numpy_backend.exact_answers(net)
    backends, notes, per_position_s = _make_all(net, exact, options, clock)
    if is_cut:
        batch = max(1, min(batch, int(_LONGEST_RUN_S / max(per_position_s, 1e-9))))
    # The first positions, or all of them again and again.
    inputs = positions.take(np.arange(batch) % len(positions.planes))
    rates = _measure(backends, inputs, clock)
    ranking = sorted(rates, key=lambda name: -rates[name])
    measured = [f"{name} {rates[name]:,.0f} evaluations/s" for name in ranking]
    measured[0] += " (used)"
    texts = [*measured, *(f"{name} {note}" for name, note in notes.items())]
    title = f"network {net.name}, {net.size}x{net.size}, batch {batch}"
    fastest = options.get(ranking[0])
    return BackendChoice(
        ranked=[backends[name] for name in ranking],
        report=f"{title}: {'; '.join(texts)}",
        make_again=lambda: fastest.make(net, exact) if fastest else last_resort(net),
    )


class _Made(NamedTuple):
    """The faithful backends by name, or the last resort alone, and notes on the other candidates."""

    backends: dict[str, Backend]
    notes: dict[str, str]  # why a candidate is not among the backends
    per_position_s: float  # of the slowest backend, in the comparison


def _make_all(
    net: description.Description,
    exact: calibration.Exact,
    options: Mapping[str, BackendCandidate],
    clock: Callable[[], float],
) -> _Made:
    """Makes the candidates: reserves only if no other is faithful, the last resort only if none is."""
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
        backend.run(calibration.positions(net.size, net.family))
        slowest = clock() - began
    return _Made(made, notes, slowest / len(exact.outputs.values))


def last_resort(net: description.Description) -> Backend:
    """Makes torch in float32 on a CPU, which is faithful to every network."""
    from alphazero.net import torch_backend

    return torch_backend.exact_backend(net)


def make_faithful(
    net: description.Description,
    exact: calibration.Exact,
    option: BackendCandidate,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[Backend, float]:
    """Returns the backend with `net`, and the seconds that it took to answer `calibration.positions`.

    Raises ValueError if it does not work here or is not faithful to this network.
    """
    try:
        backend = option.make(net, exact)
        began = clock()
        wrong = unfaithfulness(backend, net, exact)
        seconds = clock() - began
    except Exception as error:  # compilers and drivers raise many types; other backends remain
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ValueError(f"it fails here: {reason}") from error
    if wrong:
        raise ValueError(wrong)
    return backend, seconds


def unfaithfulness(backend: Backend, net: description.Description, exact: calibration.Exact) -> str:
    """Returns the reason why the backend is not faithful to the network that it holds; empty if it is."""
    inputs = calibration.positions(net.size, net.family)
    outputs = net.reader(inputs)(backend.run(inputs))
    return calibration.unfaithfulness(exact, outputs, backend.precision)


def _measure(
    backends: Mapping[str, Backend], inputs: evaluators.Inputs, clock: Callable[[], float]
) -> dict[str, float]:
    """Evaluations/s of each backend: the best of a few alternating runs. Other work can only slow them."""
    best = dict.fromkeys(backends, float("inf"))
    began = time.perf_counter()
    for _ in range(_TRIAL_ROUNDS):
        for name, backend in backends.items():
            start = clock()
            backend.run(inputs)
            best[name] = min(best[name], clock() - start)
        if time.perf_counter() - began > _TRIAL_S:
            break
    return {name: len(inputs.planes) / max(seconds, 1e-9) for name, seconds in best.items()}


# The import of torch takes more than a second, so only the functions that make its backends import it.
def _make_torch(
    net: description.Description, exact: calibration.Exact, *, device: training_config.Device, **settings: Any
) -> Backend:
    from alphazero.net import hardware, torch_backend

    return torch_backend.TorchBackend(net, device=hardware.pick_device(device), **settings)


def _make_openvino(net: description.Description, exact: calibration.Exact, **settings: Any) -> Backend:
    return openvino_backend.OpenVinoBackend(net, **settings)


def _make_graphs(
    net: description.Description, exact: calibration.Exact, *, device: training_config.Device, **settings: Any
) -> Backend:
    from alphazero.net import graph_backend, hardware

    return graph_backend.GraphBackend(net, device=hardware.pick_device(device), **settings)
