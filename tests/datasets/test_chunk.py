"""Chunks in Leela Zero's format, intact and corrupt: corruption costs only the records that it affects."""

import gzip
import math
from collections.abc import Generator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphazero import jit
from alphazero.datasets import chunk, chunk_text, corruption, positions
from alphazero.datasets.corruption import Reason
from tests.datasets import chunks

WHOLE = "".join(chunks.RECORDS)


def test_a_record_as_a_picture(tmp_path):
    batch, reported = chunks.read(chunks.write(tmp_path / "a.gz", WHOLE), 5)
    assert reported == []
    planes = positions.unpack_planes(batch)
    assert np.flatnonzero(planes[3, 0]).tolist() == [6]
    assert [np.flatnonzero(plane).tolist() for plane in planes[3, 8:12]] == [[4, 12], [12], [12], []]
    assert planes[:, 16].all(axis=1).tolist() == [True, False, True, False]
    assert planes[:, 17].all(axis=1).tolist() == [False, True, False, True]
    assert batch.policy.argmax(axis=1).tolist() == [12, 6, 4, 25]
    assert batch.value.tolist() == [-1, 1, -1, 1]
    assert batch.weight.tolist() == [1, 1, 1, 1]
    assert batch.auxiliary == {}


@given(st.integers(2, 10), st.integers(1, 6), st.integers(0, 2**32 - 1), st.sampled_from(["a.gz", "a.txt"]))
def test_reading_inverts_writing(tmp_path_factory, size, count, seed, name):
    batch = chunks.random_batch(np.random.default_rng(seed), size, count)
    text = chunk_text.encode(batch, size)
    again, reported = chunks.read(chunks.write(tmp_path_factory.mktemp("chunk") / name, text), size)
    assert reported == []
    assert np.array_equal(again.planes, batch.planes)
    assert np.array_equal(again.value, batch.value)
    np.testing.assert_allclose(again.policy, batch.policy, rtol=6e-6, atol=1e-37)
    assert chunk_text.encode(again, size) == text


def test_a_record_of_19x19(tmp_path):
    batch = chunks.random_batch(np.random.default_rng(1), 19, 3)
    text = chunk_text.encode(batch, 19)
    lines = text.split(b"\n")
    assert [len(line) for line in lines[:17]] == [91] * 16 + [1]
    assert lines[17].count(b" ") == 361
    assert int(lines[0][:90], 16) == int("".join(map(str, positions.unpack_planes(batch)[0, 0, :360])), 2)
    again, _ = chunks.read(chunks.write(tmp_path / "a.gz", text), 19)
    assert np.array_equal(again.planes, batch.planes)


WORDS = [
    "0",
    "1",
    "0.0344828",
    "1e-05",
    "2.5E-6",
    "+0.5",
    "-0",
    ".5",
    "1.",
    "000.10",
    "1e-40",
    "3e+2",
    "12345678901234567890",
]
NO_WORDS = ["nan", "-nan", "inf", "x", "1x", "1e-5x", "--1", "1.2.3", ".", "-", "e5", "0x10", "1,5"]


@pytest.mark.parametrize("word", WORDS + NO_WORDS)
def test_numbers_agree_with_python(word):
    line = f"0.25 {word} 0.5 ".encode()
    numbers, counts, answers = np.zeros((1, 3), np.float32), np.zeros(1, np.int64), np.zeros(1, np.int64)
    text = np.frombuffer(line, np.uint8)
    chunk_text.parse_lines(text, np.array([len(line)]), numbers, counts, answers)
    assert counts.tolist() == [3]
    assert answers.tolist() == [int(word in NO_WORDS)]
    assert numbers[0, [0, 2]].tolist() == [0.25, 0.5]
    if word in WORDS:
        assert numbers[0, 1] == np.float32(float(word))


@given(
    st.lists(st.floats(0, 1, width=32), min_size=4, max_size=4), st.sampled_from(["%g", "%.9g", "%.3e", "%f"])
)
def test_any_numbers_agree_with_python(wanted, form):
    words = [form % number for number in wanted]
    text = np.frombuffer((" ".join(words) + " ").encode(), np.uint8)
    numbers, counts, answers = np.zeros((1, 4), np.float32), np.zeros(1, np.int64), np.zeros(1, np.int64)
    chunk_text.parse_lines(text, np.array([len(text)]), numbers, counts, answers)
    expected = np.array([float(word) for word in words], np.float32)
    assert np.allclose(numbers[0], expected, rtol=1e-7, atol=1e-45)


def test_kernels_are_compiled_once():
    assert jit.num_signatures(chunk_text.parse_lines) <= 1


def changed(number: int, line: int, text: str) -> str:
    """The records with one line of one of them replaced."""
    lines = chunks.RECORDS[number].split("\n")
    lines[line] = text
    return "".join([*chunks.RECORDS[:number], "\n".join(lines), *chunks.RECORDS[number + 1 :]])


