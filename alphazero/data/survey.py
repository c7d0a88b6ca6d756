"""A first look at the data: what is held out, which targets there are, and about how much there is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from alphazero.config import schema
from alphazero.data import batch as batches
from alphazero.data import damage as damages
from alphazero.data import gamelog, shuffle, sources
from alphazero.data import rows as data_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What is known of the data before training begins."""

    files: tuple[sources.Source, ...]
    """Files to train on."""
    split: sources.Split
    reading: sources.Reading
    fields: frozenset[str]
    """Those of `rows.OPTIONAL` that all kinds of files have."""
    held_out: batches.Batch | None
    """Positions that measure training; None where nothing is held out."""
    num_rows: float
    """About how many positions there are to train on."""
    komi: float | None
    """Of our own games, where all data are such and agree; other files do not tell theirs."""
    skipped: tuple[damages.Damage, ...]
    """What is left out of held-out files; training tells the rest when it reads it."""

    def job(self, config: schema.Config, rank: int, reader: int) -> shuffle.Job:
        """What a reader of a rank reads; memory and batch are the rank's share."""
        data, num_ranks = config.data, config.training.num_ranks
        num_shards = num_ranks * data.num_readers
        return shuffle.Job(
            files=self.files,
            reading=self.reading,
            split=self.split,
            fields=self.fields & config.net.targets,
            batch_size=config.training.batch_size // num_ranks,
            window=max(1, data.shuffle_positions // data.num_readers),
            seed=config.run.seed,
            shard=rank * data.num_readers + reader,
            num_shards=num_shards,
            expected_rows=self.num_rows / num_shards,
        )


def survey(config: schema.Config) -> Survey:
    """Reads the held-out positions and a little of each kind of file.

    ValueError in one line when there is nothing to learn from, or nothing is or everything would be
    held out.
    """
    data = config.data
    found = sources.find(data.patterns)
    reading = sources.Reading(config.game.size, config.replay, data.held_out_fraction)
    split = sources.split(found, data.held_out_fraction)
    look = _look(found, split, reading, data.held_out_positions)
    if data.held_out_fraction and not look.held_out and look.num_train and len(found) > 1:
        split = sources.split_by_file(found, data.held_out_fraction)
        look = _look(found, split, reading, data.held_out_positions)
    _check(look, config)
    trained = tuple(source for source in found if source.path not in (split.files or ()))
    share = look.num_train / look.num_rows if split.files is None else 1.0
    num_bytes = sum(source.num_bytes for source in trained)
    return Survey(
        files=trained,
        split=split,
        reading=reading,
        fields=look.fields,
        held_out=look.joined(),
        num_rows=num_bytes * share * look.num_rows / max(1, look.num_bytes),
        komi=_komi(found),
        skipped=tuple(damage for damage in look.damages if damage.path in (split.files or ())),
    )


class _Look:
    """What was seen so far."""

    def __init__(self) -> None:
        self.held_out: list[batches.Batch] = []
        self.num_held_out = 0
        self.num_train = 0
        self.num_rows = 0
        self.num_bytes = 0
        self.fields = frozenset(data_rows.OPTIONAL)
        self.kinds: set[sources.Kind] = set()
        self.damages: list[damages.Damage] = []

    def joined(self) -> batches.Batch | None:
        """The held-out positions as one batch."""
        parts = [data_rows.keep_fields(batch, self.fields) for batch in self.held_out]
        return data_rows.join(parts) if parts else None


def _look(
    found: Sequence[sources.Source],
    split: sources.Split,
    reading: sources.Reading,
    most: int,
) -> _Look:
    look, kinds = _Look(), {source.kind for source in found}
    for source, is_held_out in _in_order(found, split):
        has_enough = look.num_held_out >= most or not split.fraction
        if split.files is not None:
            has_enough |= not is_held_out
        if has_enough and look.num_train and (look.kinds == kinds or source.kind in look.kinds):
            continue
        look.num_bytes += source.num_bytes
        for block in sources.read(source, reading, look.damages.append):
            held = block.is_held_out if split.files is None else np.full(len(block.is_held_out), is_held_out)
            look.kinds.add(source.kind)
            look.fields &= data_rows.known(block.batch)
            look.num_rows += len(held)
            look.num_train += int(np.count_nonzero(~held))
            rows = np.flatnonzero(held)[: most - look.num_held_out]
            if len(rows):
                look.held_out.append(data_rows.take(block.batch, rows))
                look.num_held_out += len(rows)
    return look


def _in_order(found: Sequence[sources.Source], split: sources.Split) -> Iterator[tuple[sources.Source, bool]]:
    """Files and whether they are held out: those first, then the others, in a mixed but fixed order."""
    order = [found[number] for number in np.random.default_rng(0).permutation(len(found))]
    held = split.files or frozenset()
    yield from ((source, True) for source in order if source.path in held)
    yield from ((source, False) for source in order if source.path not in held)


def _komi(found: Sequence[sources.Source]) -> float | None:
    if any(source.kind is not sources.Kind.games for source in found):
        return None
    first_games = (next(gamelog.read_file(source.path, lambda damage: None), None) for source in found)
    komis = {game.komi for game in first_games if game is not None}
    return komis.pop() if len(komis) == 1 else None


def _check(look: _Look, config: schema.Config) -> None:
    data, size = config.data, config.game.size
    if not look.num_rows:
        raise ValueError(f"data.path={data.path}: no position for {size}x{size} there{_why(look.damages)}")
    held_out = f"data.held_out_fraction={data.held_out_fraction}"
    if not look.num_train:
        raise ValueError(f"{held_out}: holds out everything, and leaves nothing to train on")
    if data.held_out_fraction and not look.held_out:
        raise ValueError(f"{held_out}: holds out no game, as there are few; make it larger, or 0")


def _why(found: Sequence[damages.Damage]) -> str:
    """The first thing that is wrong with the files, and how many there are."""
    if not found:
        return ""
    tally = damages.Tally(show=lambda damage: None)
    for damage in found:
        tally(damage)
    return f"; left out: {tally}; first {found[0]}"
