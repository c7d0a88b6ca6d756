"""Written networks read back equal, and what KataGo could not load is refused."""

import dataclasses
import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphazero.net.katago import model, numpy_forward, reader, writer
from tests.net.katago import models

KINDS = st.recursive(
    st.sampled_from(["ordinary", "pooling"]), lambda kinds: st.lists(kinds, min_size=1, max_size=2).map(tuple)
)
RELU, MISH, IDENTITY = model.Activation.relu, model.Activation.mish, model.Activation.identity


@given(
    version=st.integers(8, 15),
    kinds=st.lists(KINDS, min_size=1, max_size=3),
    filters=st.integers(1, 6),
    seed=st.integers(0, 99),
    is_mish=st.booleans(),
    is_binary=st.booleans(),
)
def test_what_is_written_reads_back_equal(version, kinds, filters, seed, is_mish, is_binary):
    activation = MISH if is_mish and version >= 11 else RELU
    network = models.random_model(version, kinds, filters, seed, activation)
    data = writer.to_bytes(network, is_binary=is_binary)
    again = reader.read(data)
    assert models.same(again, network)
    assert writer.to_bytes(again, is_binary=is_binary) == data


@pytest.mark.parametrize("suffix", writer.SUFFIXES)
def test_files_are_recognized_by_their_content(suffix: str, tmp_path: Path):
    network = models.random_model()
    writer.write(network, tmp_path / f"net{suffix}")
    (tmp_path / f"net{suffix}").rename(tmp_path / "net")
    assert models.same(reader.read(tmp_path / "net"), network)
    assert reader.is_model(tmp_path / "net")


@pytest.mark.parametrize(
    "numbers", [[1e-45, -1e-45], [3.4028235e38, -3.4028235e38], [0.1, 1 / 3], [16777217, 1e-7]], ids=str
)
@pytest.mark.parametrize("is_binary", [True, False])
def test_extreme_numbers_survive(numbers: list[float], is_binary: bool):
    network = models.random_model()
    head = network.value
    bias = np.array([*numbers, 0], np.float32)
    head = head._replace(outcome=head.outcome._replace(bias=bias))
    again = reader.read(writer.to_bytes(dataclasses.replace(network, value=head), is_binary=is_binary))
    assert again.value.outcome.bias.tobytes() == bias.tobytes()


def test_equal_networks_make_equal_files(tmp_path: Path):
    writer.write(models.random_model(), tmp_path / "one.bin.gz")
    writer.write(models.random_model(), tmp_path / "two.bin.gz")
    data = (tmp_path / "one.bin.gz").read_bytes()
    assert data == (tmp_path / "two.bin.gz").read_bytes()
    assert data[4:8] == bytes(4), "no time of writing"
    assert gzip.decompress(data) == writer.to_bytes(models.random_model())


def test_the_layout_of_version_8():
    # Written out from KataGo's loader for one ordinary block of 2 channels, 1 inside.
    text = writer.to_bytes(models.random_model(8, ["ordinary"], 2), is_binary=False).decode()
    lines = text.splitlines()
    head = ["random-net_1", "8", "22", "19", "trunk", "1", "2", "1", "1", "1", "1"]
    head += ["input", "3", "3", "22", "2", "1", "1"]
    assert lines[: len(head)] == head
    assert len(lines[len(head)].split()) == 3 * 3 * 22 * 2
    rest = lines[len(head) + 1 :]
    assert rest[:3] == ["input_globals", "19", "2"]
    block = rest[4:]
    assert block[:7] == ["ordinary_block", "blocks.0", "blocks.0.norm", "2", "1e-20", "1", "1"]
    assert (block[7], block[8]) == ("0.0 0.0", "1.0 1.0")
    assert block[11:19] == ["blocks.0.norm.activation", "blocks.0.first", "3", "3", "2", "1", "1", "1"]


def test_kernels_lie_in_the_order_y_from_the_top_x_in_out():
    network = models.random_model(8, ["ordinary"], 2)
    kernel = np.arange(22 * 2 * 9, dtype=np.float32).reshape(2, 22, 3, 3)
    network = dataclasses.replace(network, input_convolution=model.Convolution(kernel))
    numbers = writer.to_bytes(network, is_binary=False).decode().splitlines()[18].split()
    places = [(y, x, i, o) for y in range(3) for x in range(3) for i in range(22) for o in range(2)]
    assert [float(number) for number in numbers] == [kernel[o, i, 2 - y, x] for y, x, i, o in places]


