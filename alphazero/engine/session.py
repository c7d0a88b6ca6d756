"""GTP session of the engine: one game, the commands and their answers."""

from collections.abc import Callable, Sequence

from alphazero.engine import clocks, engine_search, protocol, state
from alphazero.engine.commands import (
    analysis_commands,
    game_commands,
    handicap_commands,
    move_commands,
    network_commands,
    option_commands,
    rule_commands,
    sgf_commands,
    time_commands,
)

MODULES = (
    game_commands,
    handicap_commands,
    move_commands,
    network_commands,
    option_commands,
    rule_commands,
    sgf_commands,
    time_commands,
)
"""Modules of commands that answer at once; `analysis_commands` writes its answers line by line."""


class Engine:
    """Commands of one session. `everything` is the argument of `protocol.serve`."""

    def __init__(
        self,
        setup: state.Setup,
        make_search: Callable[[int], engine_search.EngineSearch],
        clock: clocks.Clock,
    ) -> None:
        """make_search: makes a search for a board size."""
        self.state = state.State(setup, make_search, clock)
        self.streams = analysis_commands.commands(self.state)
        self.commands: dict[str, protocol.Command] = {
            "protocol_version": lambda _: "2",
            "name": lambda _: setup.name,
            "version": lambda _: setup.version,
            "gomill-describe_engine": lambda _: setup.description,
            "quit": _quit,
            "known_command": self._known_command,
            "list_commands": lambda _: "\n".join(self._names()),
        }
        for module in MODULES:
            self.commands |= module.commands(self.state)

    @property
    def everything(self) -> protocol.Commands:
        """All commands, with pondering between them."""
        return protocol.Commands(self.commands, self.streams, self.state.ponder)

    def _names(self) -> list[str]:
        """Names of all commands. LizzieYzy recognises the list by its first name."""
        first = "protocol_version"
        return [first, *sorted({*self.commands, *self.streams} - {first})]

    def _known_command(self, arguments: Sequence[str]) -> str:
        is_known = bool(arguments) and (arguments[0] in self.commands or arguments[0] in self.streams)
        return "true" if is_known else "false"


def _quit(arguments: Sequence[str]) -> str:
    raise protocol.Quit
