"""Tests of the GPU check: its sections, the effects of their failures, and a short run on a CPU."""

import json
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

from alphazero.benchmarks import measurement
from alphazero.net import machine
from tools import gpu_check
from tools.gpu import children, facts, plan, section, table

PROJECT = Path(__file__).resolve().parents[2]
SHORT = [sys.executable, "-m", "tools.gpu_check", "--device", "cpu", "--short"]
MARK = "GPU_CHECK_TEST"


@pytest.mark.parametrize("form", [plan.FULL, plan.SHORT], ids=["full", "short"])
def test_sections_fit_into_eight_minutes(form):
    assert sum(one.bound_s for one in form.sections) <= plan.TOTAL_S <= 475
    assert {one.kind for one in form.sections} == section.KINDS.keys()
    assert len({one.name for one in form.sections}) == len(form.sections)


def test_the_full_check_matches_its_docs():
    measured = {(one.net, one.size) for one in plan.FULL.of_kind("backends")}
    assert measured == {("b4c32", 9), ("b10c128", 9), ("b10c128", 19), ("b20c256", 19)}
    assert {one.size for one in plan.FULL.of_kind("selfplay")} == {9, 19}
    assert {64, 256, 1024} <= set(plan.FULL.batches)
    assert plan.FULL.loop_minutes == 2


def warn():
    warnings.warn("The NVIDIA driver on your system is too old\n(found 12020).", stacklevel=1)


@pytest.mark.parametrize(
    ("prepare", "gpus", "reason"),
    [
        (None, [], "there is no NVIDIA GPU on this machine"),
        (warn, [], "torch sees no NVIDIA GPU: The NVIDIA driver on your system is too old (found 12020)."),
        (None, [{"name": "A GPU"}], "nvidia-smi lists a GPU and torch "),
    ],
)  # fmt: skip
def test_without_a_gpu_it_is_one_line_and_exit_code_2(prepare, gpus, reason, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(machine, "has_gpu", lambda: bool(prepare and prepare()))
    monkeypatch.setattr(facts, "nvidia_smi", lambda: gpus)
    with pytest.raises(SystemExit) as exit_:
        gpu_check.main(["--out", str(tmp_path / "new" / "report.json")])
    assert exit_.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1
    assert captured.err.startswith(f"python -m tools.gpu_check: {reason}")
    assert captured.err.endswith("; --device cpu --short tests the check itself\n")
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path, capsys):
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "report.json"
    with pytest.raises(SystemExit):
        gpu_check.main(["--device", "cpu", "--short", "--out", str(out)])
    said = capsys.readouterr().err
    assert said == f"python -m tools.gpu_check: argument --out: {out}: File exists\n"


REPORT = """
import os, signal, subprocess, sys, time
into = next(word.partition("=")[2] for word in sys.argv if word.startswith("--into"))
def tell(text):
    with open(into, "a") as file:
        file.write(text)
tell('{"name": "first", "text": "kept"}\\n')
"""
HANG = "subprocess.Popen(['sleep', '300']); time.sleep(300)"
ENDS = [
    ("pass", "", 0),
    (HANG, "stopped after 2 s, its time limit", 2),
    ("os.kill(os.getpid(), signal.SIGSEGV)", "ended by SIGSEGV", 0),
    ("tell('{\"na'); sys.exit(3)", "exit code 3", 0),
    ('tell(\'{"failed": "no memory"}\\n\'); sys.exit(1)', "no memory", 0),
    ("subprocess.Popen(['sleep', '300'])", "", 0),
]


@pytest.mark.parametrize(("code", "failure", "least_s"), ENDS)
def test_a_failing_section_loses_only_its_own_results(code, failure, least_s, tmp_path):
    environment = {**os.environ, MARK: str(tmp_path)}
    began = time.monotonic()
    with (tmp_path / "log").open("wb") as log:
        outcome = children.run([sys.executable, "-c", REPORT + code], 2.0, log, environment)
    assert outcome.failure == failure
    assert outcome.items == [{"name": "first", "text": "kept"}]
    assert least_s <= time.monotonic() - began < 2 + children._KILLED_S
    assert left_over(str(tmp_path)) == [], "processes of the section are still alive"


