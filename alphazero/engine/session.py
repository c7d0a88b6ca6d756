"""Our GTP engine: one game, its commands, and what they answer."""

import sys
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from alphazero.config import game as game_config
from alphazero.engine import answers, clocks, handicap, protocol, sgf_files, thinking, time_commands, words
from alphazero.go import diagram, play, rules


class Rules(NamedTuple):
    """What an engine's user chooses among the rules."""

    ko: game_config.Ko = game_config.Ko.positional
    suicide: bool = False


class Setup(NamedTuple):
    """What an engine is started with."""

    name: str
    version: str
    description: str  # of the network and the search, for `gomill-describe_engine`
    sizes: Sequence[int]  # board sizes that the network can play
    size: int
    komi: float
    rules: Rules
    resign_threshold: float | None  # below this value it resigns; None for never


class Engine:
    """The commands of one session; `commands` is what `protocol.serve` needs."""

    def __init__(
        self, setup: Setup, make_thinker: Callable[[int], thinking.Thinker], clock: clocks.Clock
    ) -> None:
        """make_thinker: from a board size."""
        self._setup = setup
        self._clock = clock
        self._config = game_config.GameConfig(**setup.rules._asdict())
        self._make_thinker = make_thinker
        self._game = self._new_game(setup.size, setup.komi)
        self._thinker = make_thinker(setup.size)
        self.commands: dict[str, protocol.Command] = {
            "protocol_version": lambda _: "2",
            "name": lambda _: setup.name,
            "version": lambda _: setup.version,
            "quit": _quit,
            "known_command": self._known_command,
            "list_commands": lambda _: "\n".join(sorted(self.commands)),
            "boardsize": self._set_size,
            "clear_board": self._clear_board,
            "komi": self._set_komi,
            "get_komi": lambda _: f"{self._game.komi:g}",
            "fixed_handicap": self._fixed_handicap,
            "place_free_handicap": self._place_free_handicap,
            "set_free_handicap": self._set_free_handicap,
            "play": self._play,
            "genmove": self._genmove,
            "reg_genmove": self._regression_genmove,
            "undo": self._undo,
            "showboard": lambda _: f"\n{diagram.render(self._game)}",
            "final_score": lambda _: answers.score(self._game.score()),
            "all_legal": self._all_legal,
            "last_move": self._last_move,
            "move_history": lambda _: "\n".join(reversed(self._moves())),
            "printsgf": self._print_sgf,
            "loadsgf": self._load_sgf,
            "kata-raw-nn": self._raw_evaluation,
            "heatmap": self._heatmap,
            **time_commands.commands(clock),
            "gomill-cpu_time": lambda _: f"{time.process_time():.3f}",
            "gomill-describe_engine": lambda _: setup.description,
        }

    def _new_game(self, size: int, komi: float) -> play.Game:
        return play.Game(size, komi, **self._setup.rules._asdict())

    def _known_command(self, arguments: Sequence[str]) -> str:
        return "true" if arguments and arguments[0] in self.commands else "false"

    def _set_size(self, arguments: Sequence[str]) -> str:
        size = words.integer(words.only(arguments))
        self._choose_size(size, "unacceptable size")
        self._start_game(size)
        return ""

    def _start_game(self, size: int) -> None:
        self._game = self._new_game(size, self._game.komi)
        self._clock.reset()

    def _choose_size(self, size: int, complaint: str) -> None:
        if size not in self._setup.sizes:
            raise protocol.Failure(complaint)
        if size != self._game.size:
            self._thinker = self._make_thinker(size)

    def _clear_board(self, arguments: Sequence[str]) -> str:
        self._start_game(self._game.size)
        return ""

    def _set_komi(self, arguments: Sequence[str]) -> str:
        komi = words.number(words.only(arguments))
        try:
            self._game.komi = komi
        except ValueError as error:
            raise protocol.Failure(f"unacceptable {error}") from None
        return ""

    def _fixed_handicap(self, arguments: Sequence[str]) -> str:
        return handicap.place_fixed(self._game, words.integer(words.only(arguments)))

    def _place_free_handicap(self, arguments: Sequence[str]) -> str:
        return handicap.place_free(self._game, words.integer(words.only(arguments)))

    def _set_free_handicap(self, arguments: Sequence[str]) -> str:
        handicap.place_named(self._game, arguments)
        return ""

    def _play(self, arguments: Sequence[str]) -> str:
        color, action = words.color_and_action(arguments, self._game.size)
        # A controller may go on after two passes, to capture dead stones.
        game = _resumed(self._game)
        try:
            game.play(action, color)
        except ValueError:
            raise protocol.Failure("illegal move") from None
        self._game = game
        return ""

    def _genmove(self, arguments: Sequence[str]) -> str:
        color = words.color(words.only(arguments))
        choice, seconds = self._think(color)
        self._clock.charge(color, seconds)
        threshold = self._setup.resign_threshold
        if threshold is not None and choice.visits and choice.value < threshold:
            return "resign"
        self._game = _resumed(self._game)
        self._game.play(choice.action, color)
        return self._move_name(choice)

    def _regression_genmove(self, arguments: Sequence[str]) -> str:
        choice, _ = self._think(words.color(words.only(arguments)))
        return self._move_name(choice)

    def _think(self, color: int) -> tuple[thinking.Choice, float]:
        """A move and how many seconds were spent on it."""
        budget = self._clock.start(color, self._game.size**2, len(self._game.moves))
        position = self._game.copy()
        position.to_play = color
        return self._thinker.choose(position, budget.is_spent), budget.elapsed()

    def _move_name(self, choice: thinking.Choice) -> str:
        return rules.format_move(choice.action, self._game.size)

    def _undo(self, arguments: Sequence[str]) -> str:
        if not self._game.moves:
            raise protocol.Failure("cannot undo")
        self._game.undo()
        return ""

    def _all_legal(self, arguments: Sequence[str]) -> str:
        position = _resumed(self._game.copy())
        position.to_play = words.color(words.only(arguments))
        return answers.all_legal(position.legal(), position.size)

    def _moves(self) -> list[str]:
        size = self._game.size
        return [f"{rules.COLOR_NAMES[color]} {rules.format_move(a, size)}" for color, a in self._game.moves]

    def _last_move(self, arguments: Sequence[str]) -> str:
        if not self._game.moves:
            raise protocol.Failure("no previous move known")
        return self._moves()[-1]

    def _print_sgf(self, arguments: Sequence[str]) -> str:
        text = sgf_files.write(self._game, self._config)
        if not arguments:
            return text.decode()
        sgf_files.save(text, arguments[0])
        return ""

    def _load_sgf(self, arguments: Sequence[str]) -> str:
        game = sgf_files.load(arguments, self._config)
        self._choose_size(game.size, f"cannot load file: unacceptable size {game.size}")
        self._game = game
        return ""

    def _raw_evaluation(self, arguments: Sequence[str]) -> str:
        texts = []
        for s in words.symmetries(words.only(arguments)):
            policy, value = self._thinker.evaluate(self._game, s)
            white_value = value if self._game.to_play == rules.WHITE else -value
            legal = _resumed(self._game.copy()).legal()
            texts.append(answers.raw_evaluation(s, policy, legal, (1 + white_value) / 2))
        return "\n".join(texts)

    def _heatmap(self, arguments: Sequence[str]) -> str:
        choice = words.only(arguments) if arguments else "0"
        is_average = choice in ("average", "avg")
        symmetries = words.symmetries("all" if is_average else choice)
        pairs = [self._thinker.evaluate(self._game, s) for s in symmetries]
        if is_average:
            policies, values = zip(*pairs, strict=True)
            pairs = [(np.mean(policies, axis=0), float(np.mean(values)))]
        maps = [answers.heatmap(policy, self._game.stones, value) for policy, value in pairs]
        text = "\n".join(maps)
        if not sys.stderr.isatty():
            # There Leela Zero prints it, and there programs made for Leela Zero look for it.
            print(text, file=sys.stderr, flush=True)
        return f"\n{text}"


def _resumed(game: play.Game) -> play.Game:
    """`game` itself, or an unfinished copy of it if two passes have ended it."""
    if not game.is_over:
        return game
    game = game.copy()
    game.resume()
    return game


def _quit(arguments: Sequence[str]) -> str:
    raise protocol.Quit
