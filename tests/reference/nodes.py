"""Positions and nodes of the slow search, and the evaluation of leaves.

An action is a point y * size + x, or size * size for a pass. Every value is seen by the player to move.
"""

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from alphazero import evaluator as evaluators
from tests.reference import board as reference_board


@dataclass(frozen=True, kw_only=True)
class Options:
    """Settings with the names of config.search and of SearchOptions."""

    is_gumbel: bool
    num_simulations: int
    num_considered: int = 16
    c_visit: float = 50.0
    c_scale: float = 0.5
    gumbel_visits: int = 64
    c_init: float = 1.25
    c_base: float = 19652.0
    fpu_reduction: float = 0.25
    forced_playouts: float = 0.0
    utility_stdev_scale: float = 0.0
    utility_stdev_prior: float = 0.4
    lcb_stdevs: float = 0.0
    leaf_batch: int = 1
    score_weight: float = 0.0
    score_scale: float = 10.0


class Position:
    """An immutable game with komi and a move limit. `after` makes a new one."""

    def __init__(self, game: reference_board.Game, komi: float, move_limit: int) -> None:
        self.game = game
        self.komi = komi
        self.move_limit = move_limit
        self.num_actions = game.size**2 + 1
        self.is_over = game.is_over or len(game.moves) >= move_limit
        self.is_after_pass = bool(game.moves) and game.moves[-1] is None
        self.has_superko = False
        """Whether `legal` has found a point that superko forbids."""

    def after(self, action: int) -> "Position":
        game = copy.copy(self.game)
        for name, value in vars(game).items():
            if isinstance(value, list | dict | set):
                setattr(game, name, value.copy())
        game.play(None if action == self.num_actions - 1 else (action % game.size, action // game.size))
        return Position(game, self.komi, self.move_limit)

    def legal(self) -> list[int]:
        size = self.game.size
        reasons = [self.game.why_illegal((point % size, point // size)) for point in range(size * size)]
        self.has_superko = "superko" in reasons
        return [*(point for point, reason in enumerate(reasons) if not reason), self.num_actions - 1]

    def planes(self) -> np.ndarray:
        """[1, 18, N, N] uint8."""
        planes = np.zeros((1, 18, self.game.size, self.game.size), np.uint8)
        for number, points in enumerate(self.game.planes()):
            for x, y in points:
                planes[0, number, y, x] = 1
        return planes

    def margin(self) -> float:
        """Points by which the player to move would win if the game ended here."""
        margin = self.game.score() - self.komi
        return margin if self.game.to_play == "b" else -margin

    def worth(self, options: Options) -> float:
        """Value of the game if it ends here."""
        margin, weight = self.margin(), options.score_weight
        return (1 - weight) * float(np.sign(margin)) + weight * math.tanh(margin / options.score_scale)


class Node:
    """A position in the tree. Its children are those that a descent has visited."""

    def __init__(self, position: Position, action: int | None = None, number: int = 0) -> None:
        self.position = position
        self.action = action
        self.number = number
        """Number in the order of creation."""
        self.visits = 0
        self.pending = 0
        """Descents of the current batch that passed through this node."""
        self.value_sum = 0.0
        self.values: list[float] = []
        """All values that were backed up, for the player to move here."""
        self.raw_value = 0.0
        self.is_terminal = False
        self.priors = np.zeros(position.num_actions)
        self.withheld_share = 0.0
        """Share of the policy of a pass that is not a candidate yet."""
        self.children: dict[int, Node] = {}

    @property
    def mean(self) -> float:
        return self.value_sum / self.visits

    def n(self, action: int) -> int:
        """Visits of a child, including pending descents."""
        child = self.children.get(action)
        return child.visits + child.pending if child else 0

    def q(self, action: int) -> float:
        """Value of a child, seen by the player to move here; -1 if it has only pending visits."""
        child = self.children[action]
        return -child.value_sum / child.visits if child.visits else -1.0

    def visited(self, priors: np.ndarray) -> list[int]:
        return [action for action in sorted(self.children) if priors[action] > 0]

    def walk(self) -> Iterator["Node"]:
        yield self
        for child in self.children.values():
            yield from child.walk()


def settle(node: Node, options: Options) -> bool:
    """Makes a new leaf terminal if the rules give its value (docs/adr/0019). Returns whether they do."""
    position = node.position
    worth = position.worth(options) if position.is_over or position.is_after_pass else -math.inf
    if position.is_over or worth > 0:
        node.is_terminal, node.raw_value, node.priors[-1] = True, worth, 1.0
    return node.is_terminal


def evaluate(node: Node, evaluator, options: Options) -> None:
    """Evaluates a leaf. Withholds a pass that would end the game with less than the network's value."""
    position, legal = node.position, node.position.legal()
    logits, values, *_ = evaluator.evaluate(evaluators.Inputs(position.planes()))
    node.raw_value = float(values[0])
    whole = softmax(logits[0, legal].astype(np.float64))
    if position.is_after_pass and position.worth(options) < node.raw_value and len(legal) > 1:
        legal.pop()
        node.withheld_share = whole[-1]
    node.priors[legal] = softmax(logits[0, legal].astype(np.float64))


def reconsider_pass(node: Node, options: Options, is_due: bool = False) -> None:
    """Gives a withheld pass back if it is due, or if the mean value is less than the value of the end."""
    share = node.withheld_share
    if share and (is_due or node.mean < node.position.worth(options)):
        node.priors *= 1 - share
        node.priors[-1] = share
        node.withheld_share = 0.0


def softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def back_up(path: list[Node]) -> None:
    """Adds the leaf's value along the path, with alternating sign."""
    value = path[-1].raw_value
    for node in reversed(path):
        node.visits += 1
        node.value_sum += value
        node.values.append(value)
        value = -value
