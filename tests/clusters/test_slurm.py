"""Tests of clusters/slurm.sbatch: ports, folder and token of a job, signals, and the time limit."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alphazero.training import checkpoint
from tests import private_world, tiny_run
from tests.clusters import programs

# The command that the script starts, with a fake driver that saves at a signal.
RAY = """
echo "$RAY_TMPDIR|$RAY_ADDRESS|$RAY_AUTH_MODE|${#RAY_AUTH_TOKEN}|$*" >> $HOME/started.txt
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"""
PYTHON = """
if [ "$1" = -c ]; then exec %s "$@"; fi
echo "$*" >> $HOME/driver.txt
trap 'echo saved >> $HOME/driver.txt; exit 130' TERM
touch $HOME/ready
for _ in $(seq 300); do [ -e $HOME/done ] && exit 7; sleep 0.1; done
"""


def script(project):
    return project / "clusters" / "slurm.sbatch"


class Job:
    """A job on a node with stand-ins for SLURM's programs, which write to its home folder."""

    def __init__(self, project, home, number="12345"):
        self.home = home
        self.folder = Path(f"/tmp/alphazero-{os.getuid()}-{number}")
        venv = home / "venv"
        programs.write(venv / "bin", "srun", 'exec "$@"')
        programs.write(venv / "bin", "scontrol", 'echo "scontrol $*" >> $HOME/driver.txt')
        programs.write(venv / "bin", "ray", RAY)
        programs.write(venv / "bin", "python", PYTHON % sys.executable)
        variables = {**os.environ, "HOME": str(home), "VENV": str(venv), "SLURM_JOB_ID": number}
        variables |= {"SLURM_JOB_NUM_NODES": "3", "SLURM_CPUS_PER_TASK": "16"}
        command = ["bash", str(script(project)), "conf=9x9", "run.dir=/my runs/9x9"]
        self.process = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL)
        while not (home / "ready").exists():
            assert self.process.poll() is None
            time.sleep(0.05)

    def said(self):
        return (self.home / "driver.txt").read_text().splitlines()


@pytest.fixture
def job(project, tmp_path):
    one = Job(project, tmp_path)
    yield one
    one.process.kill()
    one.process.wait()
    shutil.rmtree(one.folder, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "after"),
    [(signal.SIGUSR1, ["saved", "scontrol requeue 12345"]), (signal.SIGTERM, ["saved"])],
)
def test_a_signal_saves(job, number, after):
    job.process.send_signal(number)
    assert job.process.wait(20) == 130
    assert job.said() == ["-m alphazero.run conf=9x9 run.dir=/my runs/9x9", *after]
    assert not job.folder.exists()


@pytest.mark.slow
def test_the_drivers_end_is_the_jobs(job):
    assert job.folder.stat().st_mode & 0o077 == 0
    (job.home / "done").touch()
    assert job.process.wait(20) == 7
    assert len(job.said()) == 1
    folder, address, mode, token, words = (job.home / "started.txt").read_text().strip().split("|")
    assert Path(folder) == job.folder and mode == "token" and token == "64"
    assert address.endswith(":23450") and f"--address {address} --min-nodes 3 --num-cpus=16" in words
    ports = re.findall(r"-port=(\d+)", words)
    assert ports == ["23451", "23452", "23453", "23454"]


def test_ports_of_jobs_differ():
    """Each of 2,000 consecutive jobs has ten separate ports."""
    starts = {20000 + number % 2000 * 10 for number in range(777, 2777)}
    assert len(starts) == 2000 and max(starts) + 9 < 65536


def test_slurm_reads_its_settings(project):
    """SLURM reads settings up to the first command and silently ignores later ones."""
    lines = script(project).read_text().splitlines()
    settings = [number for number, line in enumerate(lines) if line.startswith("#SBATCH ")]
    first = next(number for number, line in enumerate(lines) if line and not line.startswith("#"))
    assert len(settings) == 9 and max(settings) < first
    words = [lines[number].split()[1] for number in settings]
    assert {"--exclusive", "--requeue", "--signal=B:USR1@300"} <= set(words)


WORLD = """
cd {project}
export SLURM_JOB_ID=1 SLURM_JOB_NUM_NODES=1 SLURM_CPUS_PER_TASK=4 VENV={venv} PATH={programs}:$PATH
ip link add veth0 type veth peer name veth1
ip addr add 10.9.8.7/24 dev veth0; ip link set veth0 up; ip link set veth1 up
bash clusters/slurm.sbatch {words} run.dir={run} > {run}.log 2>&1 &
job=$!
for _ in $(seq 300); do
    [ -n "$(ls {run}/weights/promoted/*.json 2>/dev/null)" ] && break
    kill -0 $job || break
    sleep 0.5
done
kill -USR1 $job
status=0; wait $job || status=$?
cat {run}.log
echo "status $status"; pgrep -x raylet || echo "no raylet"
"""


@private_world.needed
@pytest.mark.ray
@pytest.mark.timeout(400)
def test_a_real_run_saves_and_is_queued_again(project, tmp_path):
    """A run with Ray's own symmetric-run on one node; `srun` and `scontrol` are stand-ins."""
    folder = tmp_path / "programs"
    programs.write(folder, "srun", 'exec "$@"')
    programs.write(folder, "scontrol", 'echo "scontrol $*"')
    run = tmp_path / "run"
    world = WORLD.format(
        project=project, venv=sys.prefix, programs=folder, words=" ".join(tiny_run.WORDS), run=run
    )
    said = private_world.run(world, tmp_path, timeout_s=300)
    assert "status 130" in said and "scontrol requeue 1" in said and "no raylet" in said
    assert "interrupted; run the same command again" in said
    assert checkpoint.newest_step(run / "checkpoints") > 0
