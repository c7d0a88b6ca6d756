"""Tests of the soak's parts: names of processes, a robust slope, the evaluation, and reading of samples."""

import csv
import os
import subprocess
import sys

import numpy as np
import pytest

from tools import flatness, proc_samples, ray_metrics, soak

MIB = 2**20


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["ray::ReplayBuffer.add_games"], "ReplayBuffer"),
        (["ray::self-play 0:SelfPlayActor.run"], "SelfPlayActor"),
        (["ray::IDLE"], None),
        (["/lib/ray/core/src/ray/raylet/raylet", "--session_dir=/tmp/x"], "Ray raylet"),
        (["/venv/bin/python", "-u", "/lib/ray/_private/log_monitor.py"], "Ray log_monitor"),
        (["/venv/bin/python", "-m", "alphazero.run", "conf=smoke"], "alphazero.run"),
        (["/usr/games/gnugo", "--mode", "gtp"], "gnugo"),
    ],
)
def test_names_of_processes(words, name):
    assert proc_samples.name_of(words) == name


def test_a_process_and_its_children_are_sampled():
    code = "import sys; data = bytearray(b'x' * (40 << 20)); print('ready', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        assert {os.getpid(), child.pid} <= set(proc_samples.family(os.getpid()))
        assert proc_samples.family(child.pid) == [child.pid]
        found = proc_samples.sample(child.pid)
        child.communicate("")
    assert found is not None and found.rss >= found.own > 40 * MIB
    assert 0 < found.cpu_s < 60 and found.threads == 1 and 3 <= found.files < 20
    assert proc_samples.sample(child.pid) is None


def samples_of(own, seconds=1800.0):
    times = np.arange(0, seconds + 1, 10.0)
    values = own(times)
    return {
        "time_s": list(times),
        "own": list(values),
        "files": [30.0] * len(times),
        "threads": list(values * 0),
    }


def test_growth_is_found_and_jumps_are_ignored():
    rng = np.random.default_rng(0)

    def noise(times):
        return rng.normal(0, 2 * MIB, len(times)) * (rng.random(len(times)) < 0.2)

    def work(times):
        """Memory of a piece of work, which is returned after it and varies between pieces."""
        return (8 + 12 * times / 3600) * MIB * (rng.random(len(times)) < 0.5)

    samples = {
        "leak": samples_of(lambda times: 200 * MIB + 60 * MIB * times / 3600 + noise(times)),
        "small leak": samples_of(lambda times: 200 * MIB + 5 * MIB * times / 3600),
        "tiny leak": samples_of(lambda times: 200 * MIB + 3 * MIB * times / 3600),
        "step": samples_of(lambda times: 200 * MIB + 6 * MIB * (times > 1700)),
        "noise": samples_of(lambda times: 200 * MIB + noise(times)),
        "busy": samples_of(lambda times: 200 * MIB + work(times)),
        "busy leak": samples_of(lambda times: 200 * MIB + 6 * MIB * times / 3600 + work(times)),
        "start": samples_of(lambda times: 100 * MIB + 300 * MIB * np.minimum(times, 600) / 600),
        "ended": samples_of(lambda times: times * MIB, seconds=600),
    }
    rows = {row.name: row for row in flatness.judge(samples, 1800.0)}
    assert set(rows) == set(samples) - {"ended"}
    growing = {"leak", "small leak", "busy leak"}
    assert {name for name, row in rows.items() if row.too_much == ("own",)} == growing
    assert rows["leak"].growth["own"] == pytest.approx(60 * MIB, rel=0.05)
    assert all(rows[name].too_much == () for name in ("step", "noise", "busy", "start"))
    assert "own" in rows["leak"].row() and "flat" in rows["noise"].row()


def test_files_that_stay_open_are_named():
    samples = {"one": samples_of(lambda times: times * 0 + MIB)}
    samples["one"]["files"] = [30 + time // 60 for time in samples["one"]["time_s"]]
    (row,) = flatness.judge(samples, 1800.0)
    assert row.too_much == ("files",) and row.growth["files"] == pytest.approx(60, rel=0.1)


def test_a_soak_is_evaluated_again_from_its_table(tmp_path, capsys):
    with (tmp_path / "soak.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(soak._COLUMNS)
        for second in range(0, 601, 10):
            writer.writerow([second, 7, "ReplayBuffer", 9 * MIB, 5 * MIB, 30, 4, 1])
            writer.writerow([second, 8, "SelfPlayActor", 9 * MIB, 5 * MIB + second * 100_000, 30, 4, 1])
            writer.writerow([second, 9, "SelfPlayActor", 9 * MIB, 6 * MIB, 30, 4, 1])
    assert soak.main([str(tmp_path), "--judge"]) == 1
    text = capsys.readouterr().out
    assert "SelfPlayActor 2" in text and text.count("flat") == 2
    assert "+343.3" in text.split("SelfPlayActor ")[1]
    assert "<svg" in (tmp_path / "soak.svg").read_text()


def test_metrics_of_ray_are_parsed():
    text = (
        "# HELP ray_object_manager_bytes Bytes\n"
        'ray_object_manager_bytes{Type="Received",NodeAddress="10.0.0.1"} 5.0\n'
        'ray_object_manager_bytes{Type="Received",NodeAddress="10.0.0.2"} 7.0\n'
        'ray_object_manager_bytes{Type="Pushed"} 1e3\n'
        "process_open_fds 12.0\n"
    )
    metrics = ray_metrics.parse(text)
    assert ray_metrics.total(metrics, "ray_object_manager_bytes", Type="Received") == 12
    assert ray_metrics.total(metrics, "ray_object_manager_bytes") == 1012
    assert ray_metrics.total(metrics, "process_open_fds") == 12
