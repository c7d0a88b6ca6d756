"""Metrics that Ray exports for Prometheus, read from a node's own port."""

import re
import urllib.request
from pathlib import Path

_LINE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_TIMEOUT_S = 5.0

Metric = tuple[str, dict[str, str], float]
"""Name, labels, value."""


def port_of(session: Path) -> int | None:
    """The metrics port of the one node whose files lie in `session`; None before there is one."""
    for path in session.glob("metrics_export_port_*"):
        text = path.read_text().strip()
        if text:
            return int(text)
    return None


def fetch(port: int, host: str = "127.0.0.1") -> list[Metric]:
    """All metrics in a node's last report, some seconds old; raises OSError if the node does not answer."""
    with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=_TIMEOUT_S) as answer:
        return parse(answer.read().decode())


def parse(text: str) -> list[Metric]:
    """The metrics of a text in Prometheus' format; comments are skipped."""
    found = []
    for line in text.splitlines():
        match = None if line.startswith("#") else _LINE.match(line)
        if match:
            found.append((match[1], dict(_LABEL.findall(match[2] or "")), float(match[3])))
    return found


def total(metrics: list[Metric], name: str, **labels: str) -> float:
    """Sum of the metrics with this name and these labels; further labels are ignored."""
    return sum(
        value
        for found, known, value in metrics
        if found == name and all(known.get(key) == wanted for key, wanted in labels.items())
    )
