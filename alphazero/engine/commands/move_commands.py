"""GTP commands that generate a move, or explain the last one."""

from collections.abc import Callable, Sequence

import numpy as np

from alphazero.engine import engine_search, protocol, rollouts, state, statuses
from alphazero.engine.commands import command_arguments, reports
from alphazero.go import play, rules


def commands(session: state.State) -> dict[str, protocol.Command]:
    """Returns the commands of this module."""
    return {
        "genmove": lambda arguments: generate(
            session, command_arguments.color(command_arguments.only(arguments))
        ),
        "reg_genmove": lambda arguments: _regression_genmove(session, arguments),
        "kgs-genmove_cleanup": lambda arguments: _clean_up(
            session, command_arguments.color(command_arguments.only(arguments))
        ),
        "gomill-genmove_ex": lambda arguments: _genmove_or_claim(session, arguments),
        "gomill-explain_last_move": lambda _: _explain(session),
    }


def generate(
    session: state.State,
    color: int,
    allowed: np.ndarray | None = None,
    watch: Callable[[], None] | None = None,
) -> str:
    """Plays a move and returns its name, or returns "resign".

    allowed: [A] bool, the moves to choose among. watch: called after every step of the search.
    """
    choice, seconds = _think(session, color, allowed, watch)
    session.clock.charge(color, seconds)
    session.remark = None
    if choice.visits:
        session.remark = state.Remark(color, choice.action, session.search.report(with_bounds=False))
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
) -> tuple[engine_search.MoveChoice, float]:
    """Searches for a move; returns it with the time spent, in seconds."""
    budget = session.clock.start(color, session.game.size**2, len(session.game.moves))
    position = session.game.copy()
    position.to_play = color

    def should_stop() -> bool:
        if watch is not None:
            watch()
        return budget.is_spent()

    limits = engine_search.SearchLimits(should_stop, allowed, session.num_simulations, watch is not None)
    return session.search.choose(position, limits), budget.elapsed()


def _regression_genmove(session: state.State, arguments: Sequence[str]) -> str:
    choice, _ = _think(session, command_arguments.color(command_arguments.only(arguments)))
    return rules.format_move(choice.action, session.game.size)


def _clean_up(session: state.State, color: int) -> str:
    """Generates a move for the clean-up phase: not a pass while the opponent has dead stones on the board."""
    position = session.position(color)
    chains = statuses.classify(position, session.search.rollouts(position))
    allowed = None
    if any(chain.status == "dead" and chain.color != color for chain in chains):
        session.resume()
        allowed = np.append(np.ones(position.size**2, np.bool_), False)
    return generate(session, color, allowed)


def _genmove_or_claim(session: state.State, arguments: Sequence[str]) -> str:
    """Generates a move, or claims the win if gomill's keyword "claim" is given and settled points suffice.

    Without arguments it lists the supported keywords.
    """
    if not arguments:
        return "claim"
    color = command_arguments.color(arguments[0])
    if "claim" in arguments[1:] and has_won(session.game, color):
        return "claim"
    return generate(session, color)


def has_won(game: play.Game, color: int) -> bool:
    """Whether `color` wins even if the opponent gets all points that are not settled."""
    owner = rollouts.settled_owner(game.record["stones"][0], game.size)
    sign = 1 if color == rules.BLACK else -1
    least_margin = 2 * np.count_nonzero(owner == sign) - game.size**2
    return bool(least_margin > sign * game.komi)


def _explain(session: state.State) -> str:
    if session.remark is None:
        return ""
    return reports.explanation(session.remark.report, session.remark.action, session.game.size)
