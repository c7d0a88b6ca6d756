"""Measurements of the learner: samples per second, and two ranks."""

import torch

from alphazero.benchmarks import learners
from alphazero.net import hardware
from tools.gpu import roofline, task

NUM_RANKS = 2


def measure(given: task.Task, *, is_compiled: bool = False) -> task.Items:
    """Measures whole training steps for each batch size. is_compiled: with torch.compile."""
    torch.manual_seed(0)
    section = given.section
    for batch_size in given.form.batch_sizes:
        name = f"learner.{section.net}.{section.size}x{section.size}.batch{batch_size}"
        name += ".compiled" * is_compiled
        options = given.options(
            batch_size=batch_size, is_compiled=is_compiled, seconds=4 * given.form.seconds
        )
        try:
            for measured in learners.measure(options):
                yield task.renamed(measured, name, **roofline.memory(given.is_cuda))
        except Exception as error:  # out of memory, for example
            yield task.Note(name, f"fails: {task.line_of(error)}")


def ranks(given: task.Task) -> task.Items:
    """Measures two ranks and one; fails unless both ranks end with the same network."""
    name = f"learner.{given.section.net}.ranks{NUM_RANKS}"
    if given.is_cuda and hardware.num_gpus() < NUM_RANKS:
        yield task.Note(name, f"not measured: NCCL needs {NUM_RANKS} GPUs, not {hardware.num_gpus()}")
        return
    options = given.options(
        num_ranks=NUM_RANKS, batch_size=given.form.batch_sizes[-1], seconds=4 * given.form.seconds
    )
    measured = learners.measure_ranks(options.nets[0], options, num_turns=1)
    more = {
        "group": "NCCL" if given.is_cuda else "gloo",
        "times one rank": round(NUM_RANKS * measured.ratio, 2),
    }
    yield task.renamed(measured, name, **more)
