"""Stock KataGo, for comparison: its command line and its raw answers."""

import json
from pathlib import Path

import numpy as np
import pytest

from alphazero.engine_client import gtp_client
from alphazero.net.katago import numpy_forward
from tools import fetch_katago

needed = pytest.mark.skipif(fetch_katago.missing() is not None, reason=fetch_katago.missing() or "")
START_LIMIT_S = 300.0
"""Time for a first start, in which kernels are compiled; they are kept in the program's folder."""
OUR_SYMMETRY = 1
"""KataGo's symmetry in which a network sees the board as it does here, with the bottom row first."""


def command(network: Path, **settings: str | int) -> list[str]:
    """Command line of a GTP engine on one core. settings: of KataGo, such as maxVisits=10."""
    overrides = ",".join(f"{name}={value}" for name, value in settings.items())
    options = ["-override-config", overrides] if overrides else []
    program, config = str(fetch_katago.program()), str(fetch_katago.settings())
    return [program, "gtp", "-model", str(network), "-config", config, *options]


def start(network: Path, **settings: str | int) -> gtp_client.GtpClient:
    """A running engine that has loaded the network."""
    client = gtp_client.GtpClient(command(network, **settings), time_limit_s=START_LIMIT_S)
    client.send("name")
    return client


def set_rules(client: gtp_client.GtpClient, ko: str, suicide: bool) -> None:
    """Area scoring with a ko rule ("POSITIONAL", "SITUATIONAL" or "SIMPLE")."""
    rules = {"ko": ko, "scoring": "AREA", "tax": "NONE", "suicide": suicide, "hasButton": False}
    client.send(f"kata-set-rules {json.dumps(rules)}")


def raw_answers(client: gtp_client.GtpClient, optimism: float = 0) -> dict[str, np.ndarray]:
    """What `kata-raw-nn` says of the position, by name: numbers, and boards [N, N] with the bottom row first.

    Illegal moves are nan. optimism: see `numpy_forward.forward`.
    """
    rows: dict[str, list[list[float]]] = {}
    name = ""
    for line in client.send(f"kata-raw-nn {OUR_SYMMETRY} {optimism}").splitlines():
        first, *rest = line.split() or [""]
        if first[:1].isalpha() and first != "NAN":
            name = first
            rows[name] = [list(map(float, rest))] if rest else []
        elif first:
            rows[name].append([float(first), *map(float, rest)])
    return {name: np.squeeze(np.array(values)[::-1]) for name, values in rows.items()}


def expected(
    answers: numpy_forward.Answers, legal: np.ndarray, *, is_white: bool, ko: str
) -> dict[str, np.ndarray]:
    """The same from our answers for one position, seen by the player to move. legal: [A] bool."""
    outcome = answers.outcome[0].copy()
    if ko != "SIMPLE":
        outcome[2] = -np.inf  # no game without a result
    outcome = softmax(outcome)
    policy = np.where(legal, softmax(np.where(legal, answers.logits[0], -np.inf)), np.nan)
    size = int(np.sqrt(policy.size))
    sign, has_result = 1 if is_white else -1, 1 - outcome[2]
    mean, deviation = answers.score_mean[0], answers.score_deviation[0]
    return {
        "whiteWin": outcome[0 if is_white else 1],
        "whiteLoss": outcome[1 if is_white else 0],
        "noResult": outcome[2],
        "whiteLead": sign * answers.lead[0] * has_result,
        "whiteScoreSelfplay": sign * mean * has_result,
        "whiteScoreSelfplaySq": (mean**2 + deviation**2) * has_result,
        "policy": policy[:-1].reshape(size, size),
        "policyPass": policy[-1],
        "whiteOwnership": sign * answers.ownership[0].reshape(size, size),
    }


def softmax(logits: np.ndarray) -> np.ndarray:
    """exp(logits), normalized to the sum 1."""
    exponentials = np.exp(logits - logits.max())
    return exponentials / exponentials.sum()
