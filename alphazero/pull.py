"""Copies promoted networks out of a run: python -m alphazero.pull SOURCE DEST [--latest]."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from alphazero import files
from alphazero.evaluation import promotion


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code: 0 done, 1 failed, 2 bad arguments."""
    parser = argparse.ArgumentParser(prog="python -m alphazero.pull", description=__doc__)
    parser.add_argument("source", metavar="SOURCE", type=Path, help="a run's folder, or its weights/promoted")
    parser.add_argument(
        "dest", metavar="DEST", type=Path, help="folder for the weight files and certificates"
    )
    parser.add_argument("--latest", action="store_true", help="only the newest network")
    options = parser.parse_args(arguments)
    source = find_promoted(options.source)
    if source is None:
        print(f"pull: SOURCE={options.source}: no promoted networks there", file=sys.stderr)
        return 2
    if options.dest.exists() and not options.dest.is_dir():
        print(f"pull: DEST={options.dest}: is not a folder", file=sys.stderr)
        return 2
    try:
        return pull(source, options.dest, latest_only=options.latest)
    except OSError as error:
        print(f"pull: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1


def find_promoted(source: Path) -> Path | None:
    """The folder of certificates in or at `source`, None if there is none."""
    for folder in (source / "weights" / "promoted", source):
        if any(folder.glob("?????*-????????.json")):
            return folder
    return None


def pull(source: Path, dest: Path, *, latest_only: bool = False) -> int:
    """Copies what `dest` lacks; returns 1 if anything in `source` was not what it should be, else 0.

    A damaged network is named and does not keep the others from being copied; with `latest_only`
    nothing older is copied in its place.
    """
    certificates = sorted(source.glob("?????*-????????.json"), key=promotion.number_of)
    exit_code = 0
    for path in certificates[-1:] if latest_only else certificates:
        try:
            promoted = promotion.read_certificate(path)
            is_new = _copy(promoted, dest)
        except ValueError as error:
            print(f"pull: {error}", file=sys.stderr)
            exit_code = 1
        else:
            print(f"{dest / promoted.path.name}{'' if is_new else ' is there already'}")
    promotion.Promotions(dest).latest()  # points dest's latest.json at what is there now
    return exit_code


def _copy(promoted: promotion.Promoted, dest: Path) -> bool:
    """Copies a network and then its certificate, unless both are there and right."""
    target, certificate = dest / promoted.path.name, dest / promoted.certificate_path.name
    wanted = promoted.certificate_path.read_bytes()
    is_there = target.exists() and files.sha256(target.read_bytes()) == promoted.certificate["sha256"]
    if is_there and certificate.exists() and certificate.read_bytes() == wanted:
        return False
    if not is_there:
        files.write_atomic(target, promoted.read_bytes())
    files.write_atomic(certificate, wanted)
    return True


if __name__ == "__main__":
    sys.exit(main())
