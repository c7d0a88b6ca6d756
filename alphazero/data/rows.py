"""Operations on the rows of batches: picking, joining and turning them, and dropping optional fields."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from alphazero.data import batch as batches
from alphazero.data import packed_inputs
from alphazero.data import targets as game_targets
from alphazero.go import symmetry


def known(batch: batches.TrainingBatch) -> frozenset[str]:
    """The optional fields that the batch has."""
    return frozenset(batch.auxiliary)


def keep_fields(batch: batches.TrainingBatch, fields: frozenset[str]) -> batches.TrainingBatch:
    """The batch without the optional fields that are not among `fields`."""
    return batch._replace(
        auxiliary={name: batch.auxiliary[name] for name in batch.auxiliary if name in fields}
    )


def arrays(batch: batches.TrainingBatch) -> dict[str, np.ndarray]:
    """All arrays of the batch by name, [B, ...] each."""
    named = batch._asdict()
    return named | named.pop("auxiliary")


def each(function: Callable[..., np.ndarray], *parts: batches.TrainingBatch) -> batches.TrainingBatch:
    """Applies function(array, ...) to each field; the batches must have the same fields."""
    named = [arrays(part) for part in parts]
    return _of_arrays({name: function(*(part[name] for part in named)) for name in named[0]})


def take(batch: batches.TrainingBatch, picked: np.ndarray | slice) -> batches.TrainingBatch:
    """These rows, by indices, a mask or a slice; a slice shares memory."""
    return each(lambda array: array[picked], batch)


def join(parts: Sequence[batches.TrainingBatch]) -> batches.TrainingBatch:
    """One batch from several with the same fields."""
    return parts[0] if len(parts) == 1 else each(lambda *arrays: np.concatenate(arrays), *parts)


def turn(batch: batches.TrainingBatch, symmetries: np.ndarray, size: int) -> batches.TrainingBatch:
    """A copy with each position turned by its own symmetry, [B] 0 to 7."""
    is_turned = {target.name for target in game_targets.TARGETS if target.shape.is_turned}
    fields = {name: array for name, array in arrays(batch).items() if name in is_turned}
    turned = {name: array.copy() for name, array in fields.items()}
    for s in set(symmetries.tolist()) - {symmetry.IDENTITY}:
        picked = np.flatnonzero(symmetries == s)
        origins = np.argsort(symmetry.permutations(size)[s])
        for name, array in fields.items():
            turned[name][picked] = np.take(array[picked], origins[: array.shape[1]], axis=-1)
    planes = packed_inputs.turn(batch.planes, np.arange(len(symmetries)), symmetries, size)
    return _of_arrays({**arrays(batch), "planes": planes, **turned})


def by_size(drawn: Sequence[batches.TrainingBatch], name: str) -> dict[str, list[batches.TrainingBatch]]:
    """All batches under this name; if their board sizes differ, those of each also under NAME_7x7, ..."""
    found = {name: list(drawn)} if drawn else {}
    sizes = [math.isqrt(batch.policy.shape[1]) for batch in drawn]
    for size in sorted(set(sizes)) if len(set(sizes)) > 1 else []:
        found[f"{name}_{size}x{size}"] = [
            batch for batch, its_size in zip(drawn, sizes, strict=True) if its_size == size
        ]
    return found


def _of_arrays(named: Mapping[str, np.ndarray]) -> batches.TrainingBatch:
    """The batch with these arrays, the inverse of `arrays`."""
    required = {name: named[name] for name in batches.TrainingBatch._fields if name in named}
    return batches.TrainingBatch(
        **required, auxiliary={name: array for name, array in named.items() if name not in required}
    )
