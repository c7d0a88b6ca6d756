"""Tests that each kernel is compiled once, or once for each record layout."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow  # compiles everything in alphazero.go twice

ON_RECORDS = {
    "board._add_stone",
    "board._join",
    "board._remove_chain",
    "board._start_chain",
    "board.chain_hash",
    "board.find_chains",
    "board.is_last_liberty",
    "board.place_stone",
    "features.fill_planes",
    "features.planes",
    "game_kernels._hash_change",
    "game_kernels._is_single_suicide",
    "game_kernels._play_stone",
    "game_kernels._remember_move",
    "game_kernels._why_illegal",
    "game_kernels.copy_game",
    "game_kernels.forbidden_repetitions",
    "game_kernels.legal_actions",
    "game_kernels.play",
    "game_kernels.play_each",
    "input_families._fill_rows",
    "input_families.fill",
    "katago_inputs._fill_rules",
    "katago_inputs._note_boards",
    "katago_inputs.fill",
    "legality.is_suicide",
    "legality.removed_hash",
}


@pytest.fixture(scope="module")
def counts(project):
    """Number of signatures and of record layouts of each kernel, after games on two boards."""
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        pytest.skip("nothing is compiled")
    command = [sys.executable, "-m", "tests.go.exercise"]
    # With a cache, kernels inside a cached kernel would be neither compiled nor counted.
    uncached = os.environ | {"ALPHAZERO_CACHE_DIR": os.devnull}
    done = subprocess.run(command, cwd=project, env=uncached, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_kernel_is_compiled_once(counts):
    assert len(counts) > 20
    others = {name: count for name, (count, _) in counts.items() if name not in ON_RECORDS}
    assert others == dict.fromkeys(others, 1)


def test_kernels_on_records_are_compiled_once_for_each_layout(counts):
    assert {name for name, (_, layouts) in counts.items() if layouts} == ON_RECORDS
    assert [counts[name] for name in sorted(ON_RECORDS)] == [[2, 2]] * len(ON_RECORDS)
