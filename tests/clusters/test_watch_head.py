"""Tests of clusters/watch_head.sh: it ends processes after their raylet, and powers off billed machines."""

import os
import shutil
import subprocess
import time

import pytest

from tests.clusters import programs

pytestmark = pytest.mark.skipif(not shutil.which("pgrep"), reason="needs pgrep")


@pytest.fixture
def worker(tmp_path, project):
    """A worker with a raylet of a unique name; calls that change the machine are recorded."""

    class Worker:
        log = tmp_path / "done.txt"
        bin = tmp_path / "bin"
        # This machine may run other raylets, so that pgrep searches for the name of this test.
        raylet_name = f"raylet{os.getpid()}"[:15]

        def add_raylet(self, name):
            """Starts a program that runs until it is killed; pgrep finds it by this name."""
            path = self.bin / name
            shutil.copy("/bin/sleep", path)
            return subprocess.Popen([str(path), "600"])

        def watch(self, *words):
            variables = {
                **os.environ,
                "PATH": f"{self.bin}:{os.environ['PATH']}",
                "HOME": str(tmp_path),
                "WATCH_HEAD_PAUSE_S": "0.3",
            }
            return subprocess.Popen(
                ["bash", str(project / "clusters" / "watch_head.sh"), *words], env=variables
            )

        def done(self):
            return self.log.read_text().splitlines() if self.log.exists() else []

    one = Worker()
    programs.write(
        one.bin,
        "pgrep",
        f'exec /usr/bin/env -u LANG {shutil.which("pgrep")} "${{@/%raylet/{one.raylet_name}}}"',
    )
    programs.write(one.bin, "sudo", f'echo "sudo $*" >> {one.log}')
    programs.write(tmp_path / ".venv" / "bin", "ray", f'echo "ray $*" >> {one.log}')
    return one


def wait_for(is_so):
    for _ in range(100):
        if is_so():
            return
        time.sleep(0.1)
    raise AssertionError("timeout")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "before", "after"),
    [
        ((), [], ["ray stop"]),
        (("10",), ["sudo -n shutdown -c"], ["ray stop", "sudo -n shutdown -P +10"]),
    ],
)
def test_a_worker_whose_head_is_gone(worker, words, before, after):
    raylet = worker.add_raylet(worker.raylet_name)
    watch = worker.watch(*words)
    try:
        wait_for(lambda: worker.done() == before)
        time.sleep(0.8)
        assert watch.poll() is None and worker.done() == before, "the script must wait for the raylet's end"
    finally:
        raylet.kill()
        raylet.wait()
    watch.wait(20)
    assert worker.done() == before + after


@pytest.mark.slow
def test_a_worker_that_was_started_again_is_left_alone(worker):
    first = worker.add_raylet(worker.raylet_name)
    watch = worker.watch("10")
    wait_for(lambda: worker.done() == ["sudo -n shutdown -c"])
    time.sleep(0.5)  # the script now watches the first raylet
    (worker.bin / worker.raylet_name).unlink()
    second = worker.add_raylet(worker.raylet_name)
    try:
        first.kill()
        first.wait()
        assert watch.wait(20) == 0
        assert worker.done() == ["sudo -n shutdown -c"]
    finally:
        second.kill()
        second.wait()
