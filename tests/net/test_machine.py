"""What the machine can do, as torch would say it; and torch is asked only where a GPU could be."""

import platform

import pytest
import torch

from alphazero.config import training as training_config
from alphazero.net import machine

AUTO, BF16, FP32 = (training_config.Precision(name) for name in ("auto", "bf16", "fp32"))
DEVICE = training_config.Device


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the instructions are those of x86")
def test_the_cpu_s_instructions_are_those_that_torch_finds():
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
    assert machine.is_bf16(BF16, DEVICE.cpu), "as wished"
    assert not machine.is_bf16(FP32, DEVICE.cpu)


@pytest.mark.parametrize("has_driver", [False, True])
@pytest.mark.parametrize("torch_sees_one", [False, True])
def test_a_gpu_is_there_if_torch_sees_it_and_torch_is_asked_only_where_a_driver_is(
    has_driver, torch_sees_one, monkeypatch
):
    asked = []
    monkeypatch.setattr(machine, "_has_driver", lambda: has_driver)
    monkeypatch.setattr("torch.cuda.is_available", lambda: asked.append(1) or torch_sees_one)
    is_there = has_driver and torch_sees_one
    assert machine.pick(DEVICE.auto) is (DEVICE.cuda if is_there else DEVICE.cpu)
    assert bool(asked) is has_driver
    assert machine.pick(DEVICE.cpu) is DEVICE.cpu
    if is_there:
        assert machine.pick(DEVICE.cuda) is DEVICE.cuda
    else:
        with pytest.raises(ValueError, match=r"^device=cuda: torch sees no NVIDIA GPU on this machine$"):
            machine.pick(DEVICE.cuda)
