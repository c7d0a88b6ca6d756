"""Text of training records, in version 1 of Leela Zero's format, to arrays and back (docs/chunks.md)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from alphazero.data import batch as batches
from alphazero.datasets import corruption, positions
from alphazero.go import features
from alphazero.jit import jit

NUM_LINES = 19
"""Lines of a record."""
SIDE, POLICY, RESULT = 16, 17, 18
"""Indices of the lines after the 16 planes of stones."""

_HEX_DIGITS = b"0123456789abcdefABCDEF"
_HEX = np.frombuffer(_HEX_DIGITS, np.uint8)[:16]
_BAD = 255
_DIGITS = np.full(256, _BAD, np.uint8)
_DIGITS[np.frombuffer(_HEX_DIGITS, np.uint8)] = [*range(16), *range(10, 16)]
_FOURS = np.unpackbits(_DIGITS[:, None], axis=1)[:, 4:].copy().view(np.uint32)[:, 0]
"""[256] by character: four points, one byte each, the highest bit of the digit first."""
_RESULTS = {b"1": 1.0, b"-1": -1.0}
_LARGEST_SUM_ERROR = 0.01
"""Rounding 362 probabilities to six digits changes their sum by at most 2e-4; other programs round more."""
_EXACT_SUM_ERROR = 1e-4

_NUMBERS, _NO_NUMBER = 0, 1


class Fault(NamedTuple):
    """A record that cannot be used."""

    row: int
    reason: corruption.Reason
    detail: str


def plane_length(size: int) -> int:
    """Characters of a plane's line: one for each four points, one for the last point."""
    return size * size // 4 + 1


def is_plane(line: bytes) -> bool:
    """Whether a line consists of hexadecimal digits only."""
    return bool(line) and bool((_DIGITS[np.frombuffer(line, np.uint8)] != _BAD).all())


def decode(lines: Sequence[bytes], size: int) -> tuple[batches.TrainingBatch, list[Fault]]:
    """Decodes records from [n * 19] lines without line ends; the batch leaves out records with faults.

    Lines of planes must have the length `plane_length(size)`; lines of the side to move, length 1.
    """
    planes, is_record = _decode_planes(lines, size)
    policy, num_values, is_number = _decode_policy(lines[POLICY::NUM_LINES], size)
    value = np.array([_RESULTS.get(line.strip(), np.nan) for line in lines[RESULT::NUM_LINES]], np.float32)
    is_counted = num_values == size * size + 1
    with np.errstate(invalid="ignore", over="ignore"):
        sums = policy.sum(axis=1, dtype=np.float64)
        is_number &= ((policy >= 0) & (policy <= 1 + _LARGEST_SUM_ERROR)).all(axis=1)
        is_sum = np.abs(sums - 1) <= _LARGEST_SUM_ERROR
    checks = [
        (is_record, corruption.Reason.garbage, lambda row: "invalid digit in the planes or the side to move"),
        (is_counted, corruption.Reason.garbage, lambda row: f"{num_values[row]} probabilities"),
        (is_number, corruption.Reason.number, lambda row: ""),
        (is_sum, corruption.Reason.sum, lambda row: f"{sums[row]:.6g}"),
        (~np.isnan(value), corruption.Reason.result, lambda row: shown(lines[row * NUM_LINES + RESULT])),
    ]
    good = np.ones(len(value), np.bool_)
    faults = []
    for passes, reason, detail in checks:
        faults += [Fault(int(row), reason, detail(row)) for row in np.flatnonzero(good & ~passes)]
        good &= passes
    policy, sums = policy[good], sums[good]
    off = np.abs(sums - 1) > _EXACT_SUM_ERROR
    policy[off] /= sums[off, None]
    return positions.make_batch(positions.pack_planes(planes[good]), policy, value[good]), sorted(faults)


def encode(batch: batches.TrainingBatch, size: int) -> bytes:
    """The text of these positions. Their values must be 1 or -1."""
    assert np.isin(batch.value, (1, -1)).all(), "the format has no draws"
    planes = positions.unpack_planes(batch)
    stones = planes[:, :SIDE]
    num_digits = plane_length(size) - 1
    fours = stones[:, :, : 4 * num_digits].reshape(-1, SIDE, num_digits, 4)
    text = np.empty((len(planes), SIDE, plane_length(size) + 1), np.uint8)
    text[:, :, :num_digits] = _HEX[np.packbits(fours, axis=-1)[..., 0] >> 4]
    text[:, :, -2] = _HEX[stones[:, :, -1]]
    text[:, :, -1] = ord("\n")
    sides = planes[:, features.WHITE_TO_MOVE, 0]
    parts = []
    for row, (side, value) in enumerate(zip(sides, batch.value, strict=True)):
        policy = _encode_policy(batch.policy[row])
        parts += [text[row].tobytes(), b"%d\n%s\n%d\n" % (side, policy, value)]
    return b"".join(parts)


