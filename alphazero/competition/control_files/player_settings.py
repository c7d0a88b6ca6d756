"""The players of a control file: their settings, checked and converted."""

import os
import shlex
from pathlib import Path
from typing import Any

from alphazero.competition.control_files import setting_entries, settings, sourced
from alphazero.competition.control_files.setting_entries import SettingEntry, Table
from alphazero.evaluation import weight_files

_MOST_VISITS = 1_000_000
_NEED_COMMAND = ("cwd", "environ", "startup_gtp_commands", "gtp_aliases", "discard_stderr")
"""Settings that apply only to engines."""


def read(entry: SettingEntry, folder: Path) -> dict[str, settings.PlayerSettings]:
    """Players by code. folder: of the control file; relative paths are relative to it."""
    if not isinstance(entry.value, dict) or not entry.value:
        raise entry.must_be("a non-empty mapping of codes to players")
    players = {}
    for key, source in entry.value.items():
        code = setting_entries.identifier(
            SettingEntry(f"{entry.place}: code", sourced.Sourced(key, source.line))
        )
        players[code] = _player(code, SettingEntry(f"{entry.place}.{code}", source), folder)
    return players


def path_text(text: str, folder: Path) -> str:
    """An absolute path; expands `~`, and resolves other relative paths against `folder`."""
    return str(folder / os.path.expanduser(text))


def _player(code: str, entry: SettingEntry, folder: Path) -> settings.PlayerSettings:
    if isinstance(entry.value, str):
        command = SettingEntry(f"{entry.place}.command", entry.source)
        return settings.PlayerSettings(code=code, command=_resolved(_command(command), folder))
    if not isinstance(entry.value, dict) or entry.source.maker not in ("", "Player"):
        raise entry.must_be("a Player(...), a mapping of its settings, or its command line")
    entries = setting_entries.table(entry, _CONVERTERS)
    values = setting_entries.convert(entries, _CONVERTERS)
    _check_kind(entry, entries)
    if "command" in values:
        values["command"] = _resolved(values["command"], folder)
    if values.get("weights", weight_files.UNIFORM) != weight_files.UNIFORM:
        values["weights"] = path_text(values["weights"], folder)
    if values.get("cwd") is not None:
        values["cwd"] = Path(path_text(values["cwd"], folder))
    return settings.PlayerSettings(code=code, **values)


def _check_kind(entry: SettingEntry, entries: Table) -> None:
    if ("command" in entries) == ("weights" in entries):
        raise entry.mistake("must have either a command or weights")
    kind, others = ("command", ("visits",)) if "command" in entries else ("weights", _NEED_COMMAND)
    for name in others:
        if name in entries:
            raise entries[name].mistake(f"not allowed for players with {kind}")


def _resolved(command: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    """The command with an absolute path of its program; a name without "/" is searched on PATH later."""
    program, *arguments = command
    return (path_text(program, folder) if "/" in program else program, *arguments)


def _command(entry: SettingEntry) -> tuple[str, ...]:
    """A command line, split as by a shell, or a list of program and arguments."""
    if isinstance(entry.value, str):
        try:
            words = shlex.split(entry.value)
        except ValueError as error:
            raise entry.must_be(f"a command line; {str(error).lower()}") from None
    else:
        words = [part.value for part in _list(entry, "a command line or a list of texts")]
    if not words or not all(_is_argument(word) for word in words) or not words[0]:
        raise entry.must_be("a command line or a list of texts that begins with a program")
    return tuple(words)


def _startup_commands(entry: SettingEntry) -> tuple[str, ...]:
    """A list of GTP commands, each a text or a list of words."""
    return tuple(_gtp_command(part) for part in _list(entry, "a list of GTP commands"))


def _gtp_command(entry: SettingEntry) -> str:
    parts = entry.parts() if isinstance(entry.value, list | tuple) else [entry]
    if not parts:
        raise entry.must_be("a GTP command")
    words = " ".join(setting_entries.line(part) for part in parts).split()
    # Engines read a leading number as the command's id and do not answer comments.
    if words[0].isdigit() or words[0].startswith("#"):
        raise entry.must_be("a GTP command, which begins with its name")
    return " ".join(words)


def _list(entry: SettingEntry, allowed: str) -> list[SettingEntry]:
    if not isinstance(entry.value, list | tuple):
        raise entry.must_be(allowed)
    return entry.parts()


def _is_argument(word: object) -> bool:
    return isinstance(word, str) and "\0" not in word


def _is_variable(name: str) -> bool:
    return _is_argument(name) and name != "" and "=" not in name


def _is_gtp_word(word: str) -> bool:
    return word.isprintable() and word.split() == [word] and not word.startswith("#")


_CONVERTERS: dict[str, setting_entries.Converter[Any]] = {
    "command": _command,
    "weights": setting_entries.line,
    "visits": setting_entries.whole(1, _MOST_VISITS),
    "cwd": setting_entries.optional(setting_entries.line),
    "environ": setting_entries.optional(
        setting_entries.texts("names to text", _is_variable, _is_argument), {}
    ),
    "startup_gtp_commands": setting_entries.optional(_startup_commands, ()),
    "gtp_aliases": setting_entries.optional(
        setting_entries.texts("GTP commands to GTP commands", _is_gtp_word, _is_gtp_word), {}
    ),
    "is_reliable_scorer": setting_entries.flag,
    "allow_claim": setting_entries.flag,
    "discard_stderr": setting_entries.flag,
    "sgf_player_name_from_gtp": setting_entries.flag,
}
"""Settings of a player."""
