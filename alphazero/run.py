"""`python -m alphazero.run conf=9x9`: the whole loop, on this machine or on a Ray cluster.

Exit codes: 0 done, 1 failed while running, 2 bad configuration or folder, 130 interrupted after saving.
"""

import sys

from alphazero.config import compose
from alphazero.data import run_folder
from alphazero.report import logs
from alphazero.training import learner


def main() -> int:
    """Composes the settings, opens the run's folder and hands over to the driver."""
    config = compose.main_config()
    if config is None:
        return 0
    folder = run_folder.RunFolder(config.run.dir)
    try:
        learner.check_start(config)
        folder.open(config, compose.to_yaml(config))
        logs.set_up(folder.log)
        # Ray takes seconds to import, and a wrong key should be answered at once.
        from actors import loop

        try:
            loop.run(config, folder)
        except loop.Stopped:
            print("interrupted; the same command goes on from here", file=sys.stderr)
            return 130
        return 0
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        folder.close()


if __name__ == "__main__":
    sys.exit(main())
