"""Real model files of KataGo load, and what is wrong or not supported is refused in one line."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from alphazero.net import leela
from alphazero.net.katago import model, reader, writer
from tests.net import networks
from tests.net.katago import models

Words = list[str]

REAL = [
    # file, version, filters, kinds of blocks, activation, score values, channels of the policy
    ("b2c16-v11", 11, 16, "OP", "relu", 6, 1),
    ("b4c32-v14", 14, 32, "OOPO", "relu", 6, 2),
    ("g170-b6c96", 8, 96, "OOPOPO", "relu", 4, 1),
    ("nbt-v15", 15, 24, "NN", "mish", 6, 2),
]


@pytest.mark.parametrize(("name", "version", "filters", "kinds", "activation", "scores", "policies"), REAL)
def test_real_files_load(
    name: str,
    version: int,
    filters: int,
    kinds: str,
    activation: str,
    scores: int,
    policies: int,
    shared_data: Path,
):
    path = shared_data / "katago" / f"{name}.bin.gz"
    assert reader.is_model(path)
    network = reader.read(path)
    assert (network.version, network.filters) == (version, filters)
    assert "".join(type(block).__name__[0] for block in network.blocks) == kinds
    assert network.tip.activation == model.Activation[activation]
    assert len(network.value.scores.bias) == scores
    assert len(network.policy.last.kernel) == policies
    assert model.is_label(network.label)
    assert network.multipliers.short_term_score_error == (150 if version >= 13 else 30)


def test_norms_are_merged():
    # One channel with mean 2, variance 3, epsilon 1, scale 6 and bias 5: 6 / sqrt(3 + 1) = 3, 5 - 3 * 2 = -1.
    words = text_words(models.random_model(8, ["ordinary"], 1))
    at = words.index("tip")
    words[at + 1 : at + 9] = ["1", "1", "1", "1", "2", "3", "6", "5"]
    tip = reader.read(joined(words)).tip
    assert (tip.scale, tip.bias) == (3, -1)
    words[at + 1 : at + 9] = ["1", "1", "0", "0", "2", "3"]
    tip = reader.read(joined(words)).tip
    assert (tip.scale, tip.bias) == (0.5, -1), "without scale and bias"


def test_arrays_are_for_the_caller_to_change():
    network = reader.read(writer.to_bytes(models.random_model()))
    for array in (network.input_convolution.kernel, network.tip.scale, network.value.ownership.kernel):
        assert array.flags.writeable
        assert array.flags.c_contiguous


def test_files_of_other_kinds_are_no_models(tmp_path: Path):
    leela_zero = leela.to_text(networks.random_weights())
    for data in (leela_zero, gzip.compress(leela_zero), b"", b"net", b"\x1f\x8b", b"1\n0 0 0", bytes(99)):
        assert not reader.is_model(data)
    assert reader.is_model(b"net\n17\n22\n19\n"), "KataGo's, though not supported"
    with pytest.raises(FileNotFoundError):
        reader.is_model(tmp_path / "missing.bin.gz")


def text_words(network: model.Model) -> Words:
    return writer.to_bytes(network, is_binary=False).decode().split()


def joined(words: Words) -> bytes:
    return "\n".join(words).encode()


def replace(anchor: str, offset: int, *new: str) -> Callable[[Words], None]:
    """Replaces words, the first of which is `offset` words after the first word that equals `anchor`."""

    def change(words: Words) -> None:
        at = words.index(anchor) + offset
        words[at : at + len(new)] = new

    return change


def insert(anchor: str, offset: int, *new: str) -> Callable[[Words], None]:
    def change(words: Words) -> None:
        at = words.index(anchor) + offset
        words[at:at] = new

    return change


def cut(anchor: str, offset: int = 0) -> Callable[[Words], None]:
    def change(words: Words) -> None:
        del words[words.index(anchor) + offset :]

    return change


HUGE = "999999999"
BAD_WORDS = [
    # version, what is done to the words of a network of that version, and a part of the message
    (8, cut("random-net_1"), "weights: the file ends before the network's name"),
    (8, cut("random-net_1", 1), "weights: the file ends before the version"),
    (8, replace("random-net_1", 0, "a/b"), "weights: the network's name is 'a/b', expected 1 to 96 of the"),
    (8, replace("random-net_1", 0, "n" * 97), "expected 1 to 96 of the characters A-Z, a-z, 0-9,"),
    (8, replace("random-net_1", 0, "n" * 999), "token 1: the network's name is longer than 256 characters"),
    (8, replace("random-net_1", 0, "né"), "token 1: the network's name is not text"),
    (
        8,
        replace("random-net_1", 1, "x"),
        "token 2: the version is 'x', expected a whole number from 0",
    ),
    (8, replace("random-net_1", 1, "7"), "model version 7 is not supported; versions 8 to 15 are"),
    (8, replace("random-net_1", 1, "16"), "model version 16 is not supported; versions 8 to 15 are"),
    (8, replace("random-net_1", 1, "17"), "model version 17 is not supported; versions 8 to 15 are"),
    (8, replace("random-net_1", 2, "18"), "token 3: the number of input planes is '18', expected 22"),
    (8, replace("random-net_1", 3, "14"), "token 4: the number of global inputs is '14', expected 19"),
    (13, replace("random-net_1", 4, "0"), "token 5: td_score is '0', expected a positive number"),
    (13, replace("random-net_1", 5, "-1"), "token 6: score_mean is '-1', expected a positive number"),
    (13, replace("random-net_1", 7, "nan"), "token 8: lead is 'nan', expected a positive number"),
    (13, replace("random-net_1", 9, "1e39"), "short_term_value_error is '1e39', expected a positive number"),
    (
        13,
        replace("random-net_1", 10, "1e-60"),
        "short_term_score_error is '1e-60', expected a positive number",
    ),
    (15, replace("random-net_1", 11, "1"), "weights: metadata encoders, as in networks that imitate people,"),
    (
        15,
        replace("random-net_1", 12, "2"),
        "the flag of areas under suicide rules is '2', expected a whole number from 0 to 1",
    ),
    (15, replace("random-net_1", 15, "1"), "token 16: unknown option 3 is '1', expected 0"),
    (15, replace("trunk", 7, "1"), "trunk: RMS norms, as in networks with transformers, are not"),
    (15, replace("trunk", 8, "3"), "unknown option 1 is '3', expected 0"),
    (
        8,
        replace("trunk", 1, "0"),
        "trunk: token 6: the number of blocks is '0', expected a whole number from 1",
    ),
    (8, replace("trunk", 1, "1"), "gpool_block: token"),
    (8, replace("trunk", 1, "3"), "blocks of the kind 'tip' are not supported"),
    (8, replace("trunk", 1, HUGE), "blocks of the kind 'tip' are not supported"),
    (8, replace("trunk", 2, "7"), "input: token 16: the number of output channels is '6', expected 7"),
    (
        8,
        replace("trunk", 2, HUGE),
        "input: token 16: the number of output channels is '6', expected 999999999",
    ),
    (8, replace("trunk", 2, "-6"), "trunk: token 7: the number of channels is '-6', expected a whole number"),
    (
        8,
        replace("trunk", 2, "6.0"),
        "trunk: token 7: the number of channels is '6.0', expected a whole number",
    ),
    (
        8,
        replace("trunk", 2, "99999999999"),
        "the number of channels is '99999999999', expected a whole number",
    ),
    (
        8,
        replace("input", 1, "2", "2"),
        "input: kernels of 2 x 2 are not supported; square ones of odd side are",
    ),
    (
        8,
        replace("input", 1, "3", "1"),
        "input: kernels of 3 x 1 are not supported; square ones of odd side are",
    ),
    (8, replace("input", 1, HUGE, HUGE), "input: number 1189 of 131999999736000000132 is"),
    (8, replace("input", 3, "21"), "input: token 15: the number of input channels is '21', expected 22"),
    (8, replace("input", 5, "2", "2"), "input: dilations of 2 x 2 are not supported"),
    (8, replace("input", 5, "1", "3"), "input: dilations of 1 x 3 are not supported"),
    (8, replace("input", 9, "nan"), "input: number 3 of 1188 is nan, expected a finite float32"),
    (8, replace("input", 9, "inf"), "input: number 3 of 1188 is inf, expected a finite float32"),
    (8, replace("input", 9, "-1e39"), "input: number 3 of 1188 is -inf, expected a finite float32"),
    (
        8,
        replace("input", 9, "zero"),
        "input: number 3 of 1188 is 'zero', expected a number",
    ),
    (8, replace("input", 9, "0,1"), "input: number 3 of 1188 is '0,1', expected a number"),
    (8, insert("input", 9, "1" * 300), "input: number 3 of 1188 is inf, expected a finite"),
    (8, cut("input", 100), "input: the file ends before number 94 of 1188"),
    (8, insert("input", 9, "0.5"), "input: token 1207: the matrix's name is '"),
    (
        8,
        replace("ordinary_block", 0, "transformer_ffn_block"),
        "transformers (transformer_ffn_block) are not",
    ),
    (8, replace("ordinary_block", 0, "x" * 200), f"blocks of the kind '{'x' * 40}' are not supported"),
    (
        8,
        replace("blocks.0.norm", 1, "5"),
        "blocks.0.norm: token 1327: the number of norm channels is '5', expected",
    ),
    (8, replace("blocks.0.norm", 2, "0"), "epsilon is '0', expected a positive number"),
    (8, replace("blocks.0.norm", 2, "nan"), "epsilon is 'nan', expected a positive number"),
    (8, replace("blocks.0.norm", 3, "2"), "the flag of scales is '2', expected a whole number from 0 to 1"),
    (8, replace("blocks.0.norm", 11, "-1"), "blocks.0.norm: a variance is -1.0, expected 0 or more"),
    (
        8,
        replace("blocks.0.norm", 11, *"011111", "3e38"),
        "blocks.0.norm: the norm's factors are beyond float32",
    ),
    (
        11,
        replace("blocks.0.norm.activation", 1, "ACTIVATION_SILU"),
        "norm.activation: ACTIVATION_SILU is not su",
    ),
    (
        11,
        replace("blocks.1.pooled_norm.activation", 1, "ACTIVATION_IDENTITY"),
        "pooling after ACTIVATION_IDENTITY",
    ),
    (8, replace("blocks.0.first", 4, HUGE), "blocks.0.first: number 163 of 53999999946 is"),
    (8, replace("blocks.1.to_bias", 1, "5"), "blocks.1.to_bias: token"),
    (8, replace("blocks.1.last", 4, "5"), "blocks.1.last: token"),
    (8, replace("policy.to_bias", 2, "4"), "policy.to_bias: token"),
    (8, replace("policy.last", 4, "2"), "policy.last: token"),
    (12, replace("policy.last", 4, "1"), "the number of output channels is '1', expected 2"),
    (15, replace("policy.to_pass.bias", 1, "4"), "policy.to_pass.bias: token"),
    (8, replace("value.outcome", 2, "2"), "the number of output channels is '2', expected 3"),
    (9, replace("value.scores", 2, "4"), "the number of output channels is '4', expected 6"),
    (8, replace("value.ownership", 4, "2"), "the number of output channels is '2', expected 1"),
    (8, cut("value.ownership", 10), "value.ownership: the file ends before number 4 of 4"),
    (8, lambda words: words.append("0.5"), "weights: the file goes on after the last layer"),
]


@pytest.mark.parametrize(("version", "change", "message"), BAD_WORDS, ids=[row[2][:50] for row in BAD_WORDS])
def test_bad_files_are_refused_in_one_line(
    version: int, change: Callable[[Words], None], message: str, tmp_path: Path
):
    words = text_words(models.random_model(version))
    change(words)
    path = tmp_path / "bad.txt"
    path.write_text("\n".join(words))
    with pytest.raises(ValueError) as caught:
        reader.read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value).replace(str(path), "weights")
    assert "\n" not in str(caught.value)


def test_bottlenecks_may_not_be_nested_without_end():
    kind: models.Kind = "ordinary"
    for _ in range(reader.DEEPEST_NESTING):
        kind = (kind,)
    network = models.random_model(11, [kind], 2)
    assert models.same(reader.read(writer.to_bytes(network)), network)
    with pytest.raises(ValueError, match=r"^weights: .* nested more than 8 deep are not supported$"):
        reader.read(writer.to_bytes(models.random_model(11, [(kind,)], 2)))
