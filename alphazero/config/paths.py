"""Paths in the settings, made valid for every process of a run."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from alphazero.config import schema


def make_absolute(config: schema.Config) -> schema.Config:
    """The settings with absolute paths; `~` is the user's home.

    A cluster's workers have the working directory of `ray start` and not the driver's. `data.path` stays: it
    may be a pattern, only processes of one machine read it, and it must be the same in a resumed run.
    """
    return replace(
        config,
        run=replace(config.run, dir=_absolute(config.run.dir)),
        init=replace(config.init, weights=_optional(config.init.weights, _absolute)),
        mirror=replace(config.mirror, uri=_optional(config.mirror.uri, _absolute_place)),
        ladder=replace(config.ladder, gnugo=_absolute_program(config.ladder.gnugo)),
    )


def with_paths(config: schema.Config, change: Callable[[str], str]) -> schema.Config:
    """The settings with `change` applied to every path of `overrides.PATHS`."""
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
    # Path.expanduser would take "./~x" for a home, and fail if there is no user x.
    return str(Path(os.path.expanduser(path)).absolute())


def _absolute_place(uri: str) -> str:
    return uri if "://" in uri else _absolute(uri)


def _absolute_program(program: str) -> str:
    """An absolute path, or a name without a folder, which is searched in PATH as in a shell."""
    return _absolute(program) if os.sep in program or program.startswith("~") else program
