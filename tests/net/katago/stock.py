"""Stock KataGo, for comparison: its command line and its raw answers."""

import json
from pathlib import Path

import numpy as np
import pytest

from alphazero.engine_client import gtp_client
from tools import fetch_katago

needed = pytest.mark.skipif(fetch_katago.missing() is not None, reason=fetch_katago.missing() or "")
START_LIMIT_S = 300.0
"""Time for a first start, in which kernels are compiled; they are kept in the program's folder."""


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
    """What KataGo says of the position (see `parse`). optimism: see `numpy_forward.forward`."""
    return parse(client.send(f"kata-raw-nn 0 {optimism}"))


def parse(answer: str) -> dict[str, np.ndarray]:
    """An answer to `kata-raw-nn` by name: numbers, and boards [N, N] with the bottom row first.

    Illegal moves are nan.
    """
    rows: dict[str, list[list[float]]] = {}
    name = ""
    for line in answer.splitlines():
        first, *rest = line.split() or [""]
        if first[:1].isalpha() and first != "NAN":
            name = first
            rows[name] = [list(map(float, rest))] if rest else []
        elif first:
            rows[name].append([float(first), *map(float, rest)])
    return {name: np.squeeze(np.array(values)[::-1]) for name, values in rows.items()}
