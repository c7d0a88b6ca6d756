"""A survey of training data: held-out positions, available targets, approximate number of positions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from alphazero.config import schema
from alphazero.data import batch as batches
from alphazero.data import gamelog
from alphazero.data import rows as data_rows
from alphazero.data import targets as game_targets
from alphazero.datasets import corruption, shuffle, sources
from alphazero.go import input_families


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Facts about the data that are known before training begins."""

    files: tuple[sources.Source, ...]
    """Files to train on."""
    split: sources.Split
    reading: sources.Reading
    fields: frozenset[str]
    """Optional fields of `targets` that all kinds of files have."""
    held_out: batches.TrainingBatch | None
    """Positions that measure training; None if nothing is held out."""
    num_rows: float
    """Approximate number of positions to train on."""
    komi: float | None
    """Komi of our own games; None unless all files are game logs and agree on it."""
    skipped: tuple[corruption.Corruption, ...]
    """Corruption in held-out files; training reports that of the other files as it reads them."""

    def job(self, config: schema.Config, rank: int, reader: int) -> shuffle.Job:
        """The job of one reader of a rank; window and batch are its shares."""
        data, num_ranks = config.data, config.training.num_ranks
        num_shards = num_ranks * data.num_readers
        return shuffle.Job(
            files=self.files,
            reading=self.reading,
            split=self.split,
            fields=self.fields & game_targets.fields_of(config.net),
            batch_size=config.training.batch_size // num_ranks,
            window=max(1, data.shuffle_positions // data.num_readers),
            seed=config.run.seed,
            shard=rank * data.num_readers + reader,
            num_shards=num_shards,
            expected_rows=self.num_rows / num_shards,
        )


def survey(config: schema.Config) -> Survey:
    """Reads the held-out positions and a sample of each kind of file.

    Raises ValueError, with one line of text, if there are no positions, or if none or all of them would be
    held out.
    """
    data = config.data
    if config.game.sizes is not None:
        raise ValueError(f"game.sizes={config.game.sizes}: supervised training has one board size, game.size")
    found, family = sources.find(data.patterns), input_families.of_net(config.net)
    sources.check_inputs(found, family)
    reading = sources.Reading(config.game.size, config.replay, data.held_out_fraction, family)
    split = sources.split(found, data.held_out_fraction)
    sample = _read_sample(found, split, reading, data.held_out_positions)
    if data.held_out_fraction and not sample.held_out and sample.num_train and len(found) > 1:
        split = sources.split_by_file(found, data.held_out_fraction)
        sample = _read_sample(found, split, reading, data.held_out_positions)
    _check(sample, config)
    trained = tuple(source for source in found if source.path not in (split.files or ()))
    share = sample.num_train / sample.num_rows if split.files is None else 1.0
    num_bytes = sum(source.num_bytes for source in trained)
    return Survey(
        files=trained,
        split=split,
        reading=reading,
        fields=sample.fields,
        held_out=sample.joined(),
        num_rows=num_bytes * share * sample.num_rows / max(1, sample.num_bytes),
        komi=_komi(found),
        skipped=tuple(skipped for skipped in sample.corruptions if skipped.path in (split.files or ())),
    )


class _Sample:
    """Totals of the files read so far."""

    def __init__(self) -> None:
        self.held_out: list[batches.TrainingBatch] = []
        self.num_held_out = 0
        self.num_train = 0
        self.num_rows = 0
        self.num_bytes = 0
        self.fields = frozenset(game_targets.optional_fields())
        self.kinds: set[sources.SourceKind] = set()
        self.corruptions: list[corruption.Corruption] = []

    def joined(self) -> batches.TrainingBatch | None:
        """The held-out positions as one batch."""
        parts = [data_rows.keep_fields(batch, self.fields) for batch in self.held_out]
        return data_rows.join(parts) if parts else None


def _read_sample(
    found: Sequence[sources.Source],
    split: sources.Split,
    reading: sources.Reading,
    most: int,
) -> _Sample:
    sample, kinds = _Sample(), {source.kind for source in found}
    for source, is_held_out in _in_order(found, split):
        has_enough = sample.num_held_out >= most or not split.fraction
        if split.files is not None:
            has_enough |= not is_held_out
        if has_enough and sample.num_train and (sample.kinds == kinds or source.kind in sample.kinds):
            continue
        sample.num_bytes += source.num_bytes
        for block in sources.read(source, reading, sample.corruptions.append):
            held = block.is_held_out if split.files is None else np.full(len(block.is_held_out), is_held_out)
            sample.kinds.add(source.kind)
            sample.fields &= data_rows.known(block.batch)
            sample.num_rows += len(held)
            sample.num_train += int(np.count_nonzero(~held))
            rows = np.flatnonzero(held)[: most - sample.num_held_out]
            if len(rows):
                sample.held_out.append(data_rows.take(block.batch, rows))
                sample.num_held_out += len(rows)
    return sample


def _in_order(found: Sequence[sources.Source], split: sources.Split) -> Iterator[tuple[sources.Source, bool]]:
    """Yields files and whether they are held out, held-out files first, in a shuffled but fixed order."""
    order = [found[number] for number in np.random.default_rng(0).permutation(len(found))]
    held = split.files or frozenset()
    yield from ((source, True) for source in order if source.path in held)
    yield from ((source, False) for source in order if source.path not in held)


def _komi(found: Sequence[sources.Source]) -> float | None:
    if any(source.kind is not sources.SourceKind.games for source in found):
        return None
    first_games = (next(gamelog.read_file(source.path, lambda skipped: None), None) for source in found)
    komis = {game.komi for game in first_games if game is not None}
    return komis.pop() if len(komis) == 1 else None


def _check(sample: _Sample, config: schema.Config) -> None:
    data, size = config.data, config.game.size
    if not sample.num_rows:
        raise ValueError(
            f"data.path={data.path}: no position for {size}x{size} there{_why(sample.corruptions)}"
        )
    held_out = f"data.held_out_fraction={data.held_out_fraction}"
    if not sample.num_train:
        raise ValueError(f"{held_out}: holds out everything; nothing is left to train on")
    if data.held_out_fraction and not sample.held_out:
        raise ValueError(f"{held_out}: holds out no game, as there are few; increase it, or set it to 0")


def _why(found: Sequence[corruption.Corruption]) -> str:
    """Counts of the corruption by reason, and the first one, for an error message."""
    if not found:
        return ""
    tally = corruption.CorruptionCounter(show=lambda skipped: None)
    for skipped in found:
        tally(skipped)
    return f"; left out: {tally}; first {found[0]}"
