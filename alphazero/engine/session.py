"""GTP session of the engine: one game, the commands and their answers."""

from collections.abc import Callable, Sequence

from alphazero.config import game as game_config
from alphazero.engine import clocks, engine_search, protocol, state
from alphazero.engine.commands import (
    analysis_commands,
    answers,
    command_arguments,
    handicap_commands,
    move_commands,
    network_commands,
    option_commands,
    rule_commands,
    sgf_files,
    time_commands,
)
from alphazero.go import diagram, rules


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
            "quit": _quit,
            "known_command": self._known_command,
            "list_commands": lambda _: "\n".join(self._names()),
            "boardsize": self._set_size,
            "clear_board": self._clear_board,
            "komi": self._set_komi,
            "get_komi": lambda _: f"{self.state.game.komi:g}",
            "set_position": self._set_position,
            "play": self._play,
            "undo": self._undo,
            "showboard": lambda _: f"\n{diagram.render(self.state.game)}",
            "final_score": lambda _: answers.score(self.state.game.score()),
            "all_legal": self._all_legal,
            "last_move": self._last_move,
            "move_history": lambda _: "\n".join(reversed(self._moves())),
            "printsgf": self._print_sgf,
            "loadsgf": self._load_sgf,
            "gomill-describe_engine": lambda _: setup.description,
            **handicap_commands.commands(self.state),
            **move_commands.commands(self.state),
            **network_commands.commands(self.state),
            **option_commands.commands(self.state),
            **rule_commands.commands(self.state),
            **time_commands.commands(clock),
        }

    @property
    def everything(self) -> protocol.Commands:
        """All commands, with pondering between them."""
        return protocol.Commands(self.commands, self.streams, self.state.ponder)

    @property
    def _config(self) -> game_config.GameConfig:
        return game_config.GameConfig(**self.state.rules._asdict())

    def _names(self) -> list[str]:
        """Names of all commands. LizzieYzy recognises the list by its first name."""
        first = "protocol_version"
        return [first, *sorted({*self.commands, *self.streams} - {first})]

    def _known_command(self, arguments: Sequence[str]) -> str:
        is_known = bool(arguments) and (arguments[0] in self.commands or arguments[0] in self.streams)
        return "true" if is_known else "false"

    def _set_size(self, arguments: Sequence[str]) -> str:
        size = command_arguments.integer(command_arguments.only(arguments))
        self.state.choose_size(size, "unacceptable size")
        self.state.start_game(size)
        return ""

    def _clear_board(self, arguments: Sequence[str]) -> str:
        self.state.start_game(self.state.game.size)
        return ""

    def _set_komi(self, arguments: Sequence[str]) -> str:
        text = command_arguments.only(arguments)
        komi = command_arguments.komi(text)
        if komi != float(text):
            protocol.tell(f"komi {text} is rounded to {komi:g}: it must be a multiple of 0.5")
        self.state.game.komi = komi
        return ""

    def _set_position(self, arguments: Sequence[str]) -> str:
        """Replaces the game by stones, given as colours and points in turn. Black is to move."""
        command_arguments.require(len(arguments) % 2 == 0)
        size = self.state.game.size
        stones: dict[int, list[int]] = {rules.BLACK: [], rules.WHITE: []}
        for pair in zip(arguments[::2], arguments[1::2], strict=True):
            color, action = command_arguments.color_and_action(pair, size)
            if action == size**2:
                raise protocol.CommandError(
                    "cannot set up a pass: set_position takes stones, as in b D4 w E5"
                )
            stones[color].append(action)
        game = self.state.new_game(size, self.state.game.komi)
        try:
            game.set_up(stones[rules.BLACK], stones[rules.WHITE], rules.BLACK)
        except ValueError:
            raise protocol.CommandError("illegal position") from None
        self.state.game = game
        return ""

    def _play(self, arguments: Sequence[str]) -> str:
        color, action = command_arguments.color_and_action(arguments, self.state.game.size)
        # A controller may continue after two passes to capture dead stones.
        game = state.resumed(self.state.game)
        try:
            game.play(action, color)
        except ValueError:
            raise protocol.CommandError("illegal move") from None
        self.state.game = game
        return ""

    def _undo(self, arguments: Sequence[str]) -> str:
        if not self.state.game.moves:
            raise protocol.CommandError("cannot undo")
        self.state.game.undo()
        return ""

    def _all_legal(self, arguments: Sequence[str]) -> str:
        position = self.state.position(command_arguments.color(command_arguments.only(arguments)))
        return answers.all_legal(position.legal(), position.size)

    def _moves(self) -> list[str]:
        game = self.state.game
        return [
            f"{rules.COLOR_NAMES[color]} {rules.format_move(action, game.size)}"
            for color, action in game.moves
        ]

    def _last_move(self, arguments: Sequence[str]) -> str:
        if not self.state.game.moves:
            raise protocol.CommandError("no previous move known")
        return self._moves()[-1]

    def _print_sgf(self, arguments: Sequence[str]) -> str:
        text = sgf_files.write(self.state.game, self._config)
        if not arguments:
            return text.decode()
        sgf_files.save(text, arguments[0])
        return ""

    def _load_sgf(self, arguments: Sequence[str]) -> str:
        game = sgf_files.load(arguments, self._config, self.state.game.komi)
        self.state.choose_size(game.size, f"cannot load file: unacceptable size {game.size}")
        self.state.game = game
        return ""


def _quit(arguments: Sequence[str]) -> str:
    raise protocol.Quit
