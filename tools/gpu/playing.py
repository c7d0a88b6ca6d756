"""Self-play: its kernels, its rate, and the whole loop until it promotes a network."""

import signal
import tempfile
from pathlib import Path

import torch

from alphazero import local_loop
from alphazero.benchmarks import figures, nets, peaks, selfplays, settings
from alphazero.config import compose, schema
from alphazero.config import game as game_config
from alphazero.config import training as training_config
from alphazero.data import run_folder
from alphazero.net import inference, leela, operations
from alphazero.report import logs, status
from alphazero.selfplay import warm_up
from tools.gpu import roofline, task

_GPU_BACKENDS = ("torch_graphs", "torch")
"""The first that is faithful plays; torch.compile would take the time of the section."""
_SAVE_S = 8.0
"""The loop is told to save so long before its time is over."""


def compile_kernels(given: task.Task) -> task.Items:
    """Those of rules and search for all boards of the check, so that no other section waits for them."""
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
    """One worker with many games, as an actor has it."""
    torch.manual_seed(0)
    options, size = given.options(seconds=8 * given.form.seconds), given.section.size
    net = options.nets[0]
    best = _fastest(nets.random_weights(net, size), options)
    figure = selfplays.measure_with(net, best, options)
    peak = peaks.of_training(training_config.TrainingConfig(device=given.device))
    evaluations_per_s = figure.value * figure.setup["evaluations/simulation"]
    share = peak.share(evaluations_per_s * operations.evaluation_operations(net, size))
    more = {figures.SHARE_OF_PEAK: share, "of bare evaluations": f"{100 * figure.ratio:.0f} %"}
    more |= roofline.memory(given.is_cuda)
    yield task.renamed(figure, f"selfplay.{net.name}.{size}x{size}", **more)


def _fastest(weights: leela.Weights, options: settings.Settings) -> nets.Best:
    """A backend at the batch that the search asks it for: half of the games where it works meanwhile."""
    names = _GPU_BACKENDS if options.device == "cuda" else ("auto",)
    reasons = []
    for name in names:
        try:
            evaluator = inference.make_evaluator(weights, device=options.device, backend=name)
        except ValueError as error:
            reasons.append(str(error))
            continue
        batch = max(1, options.num_games // (2 if evaluator.is_asynchronous else 1))
        planes = nets.random_planes(batch, weights.size)
        evaluator.evaluate(planes)
        rate = nets.evaluations_per_s(evaluator, planes, options.seconds / 20, options.clock)
        return nets.Best(name, evaluator, planes, rate, [batch])
    raise RuntimeError("; ".join(reasons))


def loop(given: task.Task) -> task.Items:
    """A run without Ray, which fails unless it promotes a network."""
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
        reached = status.Status.load(Path(path) / "run" / "status.json")
    yield figures.Figure(
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
    """Runs to its end, or interrupts it after so many seconds as Ctrl-C would: a gate knows no bound."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, max(1.0, seconds))
    try:
        running.run()
    except KeyboardInterrupt:
        print("the loop was interrupted, as its time was over", flush=True)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