def test_a_real_network_written_again_gives_equal_answers(shared_data: Path, tmp_path: Path):
    network = reader.read(shared_data / "katago" / "g170-b6c96.bin.gz")
    writer.write(network, tmp_path / "again.bin.gz")
    again = reader.read(tmp_path / "again.bin.gz")
    assert models.same(again, network)
    inputs = models.random_inputs(2, size=9)
    for one, other in zip(
        numpy_forward.forward(network, *inputs), numpy_forward.forward(again, *inputs), strict=True
    ):
        assert np.array_equal(one, other)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "net.bin.gz"
    writer.write(models.random_model(seed=1), path)
    before = path.read_bytes()

    def full_disk(_: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="no space"):
        writer.write(models.random_model(seed=2), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_without_a_known_suffix_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match=r"net\.gz: the name of a KataGo network ends in one of \.bin\.gz, "):
        writer.write(models.random_model(), tmp_path / "net.gz")
    assert list(tmp_path.iterdir()) == []


def with_value(network: model.Model, **changes: object) -> model.Model:
    return dataclasses.replace(network, value=network.value._replace(**changes))


def with_policy(network: model.Model, **changes: object) -> model.Model:
    return dataclasses.replace(network, policy=network.policy._replace(**changes))


NET, LATE = models.random_model(8), models.random_model(15, activation=MISH)
REFUSED = [
    (dataclasses.replace(NET, version=7), "model version 7 cannot be written, expected 8 to 15"),
    (
        dataclasses.replace(NET, label="a b"),
        "the network's name is 'a b', expected 1 to 96 of the characters",
    ),
    (dataclasses.replace(NET, label="a" * 97), "expected 1 to 96 of the characters"),
    (dataclasses.replace(NET, label="é"), "expected 1 to 96 of the characters"),
    (
        dataclasses.replace(NET, multipliers=LATE.multipliers),
        "version 8 cannot hold multipliers other than KataGo's first ones",
    ),
    (dataclasses.replace(NET, suicide_area=True), "version 8 cannot hold areas under suicide rules"),
    (dataclasses.replace(NET, blocks=()), "version 8 cannot hold a trunk without blocks"),
    (
        dataclasses.replace(NET, tip=NET.tip._replace(activation=MISH)),
        "version 8 cannot hold ACTIVATION_MISH of tip.activation",
    ),
    (
        with_value(NET, hidden_activation=IDENTITY),
        "version 8 cannot hold ACTIVATION_IDENTITY of value.hidden_activation",
    ),
    (with_value(NET, scores=LATE.value.scores), "version 8 cannot hold 6 score values instead of 4"),
    (
        with_policy(NET, last=LATE.policy.last),
        "version 8 cannot hold a policy of 2 channels instead of 1",
    ),
    (
        with_policy(NET, to_pass=LATE.policy.to_pass, last_pass=LATE.policy.last_pass),
        "version 8 cannot hold a pass with a hidden layer",
    ),
    (
        with_policy(LATE, pass_activation=IDENTITY, last_pass=None),
        "version 15 cannot hold a pass without a hidden layer",
    ),
    (
        with_policy(NET, to_bias=NET.policy.to_bias._replace(bias=np.ones(5, np.float32))),
        "version 8 cannot hold biases of policy.to_bias",
    ),
    (
        with_policy(NET, norm=NET.tip),
        "policy.norm.scale has shape (6,), expected (5,)",
    ),
    (
        with_policy(LATE, pooled_norm=LATE.policy.pooled_norm._replace(activation=IDENTITY)),
        "policy.pooled_norm: pooling after ACTIVATION_IDENTITY is not supported",
    ),
    (
        with_value(NET, ownership=model.Convolution(np.zeros((1, 4, 2, 2), np.float32))),
        "value.ownership has a kernel of 2 x 2, expected an odd side",
    ),
    (
        with_value(NET, outcome=NET.value.outcome._replace(bias=np.array([0, np.nan, 0], np.float32))),
        "value.outcome.bias has numbers that are not finite",
    ),
    (
        dataclasses.replace(LATE, multipliers=model.Multipliers(lead=-1)),
        "the multiplier lead is -1, expected a positive number",
    ),
]


@pytest.mark.parametrize(("network", "message"), REFUSED, ids=[row[1][:60] for row in REFUSED])
def test_networks_that_katago_cannot_load_are_refused_in_one_line(network: model.Model, message: str):
    with pytest.raises(ValueError) as caught:
        writer.to_bytes(network)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
