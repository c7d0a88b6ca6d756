"""Networks of all families: their files, names, board sizes and inputs."""

import gzip
from pathlib import Path

from alphazero import run_paths
from alphazero.go import input_families
from alphazero.net import leela
from alphazero.net.katago import model, model_facts, reader, writer

Weights = leela.Weights | model.Model
"""A network as plain arrays, which is what travels between processes."""
_LEELA_SUFFIX, _KATAGO_SUFFIX = run_paths.WEIGHTS_SUFFIXES


def read(source: Path | str | bytes) -> Weights:
    """Reads a network from a file or from a file's content, which decides the family.

    Raises ValueError with the error and its place in one line, and OSError if the path is unreadable.
    """
    return reader.read(source) if reader.is_model(source) else leela.read(source)


def write(weights: Weights, path: Path | str) -> None:
    """Writes the family's file atomically, compressed if its name ends in .gz.

    Raises ValueError if the format cannot hold the network.
    """
    if isinstance(weights, model.Model):
        writer.write(weights, path)
    else:
        leela.write(weights, path)


def to_bytes(weights: Weights) -> bytes:
    """Returns the content of a file that ends in `suffix_of`. Equal networks make equal files."""
    content = writer.to_bytes(weights) if isinstance(weights, model.Model) else leela.to_text(weights)
    return gzip.compress(content, mtime=0)


def suffix_of(weights: Weights) -> str:
    """End of the names of compressed files of the network's family."""
    return _KATAGO_SUFFIX if isinstance(weights, model.Model) else _LEELA_SUFFIX


def family_of(weights: Weights) -> input_families.InputFamily:
    """What the network takes as its inputs."""
    return model_facts.family_of(weights) if isinstance(weights, model.Model) else input_families.LEELA


def name_of(weights: Weights) -> str:
    """Short name of the shape, such as "b4c32" or "kata-b4c32"."""
    return model_facts.name_of(weights) if isinstance(weights, model.Model) else weights.name


def size_of(weights: Weights) -> int | None:
    """The only board side that the network plays; None if it plays on boards of every size."""
    return None if isinstance(weights, model.Model) else weights.size


def plays(weights: Weights, size: int) -> bool:
    """Whether the network plays on boards of this size."""
    return size_of(weights) in (None, size)
