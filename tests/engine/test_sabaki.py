"""Our engine behind `@sabaki/gtp`, the client library of Sabaki, if Node and the package are available.

The package is installed in $ALPHAZERO_PEERS_DIR, by default ~/.cache/alphazero-peers. It is not part of this
project.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = "@sabaki/gtp@3.0.0"
NODE, NPM = shutil.which("node"), shutil.which("npm")
SCRIPT = Path(__file__).with_name("sabaki.js")
ENGINE = [sys.executable, "-m", "alphazero.gtp", "--weights", "none", "--visits", "16", "--size", "5"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def package():
    """Returns the folder of the installed package."""
    if NODE is None or NPM is None:
        pytest.skip("node and npm are not installed")
    root = Path(os.environ.get("ALPHAZERO_PEERS_DIR") or Path.home() / ".cache" / "alphazero-peers")
    folder = root / "sabaki-gtp"
    installed = folder / "node_modules" / "@sabaki" / "gtp"
    if not (installed / "package.json").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        command = [NPM, "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--silent", PACKAGE]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=120)
        except (subprocess.SubprocessError, OSError) as error:
            pytest.skip(f"{PACKAGE} cannot be installed: {error}")
    return installed


@pytest.fixture(scope="module")
def found(package, project):
    """Returns the script's observations by name."""
    assert NODE is not None
    done = subprocess.run(
        [NODE, str(SCRIPT), str(package), *ENGINE],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_the_client_knows_the_engine(found):
    assert found["name"] == "AlphaZero"
    assert found["knows"] == {"lz-analyze": True, "kata-genmove_analyze": True, "dance": False}


def test_it_plays_a_game(found):
    moves = found["moves"]
    assert len(moves) >= 4 and all(move == "pass" or move[0] in "ABCDE" for move in moves)
    assert found["history"] == len(moves), "and the client has followed it"
    assert found["score"][:1] in "BW0"


@pytest.mark.parametrize("style", ["lz", "kata"])
def test_analyses_come_in_lines_until_something_is_written(found, style):
    lines = found[f"{style} lines"]
    assert len(lines) >= 2
    assert all(line.startswith("info move ") and " pv " in line for line in lines)
    assert found[f"{style} after"] == "AlphaZero", "the next command gets its own answer"
    assert found[f"{style} aborted"]


def test_positions_are_synchronised_by_undoing_and_playing(found):
    assert found["synced"] == ["black C3", "white D4"]
    assert found["resynced"] == ["black C3", "white B2"]


def test_a_move_with_reports_ends_with_the_move(found):
    assert found["genmove_analyze"][-1].startswith("play ")
    assert found["genmove_analyze"][-2].startswith("info move ")


def test_it_stops(found):
    assert found["stopped"]
