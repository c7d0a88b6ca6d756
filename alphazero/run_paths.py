"""Names of the files in a run's folder (docs/architecture.md), which no other module spells out.

Paths are relative to the run's folder and have slashes on every system, as in a mirror.
"""

import re

CONFIG, FACTS, STATUS, LOG, LOCK = "config.yaml", "run.json", "status.json", "log.txt", "lock"
IDENTITY = "mirror.json"

EVENTS, LOOP_EVENTS = "events", "events/loop"
SGF = "sgf"
MATCHES = "matches"

GAMES = "games"
EARLIER_GAMES = "earlier.json"
"""Totals in GAMES of games without a log."""
GAME_LOG_SUFFIX, GAME_LOGS = ".games", "*.games"

CHECKPOINTS = "checkpoints"
LATEST_CHECKPOINT = "latest"
"""Pointer in CHECKPOINTS."""
STATE, META = "state.pt", "meta.json"
"""Files in the folder of a checkpoint."""

WEIGHTS, PROMOTED, REFUSED = "weights", "weights/promoted", "weights/refused"
LATEST_NETWORK = "latest.json"
"""Pointer in PROMOTED."""
NETWORK = re.compile(r"(\d{5,})-([0-9a-f]{8})")
"""Name of a promoted network, without suffix: its number, and the first digits of its file's sha256."""
WEIGHTS_SUFFIXES, WEIGHT_FILES = (".txt.gz", ".bin.gz"), "*-*.gz"
"""Ends of the names of weight files, Leela Zero's and KataGo's, and a pattern for both."""
CERTIFICATE_SUFFIX, CERTIFICATES = ".json", "*.json"
"""The last pattern matches LATEST_NETWORK, too."""

LADDER, LADDER_GAMES, RATINGS = "ladder", "ladder/games.jsonl", "ladder/ratings.json"

ANY_STEP = "step-*"
"""Pattern of the names that `of_step` returns."""
_STEP = re.compile(r"step-(\d{8,})")


def of_step(step: int) -> str:
    """Name of what belongs to a step of the learner: a checkpoint, a match, a refused network."""
    return f"step-{step:08d}"


def step_of(name: str) -> int | None:
    """The step in a name from `of_step`; None for other names."""
    match = _STEP.fullmatch(name)
    return int(match[1]) if match else None
