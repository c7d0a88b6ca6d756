"""Paths of settings as they hold in every process of a run."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from alphazero.config import schema


def make_absolute(config: schema.Config) -> schema.Config:
    """The settings with paths that do not depend on where a process was started; `~` is the user's home.

    A cluster's workers live in the folder in which `ray start` was called, not in the driver's. `data.path`
    stays: it may be a pattern, only processes of one machine read it, and a resumed run must have the same.
    """
    return replace(
        config,
        run=replace(config.run, dir=_absolute(config.run.dir)),
        init=replace(config.init, weights=_optional(config.init.weights, _absolute)),
        mirror=replace(config.mirror, uri=_optional(config.mirror.uri, _absolute_place)),
        ladder=replace(config.ladder, gnugo=_absolute_program(config.ladder.gnugo)),
    )


def with_paths(config: schema.Config, change: Callable[[str], str]) -> schema.Config:
    """The settings with every path changed; which keys are paths says `overrides.PATHS`."""
    path = config.data.path
    return replace(
        config,
        run=replace(config.run, dir=change(config.run.dir)),
        init=replace(config.init, weights=_optional(config.init.weights, change)),
        mirror=replace(config.mirror, uri=_optional(config.mirror.uri, change)),
        ladder=replace(config.ladder, gnugo=change(config.ladder.gnugo)),
        data=replace(
            config.data,
            path=[change(part) for part in path] if isinstance(path, list) else _optional(path, change),
        ),
    )


def _optional(path: str | None, change: Callable[[str], str]) -> str | None:
    return None if path is None else change(path)


def _absolute(path: str) -> str:
    # Path.expanduser would take "./~x" for a home, and fails where there is no user x.
    return str(Path(os.path.expanduser(path)).absolute())


def _absolute_place(uri: str) -> str:
    return uri if "://" in uri else _absolute(uri)


def _absolute_program(program: str) -> str:
    """A program without a folder is looked for in PATH, as a shell does."""
    return _absolute(program) if os.sep in program or program.startswith("~") else program
