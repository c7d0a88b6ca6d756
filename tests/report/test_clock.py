"""The start time of a process, compared with times taken outside of it."""

import os
import subprocess
import sys
import time

from alphazero.report import clock


def test_the_time_before_the_first_line_counts(project):
    code = "import time; time.sleep(0.5); from alphazero.report import clock; print(clock.process_began())"
    before = time.time()
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=project
    )
    assert before - 0.1 <= float(done.stdout) <= time.time() - 0.5


def test_without_linux_it_is_the_current_time(monkeypatch, tmp_path):
    monkeypatch.setattr(clock, "_STAT", tmp_path / "absent")
    assert abs(clock.process_began() - time.time()) < 1
    monkeypatch.setattr(clock, "_STAT", tmp_path / f"stat{os.getpid()}")
    (tmp_path / f"stat{os.getpid()}").write_text("1 (a b) S 0 ")
    assert abs(clock.process_began() - time.time()) < 1
