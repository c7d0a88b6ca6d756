"""GTP commands that show what the network thinks, or where stones and points belong in the end."""

import sys
from collections.abc import Sequence

import numpy as np

from alphazero.engine import answers, protocol, state, statuses, words
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
"""Analyze commands of GoGui: how the answer is shown, what the menu says, and the command."""


def commands(session: state.State) -> dict[str, protocol.Command]:
    """Raw evaluations, and what playouts tell."""
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
    for s in words.symmetries(words.only(arguments)):
        policy, value = session.thinker.evaluate(session.game, s)
        white_value = value if session.game.to_play == rules.WHITE else -value
        legal = session.position().legal()
        texts.append(answers.raw_evaluation(s, policy, legal, (1 + white_value) / 2))
    return "\n".join(texts)


def _heatmap(session: state.State, arguments: Sequence[str]) -> str:
    choice = words.only(arguments) if arguments else "0"
    is_average = choice in ("average", "avg")
    symmetries = words.symmetries("all" if is_average else choice)
    pairs = [session.thinker.evaluate(session.game, s) for s in symmetries]
    if is_average:
        policies, values = zip(*pairs, strict=True)
        pairs = [(np.mean(policies, axis=0), float(np.mean(values)))]
    maps = [answers.heatmap(policy, session.game.stones, value) for policy, value in pairs]
    text = "\n".join(maps)
    if not sys.stderr.isatty():
        # There Leela Zero prints it, and there programs made for Leela Zero look for it.
        protocol.tell(text)
    return f"\n{text}"


def _final_status_list(session: state.State, arguments: Sequence[str]) -> str:
    """The chains of one status, each on a line, by playouts where it is not settled."""
    status = words.only(arguments)
    words.require(status in statuses.NAMES)
    position = session.position()
    chains = statuses.classify(position, session.thinker.playouts(position))
    names = [
        " ".join(rules.format_move(point, position.size) for point in chain.points)
        for chain in chains
        if chain.status == status
    ]
    return "\n".join(names)


def _policy(session: state.State) -> str:
    """Labels with the raw policy in percent, at legal points that have one."""
    position = session.position()
    policy, _ = session.thinker.evaluate(position, 0)
    percents = np.where(position.legal(), np.round(100 * policy), 0).astype(int)[:-1]
    points = np.flatnonzero(percents).tolist()
    labels = [f"{rules.format_move(point, position.size)} {percents[point]}" for point in points]
    return " ".join(["LABEL", *labels]) if labels else "CLEAR"


def _ownership(session: state.State) -> str:
    """Black's share less White's of each point at the end of playouts, the top row first."""
    position = session.position()
    owner = session.thinker.playouts(position).finish().owners().mean(axis=0)
    rows = owner.reshape(position.size, position.size)[::-1]
    return "\n" + "\n".join(" ".join(f"{share:.2f}" for share in row) for row in rows)
