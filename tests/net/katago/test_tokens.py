"""Damaged and hostile model files are refused in one line and in little memory."""

import contextlib
import gzip
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphazero.net.katago import reader, tokens, writer
from tests.net.katago import models


def refusal(data: bytes) -> str:
    """The message of the refusal, after checks that it is one line."""
    with pytest.raises(ValueError) as caught:
        reader.read(data)
    assert str(caught.value).startswith("weights: ")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(("version", "is_binary"), [(8, True), (8, False), (15, True), (15, False)])
def test_a_file_cut_off_anywhere_is_refused(version: int, is_binary: bool):
    kinds = ["ordinary", "pooling", ("pooling",)]
    data = writer.to_bytes(models.random_model(version, kinds, 2), is_binary=is_binary)
    ends = {*range(120), *range(120, len(data) - 1, 47), *range(len(data) - 20, len(data) - 1)}
    if not is_binary:
        # Cut within its last number, a text file may still be whole.
        ends -= set(range(data.rstrip().rindex(b" ") + 2, len(data)))
    for end in ends:
        refusal(data[:end])


@pytest.mark.parametrize("step", [2, 7, 64])
def test_words_and_arrays_may_lie_across_pieces(step: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tokens, "STEP", step)
    for version, is_binary in [(8, True), (15, True), (15, False)]:
        network = models.random_model(version, ["pooling"], 2)
        data = writer.to_bytes(network, is_binary=is_binary)
        assert models.same(reader.read(data), network)
        assert models.same(reader.read(gzip.compress(data)), network)
        refusal(data[: len(data) // 2])


@given(
    place=st.floats(0, 1, exclude_max=True),
    bit=st.integers(0, 7),
    form=st.sampled_from(["text", "bin", "gz"]),
)
def test_a_flipped_bit_does_no_harm(place: float, bit: int, form: str):
    """A flipped bit is refused, or changes numbers only. A compressed file shows it in any case."""
    network = models.random_model(15, ["ordinary", ("pooling",)], 2)
    data = bytearray(writer.to_bytes(network, is_binary=form != "text"))
    if form == "gz":
        data = bytearray(gzip.compress(data))
    first = 10 if form == "gz" else 0  # before it, a gzip file has a time and hints
    index = first + int(place * (len(data) - first))
    data[index] ^= 1 << bit
    with contextlib.suppress(ValueError):
        again = reader.read(bytes(data))
        assert form != "gz"
        assert again.value.outcome.weight.shape == network.value.outcome.weight.shape
        return
    refusal(bytes(data))


def test_damage_of_binary_numbers_is_named():
    network = models.random_model(8, ["ordinary"], 2)
    data = writer.to_bytes(network)
    mark = data.index(b"@BIN@")
    nan = data[: mark + 9] + np.float32(np.nan).tobytes() + data[mark + 13 :]
    assert refusal(nan) == "weights: input: number 2 of 396 is nan, expected a finite float32"
    assert refusal(data.replace(b"@BIN@", b"@BAN@", 1)) == (
        "weights: input: the 396 numbers do not begin with @BIN@"
    )
    assert refusal(data[: mark + 99]) == "weights: input: the file ends after 23 of 396 numbers"
    words = data[:mark] + b"0.5 " * 396 + data[mark + 5 + 4 * 396 :]
    assert refusal(words) == "weights: input_globals: binary numbers in a file of text numbers"
    assert refusal(data + b"x") == "weights: the file goes on after the last layer"
    assert models.same(reader.read(data + b" \n" * 99999), network)


def test_damaged_gzip_files_are_named():
    data = gzip.compress(writer.to_bytes(models.random_model()), mtime=0)
    for end in (len(data) // 2, len(data) - 1):
        assert refusal(data[:end]).endswith("corrupt gzip file: it is cut off")
    for more in (b"x", data):
        assert refusal(data + more).endswith("corrupt gzip file: it goes on after its end")
    assert "corrupt gzip file: Error -3" in refusal(data[:-8] + bytes(8))


def head_of(kernel: str, channels: str, mark: bytes = b"@BIN@") -> bytes:
    """The beginning of a file up to the numbers of a first convolution of this size."""
    words = f"net 8 22 19 trunk 1 {channels} 8 8 8 8 input {kernel} {kernel} 22 {channels} 1 1 "
    return words.encode() + mark


MEGABYTE = 1 << 20
HOSTILE = [
    # name, content and a part of the message
    ("counts beyond the file", head_of("9999999", "99999999") + bytes(99), "the file ends after 24 of"),
    ("counts beyond the text", head_of("9999999", "99999999", b"0 1"), "ends before number 3 of"),
    (
        "a bomb of zeros",
        gzip.compress(head_of("999", "99999") + bytes(20 * MEGABYTE)),
        "unpacks to more than",
    ),
    (
        "a bomb of text",
        gzip.compress(head_of("999", "99999", b"0 " * (10 * MEGABYTE))),
        "unpacks to more than",
    ),
    ("a bomb of spaces", gzip.compress(b"net 8 " + b" " * (20 * MEGABYTE)), "unpacks to more than"),
    ("a bomb of one word", gzip.compress(b"net" * (10 * MEGABYTE)), "name is longer than 256 characters"),
    ("a bomb of one number", gzip.compress(head_of("3", "8", b"1" * (20 * MEGABYTE))), "is longer than 256"),
    (
        "a bomb after the end",
        gzip.compress(writer.to_bytes(models.random_model()) + b"\n" * (20 * MEGABYTE)),
        "unpacks to more than",
    ),
    ("a word without end", b"n" * (8 * MEGABYTE), "the network's name is longer than 256 characters"),
]


@pytest.mark.parametrize(("data", "message"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_hostile_files_take_little_memory(
    data: bytes, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tokens, "SPARE_BYTES", MEGABYTE)  # reached sooner; memory is a multiple of it
    path = tmp_path / "bad.bin.gz"
    path.write_bytes(data)
    start = time.perf_counter()
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=message):
            reader.read(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * (tokens.LARGEST_GROWTH * len(data) + MEGABYTE) + MEGABYTE
    assert peak < 16 * MEGABYTE
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize("is_binary", [True, False])
def test_memory_stays_near_the_size_of_the_network(is_binary: bool, tmp_path: Path):
    network = models.random_model(8, ["ordinary"] * 4, filters=64)
    path = tmp_path / ("net.bin.gz" if is_binary else "net.txt.gz")
    writer.write(network, path)
    size = len(writer.to_bytes(network))
    tracemalloc.start()
    try:
        again = reader.read(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert models.same(again, network)
    assert peak < 2 * size + (16 if not is_binary else 1) * MEGABYTE
