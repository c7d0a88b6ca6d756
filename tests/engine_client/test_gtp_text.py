"""Parsing of answers, in any pieces and between any noise."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphazero.engine_client import gtp_text

CASES = [
    (b"=1 D4\n\n", [(True, 1, "D4")], []),
    (b"=1\n\n", [(True, 1, "")], []),
    (b"?12 illegal move\n\n", [(False, 12, "illegal move")], []),
    (b"=1 \r\n  A B\r\n2 . .\r\n\r\n", [(True, 1, "  A B\n2 . .")], []),
    (b"=1\ta\tb \n c\td  \n\n", [(True, 1, "a b\n c\td")], []),
    (b"\n\nhello\n= D4\n\n=x\n\n? no\n=2 E5\n\n", [(True, 2, "E5")], ["hello", "= D4", "=x", "? no"]),
    (b"=1 a\n\n=1 a\n\n", [(True, 1, "a"), (True, 1, "a")], []),
    (b"=1 a\n=2 b\n\n", [(True, 1, "a\n=2 b")], []),
    (b"=1 \xff\n\n", [(True, 1, "\udcff")], []),
    (b"=1 a\n", [], []),
    (b"=1foo\n\n", [], ["=1foo"]),
]


def read(pieces):
    noise = []
    reader = gtp_text.Reader(on_noise=noise.append)
    for piece in pieces:
        reader.feed(piece)
    answers = []
    while (answer := reader.next_answer()) is not None:
        answers.append(tuple(answer))
    return answers, noise


@pytest.mark.parametrize(("data", "answers", "noise"), CASES)
def test_answers_and_noise(data, answers, noise):
    assert read([data]) == (answers, noise)
    assert read([data[index : index + 1] for index in range(len(data))]) == (answers, noise)


@given(st.sampled_from(CASES), st.sampled_from(CASES), st.lists(st.integers(0, 60), max_size=5))
def test_pieces_do_not_matter(first, second, cuts):
    data = first[0] + second[0]
    bounds = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    pieces = [data[begin:end] for begin, end in itertools.pairwise(bounds)]
    assert read(pieces) == read([data])


def test_unfinished_output_is_measured():
    reader = gtp_text.Reader()
    reader.feed(b"noise\n=1 abc\ndef\ngh")
    assert reader.num_bytes == len(b"=1 abc" + b"def" + b"gh")
    reader.feed(b"\n\n")
    assert reader.num_bytes == 0
