"""Memory of a process that loads one network after another: it does not grow."""

import os
import subprocess
import sys

import pytest

from alphazero.net import inference, openvino_backend

_CODE = """
import re
from alphazero import evaluator as evaluators
from alphazero.net import inference
from tests.net import networks

def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024

def load(seed):
    evaluator.load(networks.random_weights(5, 2, 16, seed=seed))
    for batch in (1, 3, 7, 12, 20, 32):
        evaluator.evaluate(evaluators.Inputs(networks.random_planes(batch, 5)))

first = networks.random_weights(5, 2, 16)
evaluator = inference.make_evaluator(first, device="cpu", backend="openvino_int8")
for seed in range(8):
    load(seed)
before = resident()
for seed in range(8, 33):
    load(seed)
print(resident() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not openvino_backend.is_installed(), reason="OpenVINO is not installed")
@pytest.mark.skipif(
    not os.path.exists("/proc/self/status"), reason="only Linux reports the memory of a process"
)
def test_old_networks_leave_no_memory_behind(project):
    if "openvino_int8" not in inference.measured_backends("cpu"):
        pytest.skip("this processor has no 8-bit instructions")
    done = subprocess.run(
        [sys.executable, "-c", _CODE], cwd=project, capture_output=True, text=True, timeout=200,
        env={**os.environ, "PYTHONPATH": str(project)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # For 25 networks it is 20 MiB or more if the compiled code of all of them stays.
    assert float(done.stdout) < 8