def policy(first: str, others: str = "0") -> str:
    return " ".join([first] + [others] * 25)


MANY = "27 probabilities"
NO_DIGITS = "invalid digit in the planes or the side to move"
OTHER_SIZE = chunk_text.encode(chunks.random_batch(np.random.default_rng(0), 7, 2), 7).decode()
CASES = {
    "nan": (changed(1, 17, policy("nan")), [0, 2, 3], "record 2", Reason.number, ""),
    "minus nan": (changed(1, 17, policy("-nan", "-nan")), [0, 2, 3], "record 2", Reason.number, ""),
    "negative": (changed(0, 17, policy("-1")), [1, 2, 3], "record 1", Reason.number, ""),
    "beyond 1": (changed(0, 17, policy("7")), [1, 2, 3], "record 1", Reason.number, ""),
    "sum": (changed(2, 17, policy("0.5")), [0, 1, 3], "record 3", Reason.sum, "0.5"),
    "no visits": (changed(2, 17, policy("0")), [0, 1, 3], "record 3", Reason.sum, "0"),
    "draw": (changed(3, 18, "0"), [0, 1, 2], "record 4", Reason.result, "0"),
    "result nan": (changed(3, 18, "nan"), [0, 1, 2], "record 4", Reason.result, "nan"),
    "no hex": (changed(1, 3, "00g0000"), [0, 2, 3], "record 2", Reason.garbage, NO_DIGITS),
    "last bit": (changed(1, 3, "0000002"), [0, 2, 3], "record 2", Reason.garbage, NO_DIGITS),
    "side to move": (changed(1, 16, "2"), [0, 2, 3], "record 2", Reason.garbage, NO_DIGITS),
    "few numbers": (changed(1, 17, "1 0 0"), [0, 2, 3], "record 2", Reason.garbage, "3 probabilities"),
    "many numbers": (changed(1, 17, policy("1 0")), [0, 2, 3], "record 2", Reason.garbage, MANY),
    "short plane": (changed(1, 5, "000"), [0, 2, 3], "record 2", Reason.garbage, "0000000"),
    "foreign line": (changed(1, 0, "hello\n0000000"), [0, 2, 3], "record 2", Reason.garbage, "hello"),
    "foreign lines": ("# a\n" * 40 + WHOLE, [1, 2, 3], "record 1", Reason.garbage, "# a"),
    "foreign end": (WHOLE + "# a\n" * 40, [0, 1, 2, 3], "record 5", Reason.garbage, "# a"),
    "few foreign lines": ("hello\n", [], "record 1", Reason.garbage, "1 of 19 lines"),
    "no result line": (WHOLE[:-2], [0, 1, 2], "record 4", Reason.cut, "18 of 19 lines"),
    "cut in a plane": (WHOLE[:-165], [0, 1, 2], "record 4", Reason.cut, "3 of 19 lines"),
    "other size": (OTHER_SIZE, [], "record 1", Reason.size, "7x7, expected 5x5"),
    "mixed sizes": (f"{OTHER_SIZE}{WHOLE}", [0, 1, 2, 3], "record 1", Reason.size, "7x7, expected 5x5"),
    "empty": ("", [], "", Reason.empty, ""),
    "binary": (b"\x01\0\0\0" + bytes(3000), [], "", Reason.binary, ""),
    "zeros": (bytes(3_000_000), [], "record 1", Reason.garbage, "a line longer than 1 MiB"),
}  # fmt: skip


@pytest.mark.parametrize("name", ["bad.gz", "bad.txt"])
@pytest.mark.parametrize("case", CASES)
def test_bad_records_cost_only_themselves(tmp_path, case, name):
    text, left, place, reason, detail = CASES[case]
    path = chunks.write(tmp_path / name, text)
    batch, reported = chunks.read(path, 5)
    assert batch.policy.argmax(axis=1).tolist() == [[12, 6, 4, 25][number] for number in left]
    assert [(found.path, found.place, found.reason, found.detail) for found in reported] == [
        (path, place, reason, detail)
    ]
    assert "\n" not in str(reported[0]) and str(reported[0]).startswith(str(path))


def test_messages_name_file_and_record(tmp_path):
    path = chunks.write(tmp_path / "a.gz", OTHER_SIZE * 50 + WHOLE[:-2])
    _, reported = chunks.read(path, 5)
    assert [str(found) for found in reported] == [
        f"{path}, record 1 and 99 more: is for another board size (7x7, expected 5x5)",
        f"{path}, record 104: is truncated (18 of 19 lines)",
    ]


def test_harmless_differences(tmp_path):
    for text in (WHOLE[:-1], WHOLE.replace("\n", "\r\n"), WHOLE + "\n\n"):
        batch, reported = chunks.read(chunks.write(tmp_path / "a.gz", text), 5)
        assert batch.value.tolist() == [-1, 1, -1, 1]
        assert reported == []


