"""Copy of promoted networks to another folder: alphazero pull SOURCE DEST.

SOURCE is a run's folder, its weights/, a folder of promoted files, a mirror (a folder, s3://BUCKET/PREFIX
or gs://BUCKET/PREFIX), or a run on a cluster: cluster:cluster.yaml:~/runs/9x9.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from alphazero.config import command_line
from alphazero.storage import pulling, restoring, sources, stores


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; 0 done, 1 something failed, 2 bad arguments, 130 interrupted."""
    options = _parser().parse_args(arguments)
    dest = Path(options.dest)
    try:
        source = sources.open_source(options.source, dest)
        if dest.exists() and not dest.is_dir():
            raise ValueError(f"DEST={dest}: is not a folder")
        if options.run and options.watch:
            raise ValueError("--run: must not come with --watch")
        if options.run:
            return 0 if restoring.restore(source, dest, _say, _report_failure) else 1
        return _pull(source, dest, options)
    except (pulling.DamagedError, stores.StoreError) as error:
        _report_failure(str(error))
        return 1
    except ValueError as error:
        _report_failure(str(error))
        return 2
    except OSError as error:
        _report_failure(f"{error.filename or dest}: {error.strerror}")
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = command_line.Parser(
        prog="alphazero pull", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add("source", metavar="SOURCE", help="source of the networks, see above")
    add("dest", metavar="DEST", help="folder for the weight files and certificates")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--latest", action="store_true", help="only the newest network")
    what.add_argument(
        "--run",
        action="store_true",
        help="restore a mirrored run into the empty folder DEST, to go on with it",
    )
    add("--watch", action="store_true", help="go on copying new networks until Ctrl-C")
    add("--interval", type=command_line.number(1, 3600), default=30.0, help="seconds between checks (30)")
    return parser


def _pull(source: stores.Store, dest: Path, options: argparse.Namespace) -> int:
    puller = pulling.Puller(source, dest, latest_only=options.latest, say=_say, complain=_report_failure)
    if options.watch:
        pulling.watch(puller, options.interval, _report_failure)
    found = puller.find_certificates()
    if not found:
        raise ValueError(f"SOURCE={options.source}: no promoted networks there")
    return 0 if puller.copy(found) else 1


def _say(line: str) -> None:
    print(line, flush=True)


def _report_failure(line: str) -> None:
    print(f"pull: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
