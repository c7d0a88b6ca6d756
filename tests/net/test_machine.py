"""Detected hardware: the same as torch detects, and torch is imported only if there may be a GPU."""

import platform

import pytest
import torch

from alphazero.config import training as training_config
from alphazero.net import machine

AUTO, BF16, FP32 = (training_config.Precision(name) for name in ("auto", "bf16", "fp32"))
DEVICE = training_config.Device


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the instructions are those of x86")
def test_instructions_of_the_cpu_are_those_that_torch_finds():
    found = torch.cpu.get_capabilities()

    def has(*names: str) -> bool:
        return any(found[name] for name in names)

    assert machine.is_bf16(AUTO, DEVICE.cpu) == has("avx512_bf16", "amx_bf16")
    assert machine.has_fast_int8() == has("avx512_vnni", "avx_vnni", "amx_int8")


@pytest.mark.parametrize(
    ("features", "is_bf16", "has_int8"),
    [
        ({"avx2", "avx512f"}, False, False),
        ({"avx512vnni"}, False, True),
        ({"avxvnni"}, False, True),
        ({"amx-tile", "amx-int8", "amx-bf16"}, True, True),
        ({"avx512bf16"}, True, False),
    ],
)
def test_instructions_by_name(features, is_bf16, has_int8, monkeypatch):
    monkeypatch.setattr("alphazero.jit.cpu_features", lambda: frozenset(features))
    assert machine.is_bf16(AUTO, DEVICE.cpu) is is_bf16
    assert machine.has_fast_int8() is has_int8
    assert machine.is_bf16(BF16, DEVICE.cpu), "as requested"
    assert not machine.is_bf16(FP32, DEVICE.cpu)


@pytest.mark.parametrize("has_driver", [False, True])
@pytest.mark.parametrize("torch_sees_one", [False, True])
def test_torch_decides_about_a_gpu_and_is_called_only_with_a_driver(has_driver, torch_sees_one, monkeypatch):
    calls = []
    monkeypatch.setattr(machine, "_has_driver", lambda: has_driver)
    monkeypatch.setattr("torch.cuda.is_available", lambda: calls.append(1) or torch_sees_one)
    is_there = has_driver and torch_sees_one
    assert machine.pick(DEVICE.auto) is (DEVICE.cuda if is_there else DEVICE.cpu)
    assert bool(calls) is has_driver
    assert machine.pick(DEVICE.cpu) is DEVICE.cpu
    if is_there:
        assert machine.pick(DEVICE.cuda) is DEVICE.cuda
    else:
        with pytest.raises(ValueError, match=r"^device=cuda: torch sees no NVIDIA GPU on this machine$"):
            machine.pick(DEVICE.cuda)
