"""Paths of settings as they hold in every process of a run."""

from dataclasses import replace
from pathlib import Path

from alphazero.config import schema


def make_absolute(config: schema.Config) -> schema.Config:
    """The settings with paths that do not depend on where a process was started.

    A cluster's workers live in the folder in which `ray start` was called, not in the driver's.
    """
    uri, weights = config.mirror.uri, config.init.weights
    return replace(
        config,
        run=replace(config.run, dir=_absolute(config.run.dir)),
        init=config.init if weights is None else replace(config.init, weights=_absolute(weights)),
        mirror=config.mirror if uri is None or "://" in uri else replace(config.mirror, uri=_absolute(uri)),
    )


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().absolute())
