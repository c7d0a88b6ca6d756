"""The players of a control file."""

import os
import shlex
from pathlib import Path
from typing import Any

from alphazero.competition import entries, settings, sourced
from alphazero.competition.entries import Entry, Table

_MOST_VISITS = 1_000_000
_UNIFORM = "none"
"""Instead of a weight file: the network that knows nothing."""
_NEED_COMMAND = ("cwd", "environ", "startup_gtp_commands", "gtp_aliases", "discard_stderr")
"""Settings that a network in our own process has no use for."""


def read(entry: Entry, folder: Path) -> dict[str, settings.Player]:
    """Players by code. folder: of the control file, from which relative paths count."""
    if not isinstance(entry.value, dict) or not entry.value:
        raise entry.must_be("a mapping of codes to players, and not empty")
    players = {}
    for key, source in entry.value.items():
        code = entries.identifier(Entry(f"{entry.place}: code", sourced.Sourced(key, source.line)))
        players[code] = _player(code, Entry(f"{entry.place}.{code}", source), folder)
    return players


def path_text(text: str, folder: Path) -> str:
    """An absolute path; `~` is somebody's home, and other relative paths count from `folder`."""
    return str(folder / os.path.expanduser(text))


def _player(code: str, entry: Entry, folder: Path) -> settings.Player:
    if isinstance(entry.value, str):
        command = Entry(f"{entry.place}.command", entry.source)
        return settings.Player(code=code, command=_resolved(_command(command), folder))
    if not isinstance(entry.value, dict) or entry.source.maker not in ("", "Player"):
        raise entry.must_be("a Player(...), a mapping of its settings, or its command line")
    table = entries.table(entry, _CONVERTERS)
    values = entries.convert(table, _CONVERTERS)
    _check_kind(entry, table)
    if "command" in values:
        values["command"] = _resolved(values["command"], folder)
    if values.get("weights", _UNIFORM) != _UNIFORM:
        values["weights"] = path_text(values["weights"], folder)
    if values.get("cwd") is not None:
        values["cwd"] = Path(path_text(values["cwd"], folder))
    return settings.Player(code=code, **values)


def _check_kind(entry: Entry, table: Table) -> None:
    if ("command" in table) == ("weights" in table):
        raise entry.mistake("must have either a command or weights")
    kind, others = ("command", ("visits",)) if "command" in table else ("weights", _NEED_COMMAND)
    for name in others:
        if name in table:
            raise table[name].mistake(f"not for players with {kind}")


def _resolved(command: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    """A program without "/" in its name is looked for on PATH later."""
    program, *arguments = command
    return (path_text(program, folder) if "/" in program else program, *arguments)


def _command(entry: Entry) -> tuple[str, ...]:
    """Text that is split as a shell would, or a list of program and arguments."""
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


def _startup_commands(entry: Entry) -> tuple[str, ...]:
    """GTP commands, each a text or a list of its words."""
    return tuple(_gtp_command(part) for part in _list(entry, "a list of GTP commands"))


def _gtp_command(entry: Entry) -> str:
    parts = entry.parts() if isinstance(entry.value, list | tuple) else [entry]
    if not parts:
        raise entry.must_be("a GTP command")
    words = " ".join(entries.line(part) for part in parts).split()
    # An engine takes a leading number for the command's id, and does not answer a comment.
    if words[0].isdigit() or words[0].startswith("#"):
        raise entry.must_be("a GTP command, which begins with its name")
    return " ".join(words)


def _list(entry: Entry, allowed: str) -> list[Entry]:
    if not isinstance(entry.value, list | tuple):
        raise entry.must_be(allowed)
    return entry.parts()


def _is_argument(word: object) -> bool:
    return isinstance(word, str) and "\0" not in word


def _is_variable(name: str) -> bool:
    return _is_argument(name) and name != "" and "=" not in name


def _is_gtp_word(word: str) -> bool:
    return word.isprintable() and word.split() == [word] and not word.startswith("#")


_CONVERTERS: dict[str, entries.Converter[Any]] = {
    "command": _command,
    "weights": entries.line,
    "visits": entries.whole(1, _MOST_VISITS),
    "cwd": entries.optional(entries.line),
    "environ": entries.optional(entries.texts("names to text", _is_variable, _is_argument), {}),
    "startup_gtp_commands": entries.optional(_startup_commands, ()),
    "gtp_aliases": entries.optional(
        entries.texts("GTP commands to GTP commands", _is_gtp_word, _is_gtp_word), {}
    ),
    "is_reliable_scorer": entries.flag,
    "allow_claim": entries.flag,
    "discard_stderr": entries.flag,
    "sgf_player_name_from_gtp": entries.flag,
}
"""What a player may say of itself."""
