"""GTP commands that show raw evaluations of the network, and the final status of points and stones."""

import sys
from collections.abc import Sequence

import numpy as np

from alphazero.engine import protocol, state, statuses
from alphazero.engine.commands import answers, command_arguments
from alphazero.go import rules

GOGUI = """\
plist/Legal Moves/all_legal %m
hstring/Heat Map/heatmap
gfx/Policy/alphazero-policy
dboard/Ownership/alphazero-ownership
plist/Dead Stones/final_status_list dead
plist/Stones in Seki/final_status_list seki
string/Final Score/final_score
hstring/Raw Network/kata-raw-nn 0
hstring/Explain Last Move/gomill-explain_last_move
hstring/Describe Engine/gomill-describe_engine
string/Rules/kata-get-rules
string/CPU Time/cputime
none/Clear Cache/clear_cache"""
"""Analyze commands of GoGui, each as display type, menu label and command."""


def commands(session: state.State) -> dict[str, protocol.Command]:
    """Returns the commands of this module."""
    return {
        "kata-raw-nn": lambda arguments: _raw_evaluation(session, arguments),
        "heatmap": lambda arguments: _heatmap(session, arguments),
        "final_status_list": lambda arguments: _final_status_list(session, arguments),
        "alphazero-policy": lambda _: _policy(session),
        "alphazero-ownership": lambda _: _ownership(session),
        "gogui-analyze_commands": lambda _: GOGUI,
    }


def _raw_evaluation(session: state.State, arguments: Sequence[str]) -> str:
    texts = []
    for s in command_arguments.symmetries(command_arguments.only(arguments)):
        found = session.search.evaluate(session.game, s)
        is_white = session.game.to_play == rules.WHITE
        texts.append(answers.raw_evaluation(s, found, session.position().legal(), is_white=is_white))
    return "\n".join(texts)


def _heatmap(session: state.State, arguments: Sequence[str]) -> str:
    choice = command_arguments.only(arguments) if arguments else "0"
    is_average = choice in ("average", "avg")
    symmetries = command_arguments.symmetries("all" if is_average else choice)
    pairs = [session.search.evaluate(session.game, s)[:2] for s in symmetries]
    if is_average:
        policies, values = zip(*pairs, strict=True)
        pairs = [(np.mean(policies, axis=0), float(np.mean(values)))]
    maps = [answers.heatmap(policy, session.game.stones, value) for policy, value in pairs]
    text = "\n".join(maps)
    if not sys.stderr.isatty():
        # Leela Zero prints it to stderr, and programs made for Leela Zero read it there.
        protocol.tell(text)
    return f"\n{text}"


def _final_status_list(session: state.State, arguments: Sequence[str]) -> str:
    """Lists the chains of one status, one a line. Rollouts estimate the status unless it is settled."""
    status = command_arguments.only(arguments)
    command_arguments.require(status in statuses.NAMES)
    position = session.position()
    chains = statuses.classify(position, session.search.rollouts(position))
    names = [
        " ".join(rules.format_move(point, position.size) for point in chain.points)
        for chain in chains
        if chain.status == status
    ]
    return "\n".join(names)


def _policy(session: state.State) -> str:
    """Returns GoGui labels of the raw policy, in percent, at legal points with at least 1 %."""
    position = session.position()
    policy = session.search.evaluate(position, 0).policy
    percents = np.where(position.legal(), np.round(100 * policy), 0).astype(int)[:-1]
    points = np.flatnonzero(percents).tolist()
    labels = [f"{rules.format_move(point, position.size)} {percents[point]}" for point in points]
    return " ".join(["LABEL", *labels]) if labels else "CLEAR"


def _ownership(session: state.State) -> str:
    """Returns Black's share of each point at the end of rollouts, minus White's, top row first."""
    position = session.position()
    owner = session.search.rollouts(position).finish().owners().mean(axis=0)
    rows = owner.reshape(position.size, position.size)[::-1]
    return "\n" + "\n".join(" ".join(f"{share:.2f}" for share in row) for row in rows)
