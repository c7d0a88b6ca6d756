"""Measurements of self-play: compilation of kernels, rate, and the whole loop up to a promotion."""

import signal
import tempfile
from pathlib import Path

import torch

from alphazero import local_loop, run_paths
from alphazero.benchmarks import measurement, nets, peaks, selfplays, settings
from alphazero.config import compose, schema
from alphazero.config import game as game_config
from alphazero.config import training as training_config
from alphazero.net import inference, operations
from alphazero.net import weights as network_weights
from alphazero.report import logs, status
from alphazero.run_files import run_folder
from alphazero.selfplay import warm_up
from tools.gpu import roofline, task

_GPU_BACKENDS = ("torch_graphs", "torch")
"""Backends to try; the first faithful one plays. torch.compile would take all the time of the section."""
_SAVE_S = 8.0
"""Time before the deadline at which the loop is stopped, so that it can save."""


def compile_kernels(given: task.Task) -> task.Items:
    """Compiles the kernels of rules and search for all boards of the check; other sections load them."""
    configs = [
        schema.Config(game=game_config.GameConfig(size=size, komi=7))
        for size in sorted({section.size for section in given.form.of_kind("selfplay")})
    ]
    configs.append(compose.compose([*given.form.loop]))
    num_missing = sum(warm_up.is_needed(config) for config in configs)
    for config in configs:
        warm_up.warm_up(config)
    yield task.Note("kernels", f"{num_missing} of {len(configs)} sets compiled, the others loaded")


def self_play(given: task.Task) -> task.Items:
    """Measures one worker with many games, as in an actor."""
    torch.manual_seed(0)
    options, size = given.options(seconds=8 * given.form.seconds), given.section.size
    net = options.nets[0]
    best = _fastest(nets.random_weights(net, size), options)
    measured = selfplays.measure_with(net, best, options)
    peak = peaks.of_training(training_config.TrainingConfig(device=given.device))
    evaluations_per_s = measured.value * measured.setup["evaluations/simulation"]
    share = peak.share(evaluations_per_s * operations.evaluation_operations(net, size))
    more = {measurement.SHARE_OF_PEAK: share, "of bare evaluations": f"{100 * measured.ratio:.0f} %"}
    more |= roofline.memory(given.is_cuda)
    yield task.renamed(measured, f"selfplay.{net.name}.{size}x{size}", **more)


def _fastest(weights: network_weights.Weights, options: settings.BenchmarkSettings) -> nets.FastestBackend:
    """The first faithful backend, with the search's batch size: half of the games if it is asynchronous."""
    names = _GPU_BACKENDS if options.device == "cuda" else ("auto",)
    reasons = []
    for name in names:
        try:
            evaluator = inference.make_evaluator(
                weights, size=options.size, device=options.device, backend=name
            )
        except ValueError as error:
            reasons.append(str(error))
            continue
        batch = max(1, options.num_games // (2 if evaluator.is_asynchronous else 1))
        inputs = nets.random_inputs(batch, evaluator)
        evaluator.evaluate(inputs)
        rate = nets.evaluations_per_s(evaluator, inputs, options.seconds / 20, options.clock)
        return nets.FastestBackend(name, evaluator, inputs, rate, [batch])
    raise RuntimeError("; ".join(reasons))


def loop(given: task.Task) -> task.Items:
    """Runs the loop without Ray; fails unless it promotes a network."""
    with tempfile.TemporaryDirectory(prefix="alphazero-") as path:
        words = [*given.form.loop, f"training.device={given.device.value}", f"run.dir={path}/run"]
        words.append(f"stop.minutes={given.form.loop_minutes}")
        config = compose.compose(words)
        folder = run_folder.RunFolder(config.run.dir)
        folder.open(config, compose.to_yaml(config))
        logs.set_up(folder.log)
        try:
            _run_until(local_loop.LocalLoop(config, folder), given.left_s - _SAVE_S)
        finally:
            folder.close()
            print(folder.log.read_text(), flush=True)
        reached = status.Status.load(Path(path) / "run" / run_paths.STATUS)
    yield measurement.Measurement(
        name=f"loop.{config.net.name}.{config.game.size}x{config.game.size}",
        value=reached.promotions,
        unit="promotions",
        limit=1,
        setup={
            "minutes": round(reached.minutes, 2),
            "first move after": f"{reached.first_move_s or 0:.1f} s",
            "games": reached.games,
            "positions": reached.positions,
            "steps": reached.step,
            "backend": reached.backend,
        },
    )
    if not reached.promotions:
        raise RuntimeError(f"no network was promoted in {reached.minutes:.1f} minutes")


def _run_until(running: local_loop.LocalLoop, seconds: float) -> None:
    """Runs the loop to its end, or interrupts it after `seconds` like Ctrl-C; a gate has no time limit."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, max(1.0, seconds))
    try:
        running.run()
    except KeyboardInterrupt:
        print("the loop was interrupted at its time limit", flush=True)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
