"""Command `alphazero run conf=9x9`: the whole loop, on this machine or on a Ray cluster.

Exit codes: 0 done, 1 failed while running, 2 bad configuration or folder, 130 interrupted after saving.
"""

import logging
import sys

from alphazero.clusters import mounts
from alphazero.config import command_line, compose, paths, schema
from alphazero.evaluation import weight_files
from alphazero.report import logs
from alphazero.run_files import run_folder

_logger = logging.getLogger(__name__)


def main() -> int:
    """Composes the settings, opens the run's folder and runs the loop."""
    config = compose.main_config()
    if config is None:
        return 0
    config = paths.make_absolute(config)
    folder = run_folder.RunFolder(config.run.dir)
    try:
        return command_line.exit_code(lambda: _open_and_run(config, folder))
    finally:
        folder.close()


def _open_and_run(config: schema.Config, folder: run_folder.RunFolder) -> None:
    config = _with_start(config)
    folder.open(config, compose.to_yaml(config))
    logs.set_up(folder.log)
    _warn_of_mounts(folder)
    if config.mirror.uri is not None:
        from alphazero.storage import background

        background.check(config, folder.path)
    _run(config, folder)


def _warn_of_mounts(folder: run_folder.RunFolder) -> None:
    line = mounts.warning(folder.path)
    if line is not None:
        _logger.warning(line)


def _with_start(config: schema.Config) -> schema.Config:
    """The settings, checked against the cluster, with the file of the first network."""
    if config.cluster.address != "local":
        from actors import heads

        heads.check_named(config.cluster.address)
    config = weight_files.with_start(config)
    if config.init.weights is not None or config.net.growth is not None:
        from alphazero.training import learner

        learner.check_start(config)
    return config


def _run(config: schema.Config, folder: run_folder.RunFolder) -> None:
    # Ray and torch take seconds to import: mistakes are reported before, and the user sees this line.
    print(f"run folder {folder.path}: starting", flush=True)
    if config.cluster.address == "local":
        from alphazero import local_loop

        local_loop.LocalLoop(config, folder).run()
    else:
        from actors import loop

        loop.run(config, folder)


if __name__ == "__main__":
    sys.exit(main())
