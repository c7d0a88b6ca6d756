"""Our answers in the terms of KataGo's command `kata-raw-nn`."""

import numpy as np

from alphazero.net.katago import numpy_forward


def expected(
    answers: numpy_forward.Answers, legal: np.ndarray, *, is_white: bool, ko: str
) -> dict[str, np.ndarray]:
    """What KataGo should say, by name, if these are our answers for one position: numbers and boards [N, N].

    legal: [A] bool; other moves are nan. ko: "SIMPLE", "POSITIONAL" or "SITUATIONAL".
    """
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
