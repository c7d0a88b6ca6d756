"""Messages of one line for mistakes in the settings, made from errors of Hydra, OmegaConf and YAML.

Their own messages have many lines and end in advice for programmers. Ours name the key, the value and what is
allowed, in the form "key=value: reason".
"""

import difflib
import re
from collections.abc import Iterable, Iterator

import yaml
from hydra import errors as hydra_errors
from omegaconf import errors as omegaconf_errors

from alphazero.config import overrides

_AMBIGUOUS = re.compile(r"Ambiguous value for argument '(.*)'$")


class SettingsError(ValueError):
    """A mistake in the settings; its text is one line for the user."""


def explain(error: BaseException) -> str:
    """The message of one line for the user."""
    for cause in _chain(error):
        if isinstance(cause, yaml.MarkedYAMLError):
            return _broken_yaml(cause)
        if isinstance(cause, hydra_errors.MissingConfigException) and cause.options is not None:
            group, _, name = (cause.missing_cfg_file or "").rpartition("/")
            return (
                f"{group}={name}: unknown; there are {', '.join(cause.options)}{_guess(name, cause.options)}"
            )
        if isinstance(cause, hydra_errors.OverrideParseException):
            word = cause.override or ""
            return f"{word}: cannot be read as key=value{overrides.advice(word)}"
        if isinstance(cause, omegaconf_errors.OmegaConfBaseException) and cause.full_key:
            return _file_of(error) + _wrong_key_or_value(cause)
    text = str(error)
    if isinstance(error, hydra_errors.HydraException):
        text = text.partition("\n")[0]  # what follows is advice about Hydra
        if found := _AMBIGUOUS.match(text):
            text += overrides.advice(found[1])
    return _one_line(text)


def unknown_key(key: str, known: Iterable[object]) -> str:
    """The message for a key (with dots) whose last part is not among the `known` ones."""
    names = [str(name) for name in known]
    prefix, _, last = key.rpartition(".")
    place = f"{prefix} has" if prefix else "there are"
    return f"{key}: unknown key; {place} {', '.join(names)}{_guess(last, names)}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _broken_yaml(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    place = f"{mark.name}, line {mark.line + 1}" if mark else "a settings file"
    return f"{place}: not valid YAML: {_one_line(error.problem or error.context or '')}"


def _file_of(error: BaseException) -> str:
    """The settings file that Hydra's message begins with, as a prefix; empty for the command line."""
    found = re.match(r"In '([^']+)'", str(error))
    return f"{found[1]}.yaml: " if found and found[1] != "config" else ""


def _wrong_key_or_value(error: omegaconf_errors.OmegaConfBaseException) -> str:
    key = str(error.full_key)
    if isinstance(error, omegaconf_errors.ConfigKeyError | omegaconf_errors.ConfigAttributeError):
        # The parent of a key at the top holds Hydra's own settings as well.
        known = [name for name in (error.parent_node or ()) if name not in ("hydra", error.key)]
        return unknown_key(key, known)
    reason = (error.msg or str(error)).splitlines()[0]
    if "is not Optional" in reason:
        return f"{key}=null: must not be null"
    return f"{key}: {reason}" if error.value is None else f"{key}={error.value}: {reason}"


def _guess(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _one_line(text: str) -> str:
    return "; ".join(line.strip() for line in text.splitlines() if line.strip())
