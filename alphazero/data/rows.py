"""Operations on the rows of batches: picking, joining and turning them, and dropping optional fields."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from alphazero.data import batch as batches
from alphazero.go import features, symmetry

OPTIONAL = ("ownership", "score", "reply", "short_term")
"""Fields of a batch that not every source has."""
_TURNED = ("policy", "ownership", "reply")


def known(batch: batches.TrainingBatch) -> frozenset[str]:
    """The OPTIONAL fields that the batch has."""
    return frozenset(name for name in OPTIONAL if getattr(batch, name) is not None)


def keep_fields(batch: batches.TrainingBatch, fields: frozenset[str]) -> batches.TrainingBatch:
    """The batch without the OPTIONAL fields that are not among `fields`."""
    return batch._replace(**{name: None for name in OPTIONAL if name not in fields})


def each(function: Callable[..., np.ndarray], *parts: batches.TrainingBatch) -> batches.TrainingBatch:
    """Applies function(array, ...) to each field; the batches must have the same fields."""
    arrays: list[Any] = [None if them[0] is None else function(*them) for them in zip(*parts, strict=True)]
    return batches.TrainingBatch(*arrays)


def take(batch: batches.TrainingBatch, picked: np.ndarray | slice) -> batches.TrainingBatch:
    """These rows, by indices, a mask or a slice; a slice shares memory."""
    return each(lambda array: array[picked], batch)


def join(parts: Sequence[batches.TrainingBatch]) -> batches.TrainingBatch:
    """One batch from several with the same fields."""
    return parts[0] if len(parts) == 1 else each(lambda *arrays: np.concatenate(arrays), *parts)


def turn(batch: batches.TrainingBatch, symmetries: np.ndarray, size: int) -> batches.TrainingBatch:
    """A copy with each position turned by its own symmetry, [B] 0 to 7."""
    unpacked = features.unpack(batch.planes, size).reshape(len(symmetries), features.NUM_PLANES, -1)
    fields = {name: getattr(batch, name) for name in _TURNED if getattr(batch, name) is not None}
    turned = {name: array.copy() for name, array in fields.items()}
    planes = unpacked.copy()
    for s in set(symmetries.tolist()) - {symmetry.IDENTITY}:
        picked = np.flatnonzero(symmetries == s)
        origins = np.argsort(symmetry.permutations(size)[s])
        planes[picked] = np.take(unpacked[picked], origins[:-1], axis=-1)
        for name, array in fields.items():
            turned[name][picked] = np.take(array[picked], origins[: array.shape[1]], axis=-1)
    return batch._replace(planes=features.pack(planes), **turned)
