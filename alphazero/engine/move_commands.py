"""GTP commands that make the engine move, and say why it did."""

from collections.abc import Callable, Sequence

import numpy as np

from alphazero.engine import playouts, protocol, reports, state, statuses, thinking, words
from alphazero.go import play, rules


def commands(session: state.State) -> dict[str, protocol.Command]:
    """Those that answer when the move is there."""
    return {
        "genmove": lambda arguments: generate(session, words.color(words.only(arguments))),
        "reg_genmove": lambda arguments: _regression_genmove(session, arguments),
        "kgs-genmove_cleanup": lambda arguments: _clean_up(session, words.color(words.only(arguments))),
        "gomill-genmove_ex": lambda arguments: _genmove_or_claim(session, arguments),
        "gomill-explain_last_move": lambda _: _explain(session),
    }


def generate(
    session: state.State,
    color: int,
    allowed: np.ndarray | None = None,
    watch: Callable[[], None] | None = None,
) -> str:
    """Plays a move; returns its name, or "resign".

    allowed: [A] bool, the moves to choose among. watch: called after every step of the search.
    """
    choice, seconds = _think(session, color, allowed, watch)
    session.clock.charge(color, seconds)
    session.remark = None
    if choice.visits:
        session.remark = state.Remark(color, choice.action, session.thinker.report(with_bounds=False))
    threshold = session.resign_threshold
    if threshold is not None and choice.visits and choice.value < threshold:
        return "resign"
    session.resume()
    session.game.play(choice.action, color)
    session.expect_answer()
    return rules.format_move(choice.action, session.game.size)


def _think(
    session: state.State,
    color: int,
    allowed: np.ndarray | None = None,
    watch: Callable[[], None] | None = None,
) -> tuple[thinking.Choice, float]:
    """A move and how many seconds were spent on it."""
    budget = session.clock.start(color, session.game.size**2, len(session.game.moves))
    position = session.game.copy()
    position.to_play = color

    def should_stop() -> bool:
        if watch is not None:
            watch()
        return budget.is_spent()

    limits = thinking.Limits(should_stop, allowed, session.num_simulations, watch is not None)
    return session.thinker.choose(position, limits), budget.elapsed()


def _regression_genmove(session: state.State, arguments: Sequence[str]) -> str:
    choice, _ = _think(session, words.color(words.only(arguments)))
    return rules.format_move(choice.action, session.game.size)


def _clean_up(session: state.State, color: int) -> str:
    """A move that captures what is dead: no pass while the opponent has dead stones on the board."""
    position = session.position(color)
    chains = statuses.classify(position, session.thinker.playouts(position))
    allowed = None
    if any(chain.status == "dead" and chain.color != color for chain in chains):
        session.resume()
        allowed = np.append(np.ones(position.size**2, np.bool_), False)
    return generate(session, color, allowed)


def _genmove_or_claim(session: state.State, arguments: Sequence[str]) -> str:
    """A move, or "claim" where the settled points alone win: gomill's keyword of that name is known."""
    if not arguments:
        return "claim"
    color = words.color(arguments[0])
    if "claim" in arguments[1:] and has_won(session.game, color):
        return "claim"
    return generate(session, color)


def has_won(game: play.Game, color: int) -> bool:
    """Whether `color` wins even if all points that are not settled become the opponent's."""
    owner = playouts.settled_owner(game.record["stones"][0], game.size)
    sign = 1 if color == rules.BLACK else -1
    least_margin = 2 * np.count_nonzero(owner == sign) - game.size**2
    return bool(least_margin > sign * game.komi)


def _explain(session: state.State) -> str:
    if session.remark is None:
        return ""
    return reports.explanation(session.remark.report, session.remark.action, session.game.size)
