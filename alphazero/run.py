"""`python -m alphazero.run conf=9x9`: the whole loop, on this machine or on a Ray cluster.

Exit codes: 0 done, 1 failed while running, 2 bad configuration or folder, 130 interrupted after saving.
"""

import sys

from alphazero.config import compose, schema
from alphazero.data import run_folder
from alphazero.report import logs


def main() -> int:
    """Composes the settings, opens the run's folder and hands over to the loop."""
    config = compose.main_config()
    if config is None:
        return 0
    folder = run_folder.RunFolder(config.run.dir)
    try:
        _check_start(config)
        folder.open(config, compose.to_yaml(config))
        logs.set_up(folder.log)
        _run(config, folder)
        return 0
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except (RuntimeError, FloatingPointError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        folder.close()


def _check_start(config: schema.Config) -> None:
    if config.init.weights is not None:
        from alphazero.training import learner

        learner.check_start(config)


def _run(config: schema.Config, folder: run_folder.RunFolder) -> None:
    # Ray and torch take seconds to import: a mistake is answered before, and the user sees a line.
    print(f"run folder {folder.path}: starting", flush=True)
    if config.cluster.address == "local":
        from alphazero import local_loop

        local_loop.LocalLoop(config, folder).run()
    else:
        from actors import loop

        loop.run(config, folder)


if __name__ == "__main__":
    sys.exit(main())
