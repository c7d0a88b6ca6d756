"""A finished self-play game, as sent from an actor to the replay store and written to the log."""

import json
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import zstandard

from alphazero.config import game as game_config

END_REASONS = ("passes", "resign", "settled", "limit")
_KO_RULES = [rule.value for rule in game_config.Ko]
_VERSION = 2
_READABLE = (1, 2)  # version 1 has no `surprise`
_ADDED_LATER = {"ko": game_config.Ko.positional.value}  # values for headers without the field
_HEADER_LENGTH_BYTES = 4
_LARGEST_POLICY_ERROR = 0.02  # float16 rounds a row of 362 entries by far less
_LARGEST_VALUE = 1 + 1e-4  # means of values in [-1, 1] may round up


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GameRecord:
    """One game: T moves, the first `num_played` of them chosen by the players; P points, A = P + 1.

    After a resignation the game is played out without search, until it ends or the board is settled, so
    that every game has a score and owners. The moves of the play-out follow the played ones. The
    constructor raises ValueError on contradictions. It does not check that moves are legal; a replay does.
    """

    game_id: str
    """Unique within the run; a game that is pushed twice counts once."""
    size: int
    komi: float
    ko: str = game_config.Ko.positional.value
    """Name of a `Ko`; the default is the rule of games that were logged without the field."""
    suicide: bool
    move_limit: int
    moves: np.ndarray
    """[T] int16 actions, Black's first."""
    num_played: int
    """Moves before a resignation; T without one."""
    policy: np.ndarray
    """[num_played, A] float16 improved policy of the full search; a row of zeros means no target."""
    root_values: np.ndarray
    """[num_played] float32 value of the search's root for the player to move; nan without search."""
    surprise: np.ndarray
    """[num_played] float32 Kullback-Leibler divergence of `policy` from the raw policy, in nats; nan without
    a full search, and in records of version 1."""
    winner: int
    """+1 Black, 0 draw, -1 White; decided by the score unless a player resigned."""
    score: float
    """Black's area minus White's minus komi, at the end of the play-out."""
    ownership: np.ndarray
    """[P] int8 final owners: +1 Black, -1 White, 0 neutral; on a settled board, points of dead stones belong
    to the opponent."""
    end: str
    """How play ended, one of END_REASONS; settled: ended because every point has its owner."""
    oldest_weights: int
    """Version of the network at the first move."""
    newest_weights: int
    """Version of the network at the last move."""
    num_simulations: int
    """Simulations for each move of a full search."""
    may_resign: bool
    """False if resignation was disabled for this game."""

    def __post_init__(self) -> None:
        self._check_scalars()
        self._check_array("moves", np.int16, (len(self.moves),))
        self._check_array("policy", np.float16, (self.num_played, self.num_actions))
        self._check_array("root_values", np.float32, (self.num_played,))
        self._check_array("surprise", np.float32, (self.num_played,))
        self._check_array("ownership", np.int8, (self.num_points,))
        self._check_moves()
        self._check_targets()
        self._check_result()

    @property
    def rules(self) -> game_config.GameConfig:
        """The rules of the game."""
        return game_config.GameConfig(
            size=self.size,
            komi=self.komi,
            ko=game_config.Ko(self.ko),
            suicide=self.suicide,
            move_limit=self.move_limit,
        )

    @property
    def num_points(self) -> int:
        """P, the points of the board."""
        return self.size * self.size

    @property
    def num_actions(self) -> int:
        """A, the points and the pass."""
        return self.num_points + 1

    @property
    def is_resigned(self) -> bool:
        """Whether a player resigned."""
        return self.end == "resign"

    @property
    def has_target(self) -> np.ndarray:
        """[num_played] bool: searched positions, which training learns from."""
        return ~np.isnan(self.root_values)

    @property
    def has_policy(self) -> np.ndarray:
        """[num_played] bool: positions with a full search, whose policy is a target too."""
        # Policies are not negative, so the largest entry serves as well as the sum, and cannot overflow.
        return self.policy.max(axis=1, initial=0) > 0

    @property
    def num_targets(self) -> int:
        """Number of positions that training can learn from."""
        return int(np.count_nonzero(self.has_target))

    def to_bytes(self) -> bytes:
        """The record as bytes: length of the header, header as JSON, arrays compressed with zstandard."""
        header = {field: getattr(self, field) for field in _SCALARS}
        header |= {"version": _VERSION, "num_moves": len(self.moves), "num_targets": self.num_targets}
        text = json.dumps(header, separators=(",", ":"), default=_as_plain).encode()
        raw = b"".join(getattr(self, name).tobytes() for name in _ARRAYS)
        return len(text).to_bytes(_HEADER_LENGTH_BYTES, "little") + text + zstandard.compress(raw)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The record that `to_bytes` wrote; raises ValueError for anything else."""
        header = _ADDED_LATER | read_header(data)
        try:
            shapes = _shapes(header)
            scalars = {field: header[field] for field in _SCALARS}
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"game record: missing or invalid in the header: {error}") from error
        compressed = data[_HEADER_LENGTH_BYTES + _header_length(data) :]
        raw = _decompress(compressed, sum(_num_bytes(name, shapes[name]) for name in shapes))
        arrays, start = {}, 0
        for name in shapes:
            stop = start + _num_bytes(name, shapes[name])
            arrays[name] = np.frombuffer(raw[start:stop], _ARRAYS[name]).reshape(shapes[name])
            start = stop
        arrays.setdefault("surprise", np.full(shapes["root_values"], np.nan, np.float32))
        return cls(**scalars, **arrays)

    def _check_scalars(self) -> None:
        self._require(2 <= self.size <= 19, f"size {self.size} is not from 2 to 19")
        self._require(bool(self.game_id), "the game_id is empty")
        self._require(self.end in END_REASONS, f"end {self.end!r} is not one of {', '.join(END_REASONS)}")
        self._require(self.ko in _KO_RULES, f"ko {self.ko!r} is not one of {', '.join(_KO_RULES)}")
        self._require(2 * self.komi % 1 == 0, f"komi {self.komi} is not a multiple of 0.5")
        self._require(self.num_simulations >= 0, f"num_simulations {self.num_simulations} is negative")
        self._require(
            0 <= self.oldest_weights <= self.newest_weights,
            f"weights from {self.oldest_weights} to {self.newest_weights} must not be negative or decrease",
        )

    def _check_array(self, name: str, dtype: type, shape: tuple[int, ...]) -> None:
        array = getattr(self, name)
        wanted = f"{name} must be {np.dtype(dtype)} {list(shape)}"
        self._require(
            array.dtype == dtype and array.shape == shape, f"{wanted}, not {array.dtype} {list(array.shape)}"
        )

    def _check_moves(self) -> None:
        moves = self.moves
        self._require(
            not len(moves) or (moves.min() >= 0 and moves.max() <= self.num_points),
            f"a move is outside 0 to {self.num_points}",
        )
        self._require(
            0 <= self.num_played <= len(moves) <= self.move_limit,
            f"num_played={self.num_played}, {len(moves)} moves and move_limit={self.move_limit}: "
            "must satisfy 0 <= num_played <= moves <= move_limit",
        )
        self._require(
            self.is_resigned or self.num_played == len(moves),
            "moves follow the end of a game without resignation",
        )

    def _check_targets(self) -> None:
        sums = self.policy.sum(axis=1, dtype=np.float32)
        has_policy = self.has_policy
        is_policy = np.where(has_policy, np.abs(sums - 1) < _LARGEST_POLICY_ERROR, sums == 0)
        self._require(bool(is_policy.all()), "a policy does not sum to 1")
        self._require(self.policy.min(initial=0) >= 0, "a policy has a negative entry")
        values = self.root_values
        # Comparisons with nan are false, so nan is refused if there is a policy.
        is_value = (np.abs(values) <= _LARGEST_VALUE) | (np.isnan(values) & ~has_policy)
        self._require(bool(is_value.all()), "a root value is not in [-1, 1]")
        is_surprise = np.isnan(self.surprise) | ((self.surprise >= 0) & (self.surprise < np.inf))
        self._require(bool(is_surprise.all()), "a surprise is negative or infinite")

    def _check_result(self) -> None:
        self._require(self.winner in (-1, 0, 1), f"winner {self.winner} is not -1, 0 or 1")
        self._require(self.ownership.min() >= -1 and self.ownership.max() <= 1, "ownership is not -1, 0 or 1")
        area = int(self.ownership.sum(dtype=np.int64))
        self._require(
            self.score == area - self.komi, f"score {self.score} is not {area} points minus komi {self.komi}"
        )
        self._require(
            self.is_resigned or self.winner == np.sign(self.score),
            f"winner {self.winner} contradicts score {self.score}",
        )

    def _require(self, condition: bool, reason: str) -> None:
        if not condition:
            raise ValueError(f"game record {self.game_id!r}: {reason}")


_ARRAYS: dict[str, str] = {
    "moves": "<i2",
    "policy": "<f2",
    "root_values": "<f4",
    "ownership": "<i1",
    "surprise": "<f4",
}
_SCALARS = [field.name for field in fields(GameRecord) if field.name not in _ARRAYS]


def read_header(data: bytes) -> dict[str, Any]:
    """The header that `to_bytes` wrote, with num_moves and num_targets; does not unpack the arrays."""
    try:
        header = json.loads(data[_HEADER_LENGTH_BYTES : _HEADER_LENGTH_BYTES + _header_length(data)])
        version = header["version"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("game record: unreadable header") from error
    if version not in _READABLE:
        raise ValueError(f"game record: version {version}, expected at most {_VERSION}")
    return header


def _as_plain(number: np.generic) -> object:
    """The scalar as a Python number, since JSON cannot encode numpy scalars."""
    return number.item()


def _header_length(data: bytes) -> int:
    return int.from_bytes(data[:_HEADER_LENGTH_BYTES], "little")


def _shapes(header: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Shapes of the arrays in a record with this header, in the order of storage."""
    size, num_moves, num_played = (int(header[key]) for key in ("size", "num_moves", "num_played"))
    if not (2 <= size <= 19 and 0 <= num_played <= num_moves <= np.iinfo(np.int16).max):
        raise ValueError(f"size {size}, num_moves {num_moves}, num_played {num_played}")
    points = size * size
    shapes: dict[str, tuple[int, ...]] = {
        "moves": (num_moves,),
        "policy": (num_played, points + 1),
        "root_values": (num_played,),
        "ownership": (points,),
    }
    return shapes if header["version"] == 1 else shapes | {"surprise": (num_played,)}


def _num_bytes(name: str, shape: tuple[int, ...]) -> int:
    return np.dtype(_ARRAYS[name]).itemsize * int(np.prod(shape))


def _decompress(compressed: bytes, num_bytes: int) -> bytes:
    """`num_bytes` bytes; refuses a frame that announces another size before memory is allocated."""
    try:
        announced = zstandard.get_frame_parameters(compressed).content_size
        if announced != num_bytes:
            raise ValueError(f"game record: {announced} bytes of arrays, expected {num_bytes}")
        return zstandard.decompress(compressed, max_output_size=num_bytes)
    except zstandard.ZstdError as error:
        raise ValueError(f"game record: {error}") from error
