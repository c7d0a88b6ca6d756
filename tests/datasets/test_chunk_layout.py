"""Foreign records in chunks: none is used, and each costs at most one record of ours."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphazero.datasets import chunk_layout, chunk_text
from alphazero.datasets.corruption import Reason
from tests.datasets import chunks

SIZE = 5
GOOD = [
    record + "\n"
    for number in range(12)
    for record in [
        chunk_text.encode(chunks.random_batch(np.random.default_rng(number), SIZE, 1), SIZE).decode()[:-1]
    ]
]


def foreign(number: int, num_planes: int) -> str:
    """A record with `num_planes` planes. The last 16 of them could be ours."""
    lines = GOOD[number].splitlines()
    rng = np.random.default_rng([number, num_planes])
    planes = ["".join(rng.choice(list("048c"), 6)) + "1" for _ in range(num_planes)]
    return "\n".join([*planes, *lines[16:], ""])


def reordered(number: int, order: str) -> str:
    """A record with its parts in another order: P planes, s side, p policy, r result, x one more number."""
    lines = foreign(number, 16).splitlines()
    parts = {"P": lines[:16], "s": lines[16:17], "p": lines[17:18], "r": lines[18:], "x": ["0.53"]}
    return "\n".join([line for part in order for line in parts[part]] + [""])


def used(folder, text: str) -> tuple[list[str], list]:
    """The records that are read from a file, encoded again, and the reported corruption."""
    batch, reported = chunks.read(chunks.write(folder / "a.txt", text), SIZE)
    text = chunk_text.encode(batch, SIZE).decode()
    lines = text.splitlines(keepends=True)
    return ["".join(lines[at : at + 19]) for at in range(0, len(lines), 19)], reported


@dataclass(frozen=True)
class Part:
    """A piece of a file."""

    text: str
    is_good: bool = False
    is_whole: bool = False
    num_planes: int = 0
    """Number of planes at its start if it is whole, or at its end if it is cut after a plane."""


GOOD_PARTS = st.sampled_from([Part(text, is_good=True, is_whole=True, num_planes=16) for text in GOOD])
FOREIGN_PARTS = st.builds(
    lambda number, count: Part(foreign(number, count), is_whole=True, num_planes=count),
    st.integers(0, 11),
    st.sampled_from([1, 2, 8, 14, 15, 17, 18, 32, 40]),
)
TEXTS = ["hello\n", "# a\n# b\n", "\n", "\n\n", ";;;\n", "000000x\n"]
NUMBERS = ["7\n", "1\n", "0.5 0.5\n"]
GARBAGE_PARTS = st.sampled_from(TEXTS + NUMBERS).map(Part)


def cut(part: Part, at: float, is_at_line: bool) -> Part:
    place = int(len(part.text) * at)
    if is_at_line:
        place = part.text.rfind("\n", 0, place) + 1
    text = part.text[:place]
    lines = text.splitlines()
    is_plane = bool(lines) and " " not in text and len(lines) <= part.num_planes
    return Part(text, num_planes=len(lines) if is_plane else 0)


CUT_PARTS = st.builds(cut, GOOD_PARTS | FOREIGN_PARTS, st.floats(0, 0.999), st.booleans())


def is_decidable(parts: list[Part]) -> bool:
    """Whether planes of a cut record and of the next one do not add up to 16, and no number begins a file.

    A file that begins with a number may hold our lines in rotated order (see below).
    """
    planes, may_begin = 0, False
    for part in parts:
        if planes and planes + part.num_planes in (16, 17):
            return False
        if part.text in NUMBERS and not may_begin:
            return False
        planes = 0 if part.is_whole or not part.num_planes else planes + part.num_planes
        may_begin = part.is_whole
    return True


PARTS = st.lists(GOOD_PARTS | FOREIGN_PARTS | GARBAGE_PARTS | CUT_PARTS, max_size=12).map(
    lambda parts: [part for part in parts if part.text]
)


@pytest.mark.slow
@settings(max_examples=300)
@given(PARTS.filter(is_decidable))
def test_only_good_records_are_used_and_all_after_a_whole_one(tmp_path_factory, parts):
    found, reported = used(tmp_path_factory.mktemp("chunk"), "".join(part.text for part in parts))
    assert all(record in GOOD for record in found)
    wanted, border = [], Part("", is_whole=True)
    for before, part, after in zip([border, *parts], parts, [*parts[1:], border], strict=False):
        # A number after the result makes it a record of another program.
        if part.is_good and before.is_whole and (after.is_whole or after.text in TEXTS):
            wanted.append(part.text)
    remaining = iter(found)
    assert all(record in remaining for record in wanted), "a record is missing, or in another place"
    assert reported or len(found) == len(parts) - sum(part.text in TEXTS for part in parts)


@given(st.lists(GOOD_PARTS | FOREIGN_PARTS, min_size=1, max_size=12))
def test_exactly_the_good_ones_of_whole_records_are_used(tmp_path_factory, parts):
    found, reported = used(tmp_path_factory.mktemp("chunk"), "".join(part.text for part in parts))
    assert found == [part.text for part in parts if part.is_good]
    num_foreign = sum(not part.is_good for part in parts)
    assert [(one.reason, one.count) for one in reported] == [(Reason.layout, num_foreign)][: num_foreign > 0]


@pytest.mark.parametrize(
    ("order", "reason", "detail"),
    [
        ("Psprx", Reason.layout, "20 lines, expected 19"),
        ("Psxpr", Reason.layout, "20 lines, expected 19"),
        ("Ppsr", Reason.layout, "lines in another order"),
        ("Ppr", Reason.layout, "18 lines, expected 19"),
        ("sPpr", Reason.layout, "20 lines, expected 19"),
        ("rPpsx", Reason.layout, "20 lines, expected 19"),
    ],
)
def test_records_in_another_order_are_refused(tmp_path, order, reason, detail):
    """Records of ours after them are used, except one that is followed by a number."""
    others = "".join(reordered(number, order) for number in range(4))
    found, reported = used(tmp_path, GOOD[0] + others + GOOD[1] + GOOD[2] + others)
    is_led = not order.startswith("P")
    assert found == (GOOD[1:2] if is_led else GOOD[:3])
    assert sum(one.count for one in reported) >= 8
    assert (reported[0].reason, reported[0].detail) == (reason, detail)


@pytest.mark.parametrize("order", ["rPsp", "prPs", "sprP"])
def test_our_lines_in_rotated_order_are_never_used(tmp_path, order):
    """Otherwise planes would be combined with the policy or the result of the next position."""
    text = "".join(reordered(number, order) for number in range(8))
    found, reported = used(tmp_path, text)
    assert found == [] and reported
    if order != "rPsp":  # after one of ours, its first line could belong to that one (docs/chunks.md)
        assert set(used(tmp_path, GOOD[0] + text)[0]) <= {GOOD[0]}
    found, _ = used(tmp_path, text + "# another file\n" + GOOD[0] + GOOD[1])
    assert found == [GOOD[1]]


@pytest.mark.parametrize("line", ["hello", "00000000x", "", "0 0 0 0", "00000"])
def test_sixteen_planes_after_a_corrupt_one_are_not_used(tmp_path, line):
    corrupt = "\n".join([line, *foreign(1, 17).splitlines()[1:], ""])
    for text in (GOOD[0] + corrupt, GOOD[0] + foreign(2, 17) + corrupt):
        found, _ = used(tmp_path, text + GOOD[2])
        assert set(found) <= {GOOD[0], GOOD[2]} and found[-1] == GOOD[2]


def test_messages_about_other_layouts(tmp_path):
    text = GOOD[0] + foreign(1, 17) * 3 + GOOD[2] + foreign(3, 8)
    found, reported = used(tmp_path, text)
    assert found == [GOOD[0], GOOD[2]]
    assert [str(one).removeprefix(f"{tmp_path}/") for one in reported] == [
        "a.txt, record 2 and 3 more: has another layout than version 1 of Leela Zero (17 planes, expected 16)"
    ]


def test_a_program_with_17_planes(shared_data):
    path = shared_data / "field" / "chunks" / "planes17" / "t.0.gz"
    batch, reported = chunks.read(path, 9)
    assert len(batch.value) == 0
    assert [(one.reason, one.count, one.detail) for one in reported] == [
        (Reason.layout, 5, "17 planes, expected 16")
    ]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("0000000", "plane"),
        ("0aF", "plane"),
        ("1", "number"),
        ("-1", "number"),
        ("0.53", "number"),
        ("nan", "number"),
        ("0 1e-05 nan", "policy"),
        ("0 x", "text"),
        ("", "text"),
        ("B+R", "text"),
    ],
)
def test_kinds_of_lines(line, kind):
    assert chunk_layout.classify(line.encode(), chunk_text.plane_length(SIZE)).name == kind
