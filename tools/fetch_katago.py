"""KataGo's program for Linux, from the PyPI package katrain: python -m tools.fetch_katago.

KaTrain's package carries KataGo for OpenCL, which runs on CPUs with Debian's package pocl-opencl-icd. The
program is downloaded once and kept in the cache folder, outside the repository and the environment, with two
settings for a CPU. `cpu.cfg` names parameters of OpenCL, so that KataGo starts at once. With `tuned.cfg` it
searches for the fastest ones at its first start with a network of a new width or version, for minutes.
"""

import ctypes.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from alphazero import files
from alphazero.config import command_line

PACKAGE, VERSION = "katrain", "1.20.0"
SHA256 = "489caa966fa395a6ad459239641a927e4a2057963370e450109fe77120de662f"
"""Of the wheel, which is for every platform."""
KATAGO = "1.18.1"
DEBIAN_PACKAGES = ("pocl-opencl-icd", "ocl-icd-libopencl1")
"""Debian packages with which OpenCL runs on a CPU; `.ci/run` installs the same ones."""
VENDORS = Path("/etc/OpenCL/vendors")
"""OpenCL's list of installed devices."""
_MEMBER = "katrain/KataGo/katago"
# A version, eight flags for 16-bit floats, and thirteen kernels, each with the first of its parameters; the
# others keep the values with which KataGo begins its search.
_KERNELS = ("WGD=8", "MWG=8", "MWG=8", "MWG=16", "MWG=16", "INTILE_XSIZE=4", "INTILE_XSIZE=6", "XYSTRIDE=1")
_MORE_KERNELS = (
    "ATTN_BLOCK_Q=32",
    "WG_C_SIZE=64",
    "ELTS_PER_THREAD=1",
    "XY_ELTS_PER_THREAD=1",
    "TILE_SIZE=32",
)
TUNING = "\n".join(("VERSION=13", *"0" * 8, *_KERNELS, *_MORE_KERNELS)) + "\n"
SETTINGS = """\
homeDataDir = {folder}
openclUseFP16 = false
logAllGTPCommunication = false
logSearchInfo = false
logToStderr = false
numSearchThreads = 1
nnMaxBatchSize = 8
maxVisits = 50
ponderingEnabled = false
koRule = POSITIONAL
scoringRule = AREA
taxRule = NONE
multiStoneSuicideLegal = false
hasButton = false
defaultBoardSize = 9
enablePassingHacks = false
conservativePass = false
"""
TUNING_SETTING = "openclTunerFile = {folder}/opencl.txt\n"
LAUNCHER = """\
#!/bin/sh
folder=$(dirname "$(readlink -f "$0")")
export LD_LIBRARY_PATH="$folder/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" POCL_CACHE_DIR="$folder/pocl"
exec "$folder/bin/katago" "$@"
"""


class NotFetched(Exception):
    """The program cannot be had; the message is one line with the reason."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the program's path and returns 0; if it cannot be had, prints the reason and returns 1."""
    summary = (__doc__ or "").partition("\n\n")[0]
    command_line.Parser(prog="python -m tools.fetch_katago", description=summary).parse_args(arguments)
    try:
        if not is_fetched():
            fetch()
    except (NotFetched, OSError) as error:
        print(f"KataGo {KATAGO} was not fetched: {error}", file=sys.stderr)
        return 1
    print(program())
    return 0


def program() -> Path:
    """Path of the program, fetched or not: in $ALPHAZERO_CACHE_DIR or ~/.cache/alphazero."""
    root = os.environ.get("ALPHAZERO_CACHE_DIR") or Path.home() / ".cache" / "alphazero"
    return Path(root) / f"katago-{KATAGO}" / "katago"


def settings(*, tuned: bool = False) -> Path:
    """Path of KataGo's settings for GTP on a CPU; those for fair comparisons of speed if `tuned`."""
    return program().with_name("tuned.cfg" if tuned else "cpu.cfg")


def is_fetched() -> bool:
    """Whether the program exists."""
    return os.access(program(), os.X_OK)


def missing() -> str | None:
    """Why the program cannot run here, with the command that helps; None if it can."""
    if not is_fetched():
        return f"{program()} is missing; `python -m tools.fetch_katago` fetches it"
    if ctypes.util.find_library("OpenCL") is None or not list(VENDORS.glob("*.icd")):
        return f"KataGo finds no OpenCL; `apt-get install {' '.join(DEBIAN_PACKAGES)}` as root installs it"
    return None


def fetch() -> None:
    """Downloads the package, takes the program out and puts it with its settings into the cache folder."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise NotFetched(f"{PACKAGE} has it for Linux on x86-64, not for {sys.platform} {platform.machine()}")
    place = program().parent
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".katago-", dir=place.parent) as name:
        folder = Path(name)
        unpack(download(folder), folder)
        ready = folder / "ready"
        shutil.copytree(folder / "squashfs-root" / "usr" / "lib", ready / "lib")
        (ready / "bin").mkdir()
        (folder / "squashfs-root" / "usr" / "bin" / "katago").rename(ready / "bin" / "katago")
        (ready / "pocl").mkdir()
        (ready / "opencl.txt").write_text(TUNING)
        (ready / "tuned.cfg").write_text(SETTINGS.format(folder=place))
        (ready / "cpu.cfg").write_text((SETTINGS + TUNING_SETTING).format(folder=place))
        (ready / "katago").write_text(LAUNCHER)
        (ready / "katago").chmod(0o755)
        shutil.rmtree(place, ignore_errors=True)  # what is left of a folder without the program
        ready.rename(place)


def download(folder: Path) -> Path:
    """Downloads the wheel into `folder` and returns its path; refuses any other than the known one."""
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download"]
    run([*command, "--no-deps", "--dest", str(folder), f"{PACKAGE}=={VERSION}"], folder)
    (wheel,) = folder.glob("*.whl")
    found = files.sha256_of(wheel)
    if found != SHA256:
        raise NotFetched(f"{wheel.name} has the sha256 {found}, expected {SHA256}")
    return wheel


def unpack(wheel: Path, folder: Path) -> None:
    """Unpacks the program into `folder`/squashfs-root. It is an AppImage, which unpacks itself."""
    with zipfile.ZipFile(wheel) as archive:
        image = Path(archive.extract(_MEMBER, folder))
    image.chmod(0o755)
    run([str(image), "--appimage-extract"], folder)


def run(command: Sequence[str], folder: Path) -> None:
    """Runs a command; raises NotFetched with the last line that it printed as an error."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"{command[0]} ended with {done.returncode}"]
        raise NotFetched(lines[-1])


if __name__ == "__main__":
    sys.exit(main())
