"""Composition of the settings from conf/*.yaml and the command line with Hydra.

Every file directly in conf/ is a complete run, `conf=NAME`. A file in one of its folders is an option of the
group with the folder's name, `net=b6c64`. All are put into Hydra's ConfigStore, together with the typed
schema, so that `--help` lists only them and `--config-dir DIR` adds a user's own. Hydra only composes: it
makes no folders, sets up no logging and does not change the working directory.
"""

import contextlib
import dataclasses
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import hydra
import yaml
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from alphazero import run_paths, shipped
from alphazero.config import mistakes, overrides, paths, schema

# Later entries win, so that a complete run may set any key of any group.
DEFAULTS = [
    "schema",
    {"net": "b5c48"},
    {"search": "gumbel"},
    {"optimizer": "adamw"},
    {"schedule": "tail"},
    {"gate": "sprt"},
    {"cluster": "auto"},
    {"conf": "9x9"},
    "_self_",
    {"override hydra/job_logging": "none"},
    {"override hydra/hydra_logging": "none"},
]
HELP = """One AlphaZero run: self-play, training, gates. Ctrl-C saves and ends; the same command resumes.
alphazero supervised has the same settings, learns from the positions that data.path names, and does not play.

  alphazero run conf=9x9 stop.minutes=20
  alphazero supervised conf=19x19 data.path='chunks/*.gz' run.dir=runs/pro
  alphazero run conf=13x13 net=b10c128 run.dir=runs/wide selfplay.num_actors=8

Choices, picked as name=option (complete runs are conf=NAME):

$APP_CONFIG_GROUPS
Keys and their values with these choices, set as key.name=value:

$CONFIG
--cfg job prints the settings and ends; --config-dir DIR adds your own files to the choices.
"""
HYDRA = {"output_subdir": None, "run": {"dir": "."}, "help": {"template": HELP}}


def conf_folder() -> Path:
    """The folder of the shipped YAML files."""
    return shipped.folder("conf")


def names(group: str = "conf") -> list[str]:
    """The shipped options of a group; those of group conf are the complete runs."""
    folder = conf_folder() if group == "conf" else conf_folder() / group
    return sorted(path.stem for path in folder.glob("*.yaml"))


def compose(words: Sequence[str] = ()) -> schema.Config:
    """The checked settings for command-line words such as "conf=smoke"; SettingsError for a mistake.

    Paths are taken literally (overrides.py).
    """
    with _explained():
        _register()
        with hydra.initialize(version_base="1.3", config_path=None):
            return _checked(hydra.compose("config", overrides=overrides.for_hydra(words)))


def changed(config: schema.Config, words: Sequence[str]) -> schema.Config:
    """The settings with other ones from words such as "search.c_scale=1" or "schedule=constant".

    A group's option changes only the keys in its file. Raises SettingsError for a mistake.
    """
    with _explained():
        _register()
        groups = [key for entry in DEFAULTS if isinstance(entry, dict) for key in entry if " " not in key]
        defaults = ["kept", *({group: None} for group in groups if group != "conf"), "_self_"]
        store = ConfigStore.instance()
        store.store(name="kept", node=OmegaConf.structured(paths.with_paths(config, overrides.escape)))
        store.store(name="changed", node={"defaults": defaults})
        with hydra.initialize(version_base="1.3", config_path=None):
            return _checked(hydra.compose("changed", overrides=overrides.for_hydra(words)))


def main_config(arguments: Sequence[str] | None = None) -> schema.Config | None:
    """The settings of the command line; None if it only prints something, such as with --help.

    arguments: by default those of sys.argv. A mistake ends the program with one line and exit code 2.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    composed: list[DictConfig] = []
    try:
        with _explained():
            _register()
            if {"-m", "--multirun"} & set(words):
                raise mistakes.SettingsError(
                    "--multirun: is not supported, as a run can last for ever; start each run by itself"
                )
            _run_hydra(overrides.for_hydra(words), composed.append)
            return _checked(composed[0]) if composed else None
    except mistakes.SettingsError as error:
        _fail(str(error))


def to_yaml(config: schema.Config) -> str:
    """The whole tree as YAML; its keys are those of the command line, and `of_run` can read it.

    In a path `${` is escaped, because it begins an interpolation in OmegaConf.
    """
    return OmegaConf.to_yaml(OmegaConf.structured(paths.with_paths(config, overrides.escape)))


def of_run(folder: Path) -> schema.Config:
    """The settings in a run's config.yaml; ValueError in one line if there are none."""
    path = folder / run_paths.CONFIG
    try:
        with _explained():
            kept = OmegaConf.merge(OmegaConf.structured(schema.Config), OmegaConf.load(path))
            assert isinstance(kept, DictConfig)
            return _checked(kept)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}; it must be the folder of a run") from None
    except mistakes.SettingsError as error:
        raise ValueError(f"{path}: {error}") from None


def _register() -> None:
    store = ConfigStore.instance()
    store.store(name="schema", node=schema.Config)
    store.store(name="config", node={"defaults": DEFAULTS, "hydra": HYDRA})
    for path in sorted(conf_folder().rglob("*.yaml")):
        is_run = path.parent == conf_folder()
        group, package = ("conf", "_global_") if is_run else (path.parent.name, path.parent.name)
        store.store(group=group, name=path.stem, node=OmegaConf.load(path), package=package)


def _checked(composed: DictConfig) -> schema.Config:
    _refuse_added_keys(composed, schema.Config, prefix="")
    config = OmegaConf.to_object(composed)
    assert isinstance(config, schema.Config)
    return config


def _refuse_added_keys(node: DictConfig, kind: type, prefix: str) -> None:
    """Raises SettingsError for a key that no dataclass has, which Hydra's "+key=value" can add."""
    known = [field.name for field in dataclasses.fields(kind)]
    for key in node:
        if key not in known:
            raise mistakes.SettingsError(mistakes.unknown_key(f"{prefix}{key}", known))
        child = node[key]
        child_kind = OmegaConf.get_type(child) if isinstance(child, DictConfig) else None
        if dataclasses.is_dataclass(child_kind):  # not the table of a setting such as game.sizes
            _refuse_added_keys(child, child_kind, prefix=f"{prefix}{key}.")


def _run_hydra(words: list[str], task: Callable[[DictConfig], None]) -> None:
    """Makes Hydra read the command line and call `task`; raises its errors instead of printing them."""
    saved_argv, saved_full = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv = [sys.argv[0], *words]
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        hydra.main(version_base="1.3", config_path=None, config_name="config")(task)()
    finally:
        sys.argv = saved_argv
        if saved_full is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = saved_full


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Turns each error that a user can cause into a SettingsError of one line."""
    try:
        yield
    except mistakes.SettingsError:
        raise
    except (HydraException, OmegaConfBaseException, yaml.YAMLError, ValueError) as error:
        raise mistakes.SettingsError(mistakes.explain(error)) from error


def _fail(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise SystemExit(2)
