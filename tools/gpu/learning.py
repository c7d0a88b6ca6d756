"""The learner: samples per second, and ranks that learn together."""

import torch

from alphazero.benchmarks import learners
from alphazero.net import hardware
from tools.gpu import roofline, task

NUM_RANKS = 2


def measure(given: task.Task, *, is_compiled: bool = False) -> task.Items:
    """Steps of each size of batch with all that belongs to them; is_compiled: by torch.compile."""
    torch.manual_seed(0)
    section = given.section
    for batch_size in given.form.batch_sizes:
        name = f"learner.{section.net}.{section.size}x{section.size}.batch{batch_size}"
        name += ".compiled" * is_compiled
        options = given.options(
            batch_size=batch_size, is_compiled=is_compiled, seconds=4 * given.form.seconds
        )
        try:
            for figure in learners.measure(options):
                yield task.renamed(figure, name, **roofline.memory(given.is_cuda))
        except Exception as error:  # memory that a smaller batch does not need
            yield task.Note(name, f"fails: {task.line_of(error)}")


def ranks(given: task.Task) -> task.Items:
    """Two ranks beside one, which fails unless both end with the same network."""
    name = f"learner.{given.section.net}.ranks{NUM_RANKS}"
    if given.is_cuda and hardware.num_gpus() < NUM_RANKS:
        yield task.Note(name, f"not measured: NCCL needs {NUM_RANKS} GPUs, and here is {hardware.num_gpus()}")
        return
    options = given.options(
        num_ranks=NUM_RANKS, batch_size=given.form.batch_sizes[-1], seconds=4 * given.form.seconds
    )
    figure = learners.measure_ranks(options.nets[0], options, num_turns=1)
    more = {
        "group": "NCCL" if given.is_cuda else "gloo",
        "times one rank": round(NUM_RANKS * figure.ratio, 2),
    }
    yield task.renamed(figure, name, **more)
