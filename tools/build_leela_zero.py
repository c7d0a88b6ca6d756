"""Leela Zero for 9x9, from Debian's source package: python -m tools.build_leela_zero.

Leela Zero plays on boards of the size that it was compiled for, and Debian compiles it for 19x19. The source
comes through apt, with lists of its own so that nothing of the system changes; the program is kept in our
cache folder, outside of the repository, and built only once.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from concurrent import futures
from pathlib import Path

from alphazero import files
from alphazero.config import command_line

SIZE = 9
PACKAGES = ("g++", "libboost-filesystem-dev", "libboost-program-options-dev", "libeigen3-dev", "zlib1g-dev")
"""What the compilation needs; `.ci/run` installs the same."""
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
FOR_GPUS = ("OpenCL", "OpenCLScheduler", "Tuner")
FLAGS = ("-O1", "-std=c++14", "-w", "-DNDEBUG", "-DUSE_CPU_ONLY", "-I.", "-I/usr/include/eigen3")
LIBRARIES = ("-lboost_filesystem", "-lboost_program_options", "-lz", "-pthread")


class Failed(Exception):
    """Why there is no program, in one line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the program's path; 1 where it cannot be built, with the reason in one line."""
    summary = (__doc__ or "").partition("\n\n")[0]
    command_line.Parser(prog="python -m tools.build_leela_zero", description=summary).parse_args(arguments)
    try:
        if not is_built():
            with tempfile.TemporaryDirectory(prefix="leela-zero-") as folder:
                files.write_atomic(program(), build(fetch(Path(folder))).read_bytes())
            program().chmod(0o755)
    except (Failed, OSError) as error:
        print(f"Leela Zero for {SIZE}x{SIZE} was not built: {error}", file=sys.stderr)
        return 1
    print(program())
    return 0


def program() -> Path:
    """Where the program is kept, there or not yet: in $ALPHAZERO_CACHE_DIR or ~/.cache/alphazero."""
    root = os.environ.get("ALPHAZERO_CACHE_DIR") or Path.home() / ".cache" / "alphazero"
    return Path(root) / f"leela-zero-{SIZE}x{SIZE}" / "leelaz"


def is_built() -> bool:
    """Whether the program is there."""
    return os.access(program(), os.X_OK)


def fetch(folder: Path) -> Path:
    """Downloads the source package into `folder` and unpacks it; the folder of its sources."""
    if shutil.which("apt-get") is None:
        raise Failed("there is no apt-get; this needs Debian")
    # Index files that apt has for binary packages say where Debian's archive is and which release this is.
    wanted = ("Created-By: Packages", "Component: main", "Label: Debian")
    places = run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", *wanted], folder)
    if not places:
        raise Failed("apt knows of no Debian archive; `apt-get update` as root may help")
    lines = [f"deb-src [signed-by={KEYRING}] {place} main\n" for place in sorted(set(places.splitlines()))]
    (folder / "sources.list").write_text("".join(lines))
    (folder / "lists" / "partial").mkdir(parents=True)
    options = {
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": os.devnull,
        "Dir::State::Lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "root",  # apt's own user cannot write here
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())]
    run([*apt, "update"], folder)
    run([*apt, "source", "--tar-only", "--download-only", "leela-zero"], folder)
    (archive,) = folder.glob("leela-zero_*.orig.tar.*")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    (sources,) = folder.glob("leela-zero-*/src")
    return sources


def build(sources: Path) -> Path:
    """Compiles the sources for our board, without graphics cards; the program's path among them."""
    set_size(sources / "config.h")
    units = [path for path in sources.glob("*.cpp") if path.stem not in FOR_GPUS]
    units.sort(key=lambda path: path.stat().st_size, reverse=True)  # what takes long is begun first
    with futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda unit: run(["g++", *FLAGS, "-c", unit.name], sources), units))
    objects = [f"{unit.stem}.o" for unit in units]
    run(["g++", "-o", "leelaz", *objects, *LIBRARIES], sources)
    return sources / "leelaz"


def set_size(header: Path) -> None:
    """Makes the board ours in Leela Zero's `config.h`."""
    text, theirs = header.read_text(), "BOARD_SIZE = 19;"
    if text.count(theirs) != 1:
        raise Failed(f"{header.name} does not have '{theirs}' once")
    header.write_text(text.replace(theirs, f"BOARD_SIZE = {SIZE};"))


def run(command: Sequence[str], folder: Path) -> str:
    """The command's output; Failed with the first error that it printed when it fails."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Failed(f"there is no {command[0]}; {advice()}") from None
    if done.returncode:
        complaints = [
            line.strip() for line in done.stderr.splitlines() if "error" in line or line[:2] == "E:"
        ]
        said = complaints[0] if complaints else f"{command[0]} ended with {done.returncode}"
        raise Failed(f"{said}; {advice()}" if command[0] == "g++" else said)
    return done.stdout


def advice() -> str:
    """How a compiler and its libraries come to a machine."""
    return f"`apt-get install {' '.join(PACKAGES)}` as root installs what it needs"


if __name__ == "__main__":
    sys.exit(main())
