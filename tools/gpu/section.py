"""One section of `tools.gpu_check`, for internal use: python -m tools.gpu.section NAME ..."""

import argparse
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

from alphazero.config import training as training_config
from tools.gpu import backend_rates, learning, plan, playing, roofline, task, unit_tests

KINDS: dict[str, Callable[[task.Task], task.Items]] = {
    "machine": roofline.measure,
    "kernels": playing.compile_kernels,
    "tests": unit_tests.run,
    "backends": backend_rates.measure,
    "selfplay": playing.self_play,
    "learner": learning.measure,
    "ranks": learning.ranks,
    "compiled": backend_rates.measure_compiled,
    "loop": playing.loop,
}


def main() -> int:
    """Appends a line of JSON for each measured item; 0, or 1 with the reason if the section failed."""
    parser = argparse.ArgumentParser(prog="python -m tools.gpu.section", description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--device", type=training_config.Device, required=True)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--deadline", type=float, required=True, help="of time.monotonic")
    parser.add_argument("--into", type=Path, required=True)
    options = parser.parse_args()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    form = plan.form(options.short)
    section = form.section(options.name)
    given = task.Task(section, form, options.device, options.deadline)
    with options.into.open("a") as file:
        try:
            for item in KINDS[section.kind](given):
                print(item.json(), file=file, flush=True)
        except Exception as error:  # any error loses this section only
            traceback.print_exc()
            print(json.dumps({"failed": task.line_of(error)}), file=file, flush=True)
            return 1
    return 0


def _end_with_parent() -> None:
    """Ends the section's whole session when the parent ends, which closes the other end of stdin."""
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
