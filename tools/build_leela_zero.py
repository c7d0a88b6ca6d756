"""Build of Leela Zero for 9x9 from Debian's source package: python -m tools.build_leela_zero.

Leela Zero's board size is fixed when it is compiled, and Debian's package is for 19x19. The source is
downloaded with apt, which uses separate package lists here and changes nothing on the system. The program is
built once and kept in the cache folder, outside the repository.
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
"""Debian packages that the compilation needs; `.ci/run` installs the same ones."""
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
FOR_GPUS = ("OpenCL", "OpenCLScheduler", "Tuner")
FLAGS = ("-O1", "-std=c++14", "-w", "-DNDEBUG", "-DUSE_CPU_ONLY", "-I.", "-I/usr/include/eigen3")
LIBRARIES = ("-lboost_filesystem", "-lboost_program_options", "-lz", "-pthread")


class Failed(Exception):
    """The build failed; the message is one line with the reason."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the program's path and returns 0; if the build fails, prints the reason and returns 1."""
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
    """Path of the program, built or not: in $ALPHAZERO_CACHE_DIR or ~/.cache/alphazero."""
    root = os.environ.get("ALPHAZERO_CACHE_DIR") or Path.home() / ".cache" / "alphazero"
    return Path(root) / f"leela-zero-{SIZE}x{SIZE}" / "leelaz"


def is_built() -> bool:
    """Whether the program exists."""
    return os.access(program(), os.X_OK)


def fetch(folder: Path) -> Path:
    """Downloads the source package into `folder`, unpacks it and returns the folder of its sources."""
    if shutil.which("apt-get") is None:
        raise Failed("there is no apt-get; this needs Debian")
    # apt's index files for binary packages name Debian's archive and the release of this system.
    wanted = ("Created-By: Packages", "Component: main", "Label: Debian")
    places = run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", *wanted], folder)
    if not places:
        raise Failed("apt has no index of a Debian archive; run `apt-get update` as root")
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
    """Compiles the sources for SIZE, without GPU support, and returns the program's path."""
    set_size(sources / "config.h")
    units = [path for path in sources.glob("*.cpp") if path.stem not in FOR_GPUS]
    units.sort(key=lambda path: path.stat().st_size, reverse=True)  # the slowest first
    with futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda unit: run(["g++", *FLAGS, "-c", unit.name], sources), units))
    objects = [f"{unit.stem}.o" for unit in units]
    run(["g++", "-o", "leelaz", *objects, *LIBRARIES], sources)
    return sources / "leelaz"


def set_size(header: Path) -> None:
    """Sets the board size to SIZE in Leela Zero's `config.h`."""
    text, theirs = header.read_text(), "BOARD_SIZE = 19;"
    if text.count(theirs) != 1:
        raise Failed(f"{header.name}: must contain '{theirs}' exactly once")
    header.write_text(text.replace(theirs, f"BOARD_SIZE = {SIZE};"))


def run(command: Sequence[str], folder: Path) -> str:
    """Runs a command and returns its output; raises Failed with the first error that it printed."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Failed(f"{command[0]} is not installed; {advice()}") from None
    if done.returncode:
        reasons = [line.strip() for line in done.stderr.splitlines() if "error" in line or line[:2] == "E:"]
        said = reasons[0] if reasons else f"{command[0]} ended with {done.returncode}"
        raise Failed(f"{said}; {advice()}" if command[0] == "g++" else said)
    return done.stdout


def advice() -> str:
    """The command that installs the compiler and its libraries."""
    return f"run `apt-get install {' '.join(PACKAGES)}` as root"


if __name__ == "__main__":
    sys.exit(main())
