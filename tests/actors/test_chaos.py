"""Test of two minutes of kills: the run goes on, and no counted game is lost.

The run has a network of KataGo's family and two board sizes; `make chaos` kills one of Leela Zero's family.
"""

import collections
import json
import os
import subprocess
import sys

import pytest

from tests import private_world
from tools.chaos import record as chaos_records

MUST_DIE = {chaos_records.DRIVER, chaos_records.NODE, chaos_records.REPLAY, chaos_records.STORE}


@pytest.mark.ray
@pytest.mark.timeout(900)
@private_world.needed
def test_two_minutes_of_chaos(tmp_path):
    folder = tmp_path / "chaos"
    command = [sys.executable, "-m", "tools.chaos", "--minutes", "2", "--kills", "9", "--seed", "1"]
    environment = {**os.environ, "PYTHONPATH": str(private_world.PROJECT)}
    done = subprocess.run(
        [*command, "--folder", str(folder), "net=kata-b4c32", "game.sizes={4: 1, 5: 2}"],
        cwd=private_world.PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=850,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((folder / "chaos.json").read_text())
    assert told["passed"] and not any(told["problems"].values())
    kinds = collections.Counter(blow["kind"] for blow in told["blows"])
    assert kinds.keys() >= MUST_DIE | set(chaos_records.FAULTS)
    assert told["totals"]["kills"] >= 9 and told["totals"]["games"] > 0
    assert told["recovery_s"].keys() == kinds.keys()
