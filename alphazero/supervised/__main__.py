"""Command `alphazero supervised conf=19x19 data.path='chunks/*.gz'`: training without self-play.

Exit codes: 0 done, 1 failed while running, 2 bad configuration, data or folder, 130 interrupted after saving.
"""

import signal
import sys

from alphazero.config import command_line, compose, paths, schema
from alphazero.datasets import dataset
from alphazero.evaluation import weight_files
from alphazero.report import logs
from alphazero.run_files import run_folder


def main() -> int:
    """Composes the settings, surveys the data, opens the run's folder and trains."""
    config = compose.main_config()
    if config is None:
        return 0
    config = paths.make_absolute(config)
    folder = run_folder.RunFolder(config.run.dir)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return command_line.exit_code(lambda: _train(config, folder))
    finally:
        folder.close()


def _train(config: schema.Config, folder: run_folder.RunFolder) -> None:
    if not config.data.patterns:
        raise ValueError("data.path=null: must name training chunks, SGF files or game logs")
    config = weight_files.with_start(config)
    print(f"run folder {folder.path}: reading {config.data.path}", flush=True)
    found = dataset.survey(config)
    held_out = 0 if found.held_out is None else len(found.held_out.value)
    print(f"{len(found.files)} files, about {found.num_rows:,.0f} positions; {held_out:,} more are held out")
    # torch takes seconds to import. Before that, mistakes are reported and the first lines are printed.
    from alphazero.supervised import launch
    from alphazero.training import learner

    config = launch.without_targetless_heads(config, found)
    learner.check_start(config)
    folder.open(config, compose.to_yaml(config))
    logs.set_up(folder.log)
    launch.run(config, folder, found)


if __name__ == "__main__":
    sys.exit(main())
