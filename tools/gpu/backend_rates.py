"""Backends of inference: whether their answers are right, and how many they give in a second."""

import time
from typing import NamedTuple

import numpy as np
import torch

from alphazero.benchmarks import figures, nets, peaks, settings
from alphazero.config import training as training_config
from alphazero.net import backends, calibration, folding, inference, numpy_backend, operations
from tools.gpu import learning, plan, task

_COMPILED = "torch_compiled"
_ROUNDS = 3
_LEAST_S = 1.0
"""With less time left, no batch is begun."""
_CALLS = 10
"""Calls that a batch takes at least, from the first one, which captures a graph or compiles."""
_COMPILE_S = 12.0
"""With less, nor is torch.compile."""


def measure(given: task.Task) -> task.Items:
    """Every backend of the device but torch.compile's."""
    found = backends.candidates(given.device, training_config.Precision.auto, num_threads=1)
    yield from _measure_net(given, given.section, {name: found[name] for name in found if name != _COMPILED})


def measure_compiled(given: task.Task) -> task.Items:
    """torch.compile's backend for the networks of all sections, then a learner's step that it compiled."""
    found = backends.candidates(given.device, training_config.Precision.auto, num_threads=1)
    option = found[_COMPILED]
    given = given._replace(form=given.form._replace(batches=given.form.compiled_batches))
    for section in given.form.of_kind("backends"):
        if not option.skipped and given.left_s < _COMPILE_S:
            yield task.Note(_name(section, _COMPILED), "not measured: the time was over")
        else:
            yield from _measure_net(given, section, {_COMPILED: option})
    if given.is_cuda and given.left_s > _COMPILE_S:
        (section, *_) = given.form.of_kind("learner")
        yield from learning.measure(given._replace(section=section), is_compiled=True)


def check(backend: backends.Backend, net: folding.Folded, exact: calibration.Exact) -> str:
    """What is wrong with its answers as a search asks for them; empty if nothing is.

    Newer weights are loaded and the old ones again, and two batches are under way where it can do that.
    """
    newer = folding.fold(nets.random_weights(settings.parse_net(net.name), net.size))
    for now, answers in ((newer, numpy_backend.exact_answers(newer)), (net, exact)):
        backend.load(now, answers)
        if wrong := backends.complaint(backend, now, answers):
            return f"after newer weights: {wrong}"
    if isinstance(backend, backends.AsynchronousBackend):
        positions = calibration.positions(net.size)
        pending = [backend.submit(positions), backend.submit(positions[::-1].copy())]
        for answers, step in zip([one.result() for one in pending], (1, -1), strict=True):
            logits, values = answers
            if wrong := calibration.complaint(exact, (logits[::step], values[::step]), backend.precision):
                return f"with two batches under way: {wrong}"
    return ""


def overlapped_per_s(evaluator: inference.NetEvaluator, planes: np.ndarray, seconds: float) -> float:
    """Evaluations per second with two batches under way, as self-play keeps them."""
    pending = evaluator.submit(planes)

    def evaluate() -> int:
        nonlocal pending
        following = evaluator.submit(planes)
        pending.result()
        pending = following
        return len(planes)

    rate = figures.rate(evaluate, seconds, time.perf_counter)
    pending.result()
    return rate


def _measure_net(
    given: task.Task, section: plan.Section, options: dict[str, backends.Candidate]
) -> task.Items:
    torch.manual_seed(0)
    shape = settings.parse_net(section.net)
    net = folding.fold(nets.random_weights(shape, section.size))
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
        except Exception as error:  # compilers and drivers fail in ways of their own
            yield task.Note(title, f"not used, {task.line_of(error)}")
            continue
        try:
            yield from _rates(given, _Faithful(title, net, exact, backend, limit))
        except Exception as error:  # the memory, most often
            yield task.Note(title, f"stopped, {task.line_of(error)}")


class _Faithful(NamedTuple):
    """A backend whose answers are right."""

    title: str
    net: folding.Folded
    exact: calibration.Exact
    backend: backends.Backend
    limit: float  # evaluations/s at the matrix peak


def _rates(given: task.Task, subject: _Faithful) -> task.Items:
    """A figure for each batch, until the time is over."""
    evaluator = inference.NetEvaluator(subject.net, [subject.backend], "")
    distance = calibration.distance(
        subject.exact, subject.backend.run(calibration.positions(subject.net.size))
    )
    rate = float("inf")
    for batch in given.form.batches:
        if given.left_s < max(_LEAST_S, 2 * given.form.seconds + _CALLS * batch / rate):
            yield task.Note(f"{subject.title}.batch{batch}", "not measured: the time was over")
            continue
        planes = nets.random_planes(batch, subject.net.size)
        evaluator.evaluate(planes)
        seconds = given.form.seconds / _ROUNDS
        single = max(
            nets.evaluations_per_s(evaluator, planes, seconds, time.perf_counter) for _ in range(_ROUNDS)
        )
        value, setup = single, {}
        if evaluator.is_asynchronous:
            value = max(overlapped_per_s(evaluator, planes, seconds) for _ in range(_ROUNDS))
            setup["one batch at a time"] = round(single)
        rate = single
        yield figures.Figure(
            name=f"{subject.title}.batch{batch}",
            value=value,
            unit="evaluations/s",
            limit=subject.limit,
            setup={
                **setup,
                "backend": subject.backend.name,
                "policy off by": f"{distance.policy_divergence:.1e} nats",
                "values off by": f"{distance.value_difference:.1e}",
                figures.SHARE_OF_PEAK: round(value / subject.limit, 4),
            },
        )


def _name(section: plan.Section, backend: str) -> str:
    return f"net.{section.net}.{section.size}x{section.size}.{backend}"
