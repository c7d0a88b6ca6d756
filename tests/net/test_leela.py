"""Weight files: numbers survive bit for bit, and errors are reported in one line."""

import dataclasses
import gzip
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_st

from alphazero.net import leela
from tests.net import networks

FLOATS = numpy_st.arrays(
    np.float32, 4, elements=st.floats(width=32, allow_nan=False, allow_infinity=False), fill=st.nothing()
)


def same_bits(one: leela.Weights, other: leela.Weights) -> bool:
    pairs = zip(networks.arrays(one), networks.arrays(other), strict=True)
    return one.version == other.version and all(
        a.shape == b.shape and a.dtype == b.dtype == np.float32 and a.tobytes() == b.tobytes()
        for a, b in pairs
    )


def test_a_real_file_survives_bit_for_bit(shared_data: Path, tmp_path: Path):
    original = leela.read(shared_data / "lz_weights" / "synth_9x9_1x4_seed1.txt")
    assert (original.size, original.name, original.version) == (9, "b1c4", 1)
    leela.write(original, tmp_path / "copy.txt")
    assert same_bits(leela.read(tmp_path / "copy.txt"), original)


def test_a_file_without_newline_at_its_end_loads(shared_data: Path):
    path = shared_data / "lz_weights" / "leelaz_0k_1x8_19x19.txt"
    assert not path.read_bytes().endswith(b"\n")
    weights = leela.read(path)
    assert (weights.size, weights.blocks, weights.filters) == (19, 1, 8)


@given(FLOATS)
def test_every_float32_survives(numbers: np.ndarray):
    weights = networks.random_weights(size=2, blocks=1, filters=4)
    weights = dataclasses.replace(
        weights, tower=(weights.tower[0]._replace(bias=numbers), *weights.tower[1:])
    )
    assert leela.read(leela.to_text(weights)).tower[0].bias.tobytes() == numbers.tobytes()


def test_rows_are_in_the_order_of_the_format():
    # Counted from leela-zero's loader: 2 filters, 1 block, 3x3.
    lengths = [1, 324, 2, 2, 2, 36, 2, 2, 2, 36, 2, 2, 2, 4, 2, 2, 2, 180, 10, 2, 1, 1, 1, 2304, 256, 256, 1]
    lines = leela.to_text(networks.random_weights(size=3, blocks=1, filters=2)).decode().splitlines()
    assert [len(line.split()) for line in lines] == lengths
    assert lines[0] == "1"


def test_gzipped_and_plain_files_hold_the_same(tmp_path: Path):
    weights = networks.random_weights()
    leela.write(weights, tmp_path / "net.txt")
    leela.write(weights, tmp_path / "net.txt.gz")
    plain, zipped = (tmp_path / "net.txt").read_bytes(), (tmp_path / "net.txt.gz").read_bytes()
    assert gzip.decompress(zipped) == plain
    assert same_bits(leela.read(tmp_path / "net.txt.gz"), weights)
    leela.write(weights, tmp_path / "again.txt.gz")
    assert (tmp_path / "again.txt.gz").read_bytes() == zipped


def test_version_2_stays_version_2():
    weights = dataclasses.replace(networks.random_weights(), version=leela.BLACK)
    assert same_bits(leela.read(leela.to_text(weights)), weights)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "net.txt"
    leela.write(networks.random_weights(seed=1), path)
    before = path.read_bytes()

    def full_disk(_: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="no space"):
        leela.write(networks.random_weights(seed=2), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def edit(number: int, change: Callable[[str], str]) -> Callable[[list[str]], list[str]]:
    """Changes the line with this number, counted from 1."""
    return lambda lines: [*lines[: number - 1], change(lines[number - 1]), *lines[number:]]


BAD_FILES = [
    # name, corruption of a 2x2 network of 1 block and 2 filters, and a part of the message
    ("version 3", edit(1, lambda _: "3"), "line 1: format version '3', expected 1 or 2"),
    ("empty", lambda _: [], "line 1: format version '', expected 1 or 2"),
    ("lines missing", lambda lines: lines[:-3], "24 lines, expected 19 plus 8 for each residual block"),
    ("only a head", lambda lines: lines[:3], "3 lines, expected 19"),
    ("cut in a line", edit(26, lambda row: row[:99]), "line 26: value weight has"),
    ("cut in a number", edit(7, lambda _: "0.5 1e-"), "line 7: could not convert string to float: '1e-'"),
    (
        "row too long",
        edit(6, lambda row: row + " 0"),
        "line 6: block 1 first kernel has 37 numbers, expected 36",
    ),
    ("row too short", edit(4, lambda _: "1"), "line 4: input mean has 1 numbers, expected 2"),
    ("NaN", edit(7, lambda _: "0 nan"), "line 7: number 2 is nan, expected a finite float32"),
    ("infinity", edit(7, lambda _: "inf 0"), "line 7: number 1 is inf, expected a finite float32"),
    ("beyond float32", edit(7, lambda _: "0 1e39"), "line 7: number 2 is 1e39, expected a finite float32"),
    ("a word", edit(7, lambda _: "0 zero"), "line 7: could not convert string to float: 'zero'"),
    ("commas", edit(7, lambda _: "0,0"), "line 7: could not convert string to float: '0,0'"),
    ("negative variance", edit(5, lambda _: "1 -1"), "line 5: input variance is -1.0, expected 0 or more"),
    ("no board", edit(19, lambda row: row + " 0"), "line 19: 6 policy biases, expected N * N + 1"),
    ("other board", edit(19, lambda _: "0 " * 10), "line 18: policy weight has 40 numbers, expected 180"),
]


@pytest.mark.parametrize(
    ("corrupt", "message"), [row[1:] for row in BAD_FILES], ids=[row[0] for row in BAD_FILES]
)
def test_bad_files_are_refused_in_one_line(corrupt, message: str, tmp_path: Path):
    lines = leela.to_text(networks.random_weights(size=2, blocks=1, filters=2)).decode().splitlines()
    path = tmp_path / "bad.txt"
    path.write_text("\n".join(corrupt(lines)) + "\n")
    with pytest.raises(ValueError) as caught:
        leela.read(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("corruption", ["cut", "flipped bit", "not text"])
def test_damaged_bytes_are_refused_in_one_line(corruption: str):
    data = bytearray(gzip.compress(leela.to_text(networks.random_weights()), mtime=0))
    if corruption == "cut":
        del data[len(data) // 2 :]
    elif corruption == "flipped bit":
        data[len(data) // 2] ^= 1
    else:
        data = bytearray(b"1\n0.5 \xff\xfe")
    with pytest.raises(ValueError, match=r"^weights: (corrupt gzip file|not a text file)") as caught:
        leela.read(bytes(data))
    assert "\n" not in str(caught.value)


def test_networks_that_leela_zero_cannot_load_are_not_written():
    weights = networks.random_weights()
    wide = weights.value_hidden._replace(weight=np.zeros((128, 25), np.float32))
    with pytest.raises(ValueError, match=r"value hidden weight has shape \(128, 25\); .* needs \(256, 25\)"):
        leela.to_text(dataclasses.replace(weights, value_hidden=wide))
    broken = weights.value._replace(bias=np.array([np.nan], np.float32))
    with pytest.raises(ValueError, match="value bias has numbers that are not finite"):
        leela.to_text(dataclasses.replace(weights, value=broken))