def left_over(mark, patience_s=2.0):
    """Processes with this mark in their environment that are still alive after patience_s."""
    end = time.monotonic() + patience_s
    while (found := marked(mark)) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def marked(mark):
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = f"{MARK}={mark}".encode() in (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if is_ours:
            found.append(folder.name)
    return found


REPORTED = {
    "command": "make gpu-check",
    "facts": {
        "cpu": "A CPU, 16 cores", "time": "2026-11-29T10:00:00Z", "torch": "2.13.0", "cuda": "13.0",
        "gpus": [{"name": "NVIDIA X", "memory GiB": 79.6}] * 2,
        "nvidia-smi": [{"driver_version": "580.1"}] * 2,
    },
    "sections": [
        {
            "name": "backends b4c32 9x9", "seconds": 9.0, "failure": "stopped after 20 s, its time limit",
            "items": [
                {"name": "net.b4c32", "value": 1234567.8, "unit": "evaluations/s", "limit": 2.0, "ratio": 1.0,
                 "setup": {"backend": "a|b", measurement.SHARE_OF_PEAK: 0.4321, "machine": "m", "time": "t"}},
                {"name": "matrix", "value": 67.25, "unit": "TFLOP/s", "limit": 67.25, "ratio": 1.0,
                 "setup": {}},
                {"name": "torch_compiled", "text": "not used, no compiler"},
            ],
        },
        {"name": "loop", "seconds": 1.0, "failure": "", "items": [
            {"name": "loop.b4c32", "value": 3, "unit": "promotions", "limit": 1, "ratio": 3.0, "setup": {}}]},
    ],
}  # fmt: skip
TABLE = """\
`make gpu-check`, 2 x NVIDIA X (80 GiB); driver 580.1; torch 2.13.0; CUDA 13.0; A CPU, 16 cores; 2026-11-29:

| what | value | of the matrix peak | with |
|---|---|---|---|
| net.b4c32 | 1,234,568 evaluations/s | 43.2 % | backend a/b |
| matrix | 67.2 TFLOP/s |  |  |
| torch_compiled |  |  | not used, no compiler |
| backends b4c32 9x9 |  |  | failed: stopped after 20 s, its time limit |
| loop.b4c32 | 3 promotions |  |  |"""


def test_the_table():
    assert table.render(REPORTED) == TABLE


def start(tmp_path, *words, **environment):
    """Starts the short check with a Ray that fails when it is imported."""
    (tmp_path / "absent").mkdir()
    (tmp_path / "absent" / "ray.py").write_text("raise ImportError('Ray is absent')")
    path = os.pathsep.join([str(tmp_path / "absent"), str(PROJECT)])
    return subprocess.Popen(
        [*SHORT, "--out", str(tmp_path / "report.json"), *words],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": path, MARK: str(tmp_path), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_short_check_on_a_cpu(tmp_path):
    process = start(tmp_path)
    printed, reasons = process.communicate()
    log = (tmp_path / "report.log").read_text()
    assert process.returncode == 0, reasons + log
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["command"] == "python -m tools.gpu_check --device cpu --short"
    assert {"time", "cpu", "memory GiB", "system", "python", "commit", "torch", "nvidia-smi"} <= report[
        "facts"
    ].keys()
    assert [one["name"] for one in report["sections"]] == [one.name for one in plan.SHORT.sections]
    items = {item["name"]: item for one in report["sections"] for item in one["items"]}
    check_items(items)
    rows = [line for line in printed.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == ["what", *items]
    assert "failed" not in printed and "Traceback" not in log


def check_items(items):
    for batch in plan.SHORT.batches:
        measured = items[f"net.b1c8.9x9.torch.batch{batch}"]
        assert measured["value"] > 0 and measured["unit"] == "evaluations/s"
        assert measured["ratio"] == pytest.approx(measured["setup"][measurement.SHARE_OF_PEAK], abs=1e-4)
    assert items["net.b1c8.9x9.torch_compiled"]["text"].startswith("not tried")
    played = items["selfplay.b1c8.9x9"]
    assert 0 < played["setup"]["positions/s"] < played["value"]
    # A simulation of a full search evaluates at most one leaf, and each search its root.
    assert played["setup"]["positions/s"] == pytest.approx(
        played["value"] / plan.SHORT.num_simulations, rel=0.3
    )
    for name in ("selfplay.b1c8.9x9", "learner.b1c8.9x9.batch64"):
        assert 0 < items[name]["setup"][measurement.SHARE_OF_PEAK] < 1
    assert items["learner.b1c8.ranks2"]["setup"]["group"] == "gloo"
    assert items["matrix.fp32"]["value"] > 0
    assert "passed" in items["tests"]["text"]
    (loop,) = [item for name, item in items.items() if name.startswith("loop.")]
    assert loop["value"] >= 1 and loop["setup"]["steps"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_section_outlives_the_check(number, tmp_path):
    process = start(tmp_path)
    assert process.stderr is not None and process.stdout is not None
    assert process.stderr.readline().startswith("machine: at most")
    time.sleep(5)  # the section is importing or measuring
    process.send_signal(number)
    printed, _ = process.communicate()
    if number is signal.SIGTERM:
        assert process.returncode == 130
        assert printed.startswith("`python -m tools.gpu_check --device cpu --short`, no GPU")
    assert left_over(str(tmp_path), patience_s=10) == []