def shown(line: bytes) -> str:
    """The start of a line in printable characters, for messages."""
    start = "".join(chr(code) if 32 <= code < 127 else "?" for code in line[:20])
    return start + "..." if len(line) > 20 else start


def _encode_policy(policy: np.ndarray) -> bytes:
    """The probabilities with six significant digits, as C++ prints floats."""
    words = [b"0"] * len(policy)
    for action in np.flatnonzero(policy):
        words[action] = b"%g" % policy[action]
    return b" ".join(words)


def _decode_planes(lines: Sequence[bytes], size: int) -> tuple[np.ndarray, np.ndarray]:
    """[n, 18, P] uint8 planes, and [n] bool whether the lines of planes and side are valid."""
    num_records, num_points, length = len(lines) // NUM_LINES, size * size, plane_length(size)
    starts = range(0, len(lines), NUM_LINES)
    text = b"".join([b"".join(lines[start : start + SIDE]) for start in starts])
    chars = np.frombuffer(text, np.uint8).reshape(num_records, SIDE, length)
    last = _DIGITS[chars[:, :, -1]]
    sides = _DIGITS[np.frombuffer(b"".join(lines[SIDE::NUM_LINES]), np.uint8)]
    is_good = (last <= 1).all(axis=1) & (sides <= 1)
    if text.translate(None, _HEX_DIGITS):  # other characters are left: a record is bad
        is_good &= (_DIGITS[chars] != _BAD).all(axis=(1, 2))
    planes = np.empty((num_records, features.NUM_PLANES, num_points), np.uint8)
    planes[:, :SIDE, : 4 * (length - 1)] = np.take(_FOURS, chars[:, :, :-1]).view(np.uint8)
    planes[:, :SIDE, -1] = last
    planes[:, features.BLACK_TO_MOVE] = (sides == 0)[:, None]
    planes[:, features.WHITE_TO_MOVE] = (sides == 1)[:, None]
    return planes, is_good


def _decode_policy(lines: Sequence[bytes], size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """[n, A] float32 policies, [n] words in each line, and [n] bool whether all words are numbers."""
    policy = np.zeros((len(lines), size * size + 1), np.float32)
    counts, answers = np.zeros(len(lines), np.int64), np.zeros(len(lines), np.int64)
    ends = np.cumsum([len(line) + 1 for line in lines])
    text = np.frombuffer(b" ".join([*lines, b""]), np.uint8)
    parse_lines(text, ends, policy, counts, answers)
    return policy, counts, answers == _NUMBERS


@jit
def parse_lines(text, ends, numbers, counts, answers):
    """Parses lines of decimal numbers. Line r is text[ends[r - 1] : ends[r]] and ends with a space.

    text: uint8. Fills numbers [n, A] float32 with the first A words of each line, counts [n] with the number
    of words, and answers [n]: _NO_NUMBER if a word is not a number. `numpy.fromstring` is nine times slower.
    """
    start = 0
    for row in range(len(ends)):
        counts[row], answers[row] = _parse_line(text, start, ends[row], numbers[row])
        start = ends[row]


@jit
def _parse_line(text, start, end, numbers):
    count, answer, at = 0, _NUMBERS, start
    while at < end:
        if text[at] == 32:
            at += 1
            continue
        at, number, is_number = _parse_word(text, at)
        if not is_number:
            answer = _NO_NUMBER
        if count < len(numbers):
            numbers[count] = number
        count += 1
    return count, answer


@jit
def _parse_word(text, at):
    """(end, float32, whether it is a number) of the word between `at` and the next space."""
    sign = -1.0 if text[at] == 45 else 1.0  # 45 "-", 43 "+", 46 ".", 48 "0", 101 "e", 69 "E"
    if text[at] == 45 or text[at] == 43:
        at += 1
    mantissa, exponent, num_digits, has_point = 0.0, 0, 0, False
    while 48 <= text[at] <= 57 or (text[at] == 46 and not has_point):
        if text[at] == 46:
            has_point = True
        else:
            mantissa = 10.0 * mantissa + (np.int64(text[at]) - 48)
            num_digits += 1
            exponent -= has_point
        at += 1
    if num_digits and (text[at] == 101 or text[at] == 69):
        at, shift = _parse_exponent(text, at + 1)
        exponent += shift
    is_number = num_digits > 0 and text[at] == 32
    while text[at] != 32:
        at += 1
    # Powers of ten up to 22 are exact, so the quotient is the nearest float64.
    number = mantissa / 10.0**-exponent if exponent < 0 else mantissa * 10.0**exponent
    return at, np.float32(sign * number), is_number


@jit
def _parse_exponent(text, at):
    """(end, value) of the digits after an e; values are capped at 999."""
    is_negative, value = text[at] == 45, 0
    if text[at] == 45 or text[at] == 43:
        at += 1
    while 48 <= text[at] <= 57:
        value = min(999, 10 * value + (np.int64(text[at]) - 48))
        at += 1
    return at, -value if is_negative else value