def test_a_cut_file_gives_the_records_before_the_cut(tmp_path):
    data = gzip.compress(chunk_text.encode(chunks.random_batch(np.random.default_rng(3), 5, 40), 5))
    wanted, _ = chunks.read(chunks.write(tmp_path / "whole.txt", gzip.decompress(data)), 5)
    path, counts = tmp_path / "cut.gz", []
    for length in range(20, len(data), 97):
        path.write_bytes(data[:length])
        batch, reported = chunks.read(path, 5)
        counts.append(len(batch.value))
        assert [found.reason for found in reported] == [Reason.cut]
        assert reported[0].place == f"record {counts[-1] + 1}"
        assert np.array_equal(batch.planes, wanted.planes[: counts[-1]])
    assert counts == sorted(counts) and counts[-1] >= 38


@given(st.data())
def test_altered_bytes_never_raise(tmp_path_factory, data):
    rng = np.random.default_rng(5)
    text = bytearray(chunk_text.encode(chunks.random_batch(rng, 5, 6), 5))
    place = data.draw(st.integers(0, len(text) - 1))
    text[place] = data.draw(st.integers(0, 255))
    folder = tmp_path_factory.mktemp("chunk")
    batch, _ = chunks.read(chunks.write(folder / "a.txt", bytes(text)), 5)
    assert len(batch.value) >= 4
    packed = bytearray(gzip.compress(bytes(text)))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    (folder / "b.gz").write_bytes(packed)
    chunks.read(folder / "b.gz", 5)


@pytest.mark.parametrize("piece", [1, 7, 300])
@pytest.mark.parametrize(
    "case", ["foreign line", "foreign lines", "mixed sizes", "cut in a plane", "other size"]
)
def test_the_size_of_pieces_does_not_matter(tmp_path, monkeypatch, case, piece):
    path = chunks.write(tmp_path / "a.gz", CASES[case][0])
    wanted, reported = chunks.read(path, 5)
    monkeypatch.setattr(chunk, "_BYTES", piece)
    again, reported_again = chunks.read(path, 5)
    assert reported_again == reported
    assert all(np.array_equal(one, other) for one, other in zip(wanted[:4], again[:4], strict=True))


def test_files_of_several_gzip_members(tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(b"".join(gzip.compress(record.encode()) for record in chunks.RECORDS) + bytes(512))
    batch, reported = chunks.read(path, 5)
    assert (batch.value.tolist(), reported) == ([-1, 1, -1, 1], [])


def test_blocks_and_findings_of_a_long_file(tmp_path):
    number = math.ceil(3 * chunk.BLOCK / 4)
    path = chunks.write(tmp_path / "a.txt", (WHOLE + chunks.RECORDS[0].replace("1", "x")) * number)
    batch, reported = chunks.read(path, 5)
    assert len(batch.value) == 4 * number
    assert [found.count for found in reported] == [number]


def test_findings_are_reported_when_reading_stops_early(tmp_path):
    reported = []
    blocks = chunk.read(chunks.write(tmp_path / "a.gz", CASES["nan"][0]), 5, reported.append)
    next(blocks)
    assert isinstance(blocks, Generator)
    blocks.close()
    assert len(reported) == 1


@pytest.mark.parametrize("name", ["missing.gz", "."])
def test_files_that_cannot_be_opened(tmp_path, name):
    batch, reported = chunks.read(tmp_path / name, 5)
    assert len(batch.value) == 0
    assert [found.reason for found in reported] == [Reason.unreadable]


def test_the_counter_counts_all_and_shows_the_first(tmp_path):
    shown = []
    tally = corruption.CorruptionCounter(shown.append, max_shown=2)
    for _ in range(3):
        list(chunk.read(chunks.write(tmp_path / "a.gz", OTHER_SIZE), 5, tally))
    list(chunk.read(tmp_path / "missing", 5, tally))
    assert tally.counts == {Reason.size: 6, Reason.unreadable: 1}
    assert str(tally) == "6 size, 1 unreadable"
    assert [found.reason for found in shown] == [Reason.size, Reason.size, Reason.unreadable]


@pytest.mark.parametrize(
    ("name", "size", "count"),
    [("kgs.0.small.gz", 19, 2), ("kgs.1.small.gz", 19, 3), ("ninenine_first5records.0.gz", 9, 5)],
)
def test_chunks_of_other_programs(shared_data, name, size, count):
    path = shared_data / "lz_chunks" / name
    batch, reported = chunks.read(path, size)
    assert reported == []
    assert len(batch.value) == count
    assert chunk_text.encode(batch, size) == gzip.decompress(path.read_bytes())
    nothing, reported = chunks.read(path, 13)
    assert len(nothing.value) == 0
    assert [(found.reason, found.count) for found in reported] == [(Reason.size, count)]
