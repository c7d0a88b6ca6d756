"""A side that is a GTP engine, one process per game."""

import math
import time
from collections.abc import Sequence

from alphazero.competition.control_files import settings
from alphazero.competition.play import sides
from alphazero.engine_client import gtp_client
from alphazero.go import rules

CLOSING_LIMIT_S = 10.0
"""Limit of each command after the game is over."""

_MOST_NAME, _MOST_VERSION, _MOST_COMMENT, _MOST_SHOWN = 64, 32, 20_000, 60


class EngineSide:
    """A `sides.Side` that speaks GTP, with gomill's extensions if the engine supports them."""

    def __init__(self, player: settings.PlayerSettings, context: sides.SideContext) -> None:
        self.code = player.code
        self.name = player.code
        self.description = player.code
        self.seconds = 0.0
        self.cpu_s: float | None = None
        self._player = player
        self._context = context
        self._known: dict[str, bool] = {}
        self._client: gtp_client.GtpClient | None = None
        self._is_aborted = self._is_closed = False

    def start(self) -> None:
        """Starts the engine and sends all commands up to the handicap stones."""
        context, player = self._context, self._player
        marks = {"GOMILL_GAME_ID": context.game_id} | (
            context.registry.environment if context.registry else {}
        )
        slot = {} if context.slot is None else {"GOMILL_SLOT": str(context.slot)}
        try:
            self._client = gtp_client.GtpClient(
                player.command,
                cwd=player.cwd,
                environment={**player.environ, **marks, **slot},
                time_limit_s=context.game.move_time_limit_s,
                stderr=context.stderr,
                log=context.log,
                registry=context.registry,
            )
        except gtp_client.EngineLost as error:
            raise sides.Broken(str(error)) from None
        # `abort` sets this flag before it reads `_client`, so that one of the two methods kills the engine.
        if self._is_aborted:
            self._client.kill()
        self._check_version()
        self._ask_for_names()
        for command in player.startup_gtp_commands:
            self._set_up(*command.split())
        self._set_up("boardsize", str(context.game.board_size))
        self._set_up("clear_board")
        self._set_up("komi", str(context.game.komi))

    def place_fixed(self, points: Sequence[int]) -> None:
        """Sends fixed_handicap and checks the answer."""
        answer = self._set_up("fixed_handicap", str(len(points)))
        if set(self._points(answer, "fixed_handicap")) != set(points):
            raise sides.Broken(f"answered {_shown(answer)} to 'fixed_handicap {len(points)}'")

    def place_free(self, count: int) -> list[int]:
        """Sends place_free_handicap."""
        answer = self._set_up("place_free_handicap", str(count))
        points = self._points(answer, "place_free_handicap")
        if not 2 <= len(points) <= count:
            raise sides.Broken(f"answered {_shown(answer)} to 'place_free_handicap {count}'")
        return points

    def set_free(self, points: Sequence[int]) -> None:
        """Sends set_free_handicap."""
        self._set_up("set_free_handicap", *map(self._vertex, points))

    def play(self, color: int, action: int) -> None:
        """Sends play."""
        try:
            self._send("play", rules.COLOR_NAMES[color][0], self._vertex(action))
        except gtp_client.CommandRefused as error:
            if str(error) == "illegal move":
                raise sides.Rejection(f"rejected {self._vertex(action)} as illegal") from None
            refusal = f"refused 'play {rules.COLOR_NAMES[color][0]} {self._vertex(action)}'"
            raise sides.Forfeit(f"{refusal}: {_shown(str(error))}") from None

    def genmove(self) -> sides.Reply:
        """Sends genmove, or gomill-genmove_ex if the player may claim a win."""
        may_claim = self._player.allow_claim and self._knows("gomill-genmove_ex")
        words = (
            ["gomill-genmove_ex", self._context.letter, "claim"]
            if may_claim
            else ["genmove", self._context.letter]
        )
        try:
            answer = self._send_timed(*words)
        except gtp_client.CommandRefused as error:
            raise sides.Forfeit(f"refused '{' '.join(words)}': {_shown(str(error))}") from None
        comment = _readable(self._maybe("gomill-explain_last_move") or "")[:_MOST_COMMENT]
        word = answer.strip().lower()
        if word == "resign" or (word == "claim" and may_claim):
            return sides.Reply(sides.Word(word), comment)
        try:
            return sides.Reply(rules.parse_move(answer, self._context.game.board_size), comment)
        except ValueError:
            raise sides.Forfeit(f"answered {_shown(answer)} to '{' '.join(words)}'") from None

    def final_score(self) -> str | None:
        """Sends final_score if the player is a reliable scorer."""
        answer = self._maybe("final_score") if self._player.is_reliable_scorer else None
        return None if answer is None else _readable(answer)[:_MOST_SHOWN]

    def abort(self) -> None:
        """Kills the engine, now or as soon as it has started."""
        self._is_aborted = True
        if self._client is not None:
            self._client.kill()

    def close(self) -> None:
        """Requests the CPU time and ends the engine."""
        if self._client is None or self._is_closed:
            return
        self._is_closed = True
        self._client.time_limit_s = min(self._client.time_limit_s, CLOSING_LIMIT_S)
        try:
            knows_time = self._knows("gomill-cpu_time")
        except sides.SideFailed:
            knows_time = False
        answer = self._maybe("gomill-cpu_time") if knows_time else None
        self._client.close()
        self.cpu_s = _number(answer) if knows_time else self._client.cpu_s

    def _check_version(self) -> None:
        version = self._ask("protocol_version")
        if version is not None and _number(version) != 2:
            raise sides.Broken(f"answered {_shown(version)} to 'protocol_version'; must be 2")

    def _ask_for_names(self) -> None:
        name, version = (" ".join(_readable(self._ask(what) or "").split()) for what in ("name", "version"))
        if name and version.lower().startswith(name.lower()):
            version = version[len(name) :].strip()
        full = f"{name}:{version}" if name and len(version) <= _MOST_VERSION and version else name
        if full and self._player.sgf_player_name_from_gtp:
            self.name = full[:_MOST_NAME]
        answer = self._ask("gomill-describe_engine") if self._knows("gomill-describe_engine") else None
        self.description = _readable(answer or "")[:_MOST_COMMENT].strip() or full or self.code

    def _send_timed(self, *words: str) -> str:
        """Sends a command whose duration counts as the player's thinking time."""
        limit, total = self._context.game.move_time_limit_s, self._context.game.game_time_limit_s
        left = limit if total is None else total - self.seconds
        began = time.monotonic()
        try:
            answer = self._send(*words, limit_s=min(limit, left))
        except sides.TooLate:
            if left < limit:
                raise sides.TooLate(f"used up its {total:g} s for the game") from None
            raise
        finally:
            self.seconds += time.monotonic() - began
        if total is not None and self.seconds > total:
            raise sides.TooLate(f"used up its {total:g} s for the game")
        return answer

    def _send(self, name: str, *arguments: str, limit_s: float | None = None) -> str:
        assert self._client is not None
        name = self._player.gtp_aliases.get(name, name)
        try:
            return self._client.send(" ".join([name, *arguments]), limit_s)
        except gtp_client.EngineLate as error:
            raise sides.TooLate(error.reason) from None
        except gtp_client.EngineLost as error:
            raise sides.Broken(error.reason) from None

    def _set_up(self, *words: str) -> str:
        """Sends a command that must succeed."""
        try:
            return self._send(*words)
        except gtp_client.CommandRefused as error:
            raise sides.Broken(f"refused '{' '.join(words)}': {_shown(str(error))}") from None

    def _ask(self, *words: str) -> str | None:
        """Sends a command that may be refused."""
        try:
            return self._send(*words)
        except gtp_client.CommandRefused:
            return None

    def _maybe(self, name: str) -> str | None:
        """Sends an optional command; a loss of the engine shows at the next required command."""
        try:
            return self._ask(name) if self._knows(name) else None
        except sides.SideFailed:
            return None

    def _knows(self, name: str) -> bool:
        if name not in self._known:
            answer = self._ask("known_command", self._player.gtp_aliases.get(name, name))
            self._known[name] = answer is not None and answer.strip().lower() == "true"
        return self._known[name]

    def _vertex(self, action: int) -> str:
        return rules.format_move(action, self._context.game.board_size)

    def _points(self, answer: str, command: str) -> list[int]:
        size = self._context.game.board_size
        try:
            points = [rules.parse_move(vertex, size) for vertex in answer.split()]
        except ValueError:
            points = []
        if len(set(points)) < max(1, len(points)) or size * size in points:
            raise sides.Broken(f"answered {_shown(answer)} to '{command}'")
        return points


def make(player: settings.PlayerSettings, context: sides.SideContext) -> sides.Side:
    """The side of a player that is an engine; raises ValueError if it is a network."""
    if not player.command:
        raise ValueError(f"players.{player.code}.weights: only players with a command can play here")
    return EngineSide(player, context)


def _shown(text: str) -> str:
    """The text quoted, in one line and shortened, for a message."""
    line = " ".join(_readable(text).split())
    return f"'{line[:_MOST_SHOWN]}{'...' if len(line) > _MOST_SHOWN else ''}'"


def _readable(text: str) -> str:
    """The text with bytes that are not UTF-8 replaced and without control characters."""
    valid = text.encode(errors="surrogateescape").decode(errors="replace").replace("\t", " ")
    return "".join(letter for letter in valid if letter == "\n" or letter.isprintable())


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
