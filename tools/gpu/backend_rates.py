"""Checks and rates of inference backends: correctness of outputs, and evaluations per second."""

import time
from typing import NamedTuple

import numpy as np
import torch

from alphazero import evaluator as evaluators
from alphazero.benchmarks import measurement, nets, peaks, settings
from alphazero.config import training as training_config
from alphazero.net import (
    backends,
    calibration,
    description,
    descriptions,
    inference,
    numpy_backend,
    operations,
)
from tools.gpu import learning, plan, task

_COMPILED = "torch_compiled"
_ROUNDS = 3
_LEAST_S = 1.0
"""Minimum time left for starting a batch size."""
_CALLS = 10
"""Minimum number of calls for each batch size; the first one captures a graph or compiles."""
_COMPILE_S = 12.0
"""Minimum time left for starting torch.compile."""


def measure(given: task.Task) -> task.Items:
    """Measures every backend of the device except torch.compile's."""
    found = backends.candidates(given.device, training_config.Precision.auto, num_threads=1)
    yield from _measure_net(given, given.section, {name: found[name] for name in found if name != _COMPILED})


def measure_compiled(given: task.Task) -> task.Items:
    """Measures torch.compile's backend for the networks of all sections, then a compiled learner step."""
    found = backends.candidates(given.device, training_config.Precision.auto, num_threads=1)
    option = found[_COMPILED]
    given = given._replace(form=given.form._replace(batches=given.form.compiled_batches))
    for section in given.form.of_kind("backends"):
        if not option.skipped and given.left_s < _COMPILE_S:
            yield task.Note(_name(section, _COMPILED), "not measured: no time left")
        else:
            yield from _measure_net(given, section, {_COMPILED: option})
    if given.is_cuda and given.left_s > _COMPILE_S:
        (section, *_) = given.form.of_kind("learner")
        yield from learning.measure(given._replace(section=section), is_compiled=True)


def check(backend: backends.Backend, net: description.Description, exact: calibration.Exact) -> str:
    """Compares a backend's outputs with the exact ones and returns the error, empty if there is none.

    Newer weights are loaded and then the old ones again. If the backend is asynchronous, two batches are
    evaluated at the same time.
    """
    newer = descriptions.describe(nets.random_weights(settings.parse_net(net.name), net.size), net.size)
    for now, answers in ((newer, numpy_backend.exact_answers(newer)), (net, exact)):
        backend.load(now, answers)
        if wrong := backends.unfaithfulness(backend, now, answers):
            return f"after newer weights: {wrong}"
    if isinstance(backend, backends.AsynchronousBackend):
        positions = calibration.positions(net.size, net.family)
        turned = positions.take(np.arange(len(positions.planes))[::-1])
        pending = [backend.submit(positions), backend.submit(turned)]
        for answers, step in zip([one.result() for one in pending], (1, -1), strict=True):
            outputs = net.reader(positions)(tuple(answer[::step] for answer in answers))
            if wrong := calibration.unfaithfulness(exact, outputs, backend.precision):
                return f"with two batches in flight: {wrong}"
    return ""


def overlapped_per_s(evaluator: inference.NetEvaluator, inputs: evaluators.Inputs, seconds: float) -> float:
    """Evaluations per second with two batches in flight, as in self-play."""
    pending = evaluator.submit(inputs)

    def evaluate() -> int:
        nonlocal pending
        following = evaluator.submit(inputs)
        pending.result()
        pending = following
        return len(inputs.planes)

    rate = measurement.rate(evaluate, seconds, time.perf_counter)
    pending.result()
    return rate


def _measure_net(
    given: task.Task, section: plan.Section, options: dict[str, backends.BackendCandidate]
) -> task.Items:
    torch.manual_seed(0)
    shape = settings.parse_net(section.net)
    net = descriptions.describe(nets.random_weights(shape, section.size), section.size)
    exact = numpy_backend.exact_answers(net)
    peak = peaks.of_training(training_config.TrainingConfig(device=given.device))
    limit = peak.operations_per_s / operations.evaluation_operations(shape, section.size)
    for name, option in options.items():
        title = _name(section, name)
        if option.skipped:
            yield task.Note(title, f"not tried, {option.skipped}")
            continue
        try:
            backend, _ = backends.make_faithful(net, exact, option)
            if wrong := check(backend, net, exact):
                raise ValueError(wrong)
        except Exception as error:  # compilers and drivers raise many types
            yield task.Note(title, f"not used, {task.line_of(error)}")
            continue
        try:
            yield from _rates(given, _Faithful(title, net, exact, backend, limit))
        except Exception as error:  # usually out of memory
            yield task.Note(title, f"stopped, {task.line_of(error)}")


class _Faithful(NamedTuple):
    """A backend whose outputs are correct."""

    title: str
    net: description.Description
    exact: calibration.Exact
    backend: backends.Backend
    limit: float  # evaluations/s at the matrix peak


def _rates(given: task.Task, subject: _Faithful) -> task.Items:
    """Measures each batch size until no time is left."""
    evaluator = inference.NetEvaluator(subject.net, [subject.backend], "")
    positions = calibration.positions(subject.net.size, subject.net.family)
    outputs = subject.net.reader(positions)(subject.backend.run(positions))
    distance = calibration.distance(subject.exact, outputs)
    rate = float("inf")
    for batch in given.form.batches:
        if given.left_s < max(_LEAST_S, 2 * given.form.seconds + _CALLS * batch / rate):
            yield task.Note(f"{subject.title}.batch{batch}", "not measured: no time left")
            continue
        inputs = nets.random_inputs(batch, evaluator)
        evaluator.evaluate(inputs)
        seconds = given.form.seconds / _ROUNDS
        single = max(
            nets.evaluations_per_s(evaluator, inputs, seconds, time.perf_counter) for _ in range(_ROUNDS)
        )
        value, setup = single, {}
        if evaluator.is_asynchronous:
            value = max(overlapped_per_s(evaluator, inputs, seconds) for _ in range(_ROUNDS))
            setup["one batch at a time"] = round(single)
        rate = single
        yield measurement.Measurement(
            name=f"{subject.title}.batch{batch}",
            value=value,
            unit="evaluations/s",
            limit=subject.limit,
            setup={
                **setup,
                "backend": subject.backend.name,
                "policy off by": f"{distance.policy_divergence:.1e} nats",
                "values off by": f"{distance.value_difference:.1e}",
                measurement.SHARE_OF_PEAK: round(value / subject.limit, 4),
            },
        )


def _name(section: plan.Section, backend: str) -> str:
    return f"net.{section.net}.{section.size}x{section.size}.{backend}"
