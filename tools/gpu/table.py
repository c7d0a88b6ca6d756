"""Report of the check as a Markdown table for docs/results.md."""

from typing import Any

from alphazero.benchmarks import measurement

_HIDDEN = (measurement.SHARE_OF_PEAK, "machine", "time")


def render(report: dict[str, Any]) -> str:
    """A line about the machine, then a row for each measurement, note and failure."""
    rows = ["| what | value | of the matrix peak | with |", "|---|---|---|---|"]
    for section in report["sections"]:
        rows += [_row(item) for item in section["items"]]
        if section["failure"]:
            rows.append(_cells(section["name"], "", "", f"failed: {section['failure']}"))
    return "\n".join([describe(report), "", *rows])


def describe(report: dict[str, Any]) -> str:
    """Command, machine and date."""
    facts = report["facts"]
    names = [f"{gpu['name']} ({gpu['memory GiB']:.0f} GiB)" for gpu in facts.get("gpus", [])]
    gpus = ", ".join(f"{names.count(name)} x {name}" for name in dict.fromkeys(names)) or "no GPU"
    parts = [gpus]
    if drivers := {gpu.get("driver_version", "") for gpu in facts.get("nvidia-smi", [])}:
        parts.append(f"driver {' '.join(sorted(drivers))}")
    parts += [f"{name} {facts[key]}" for name, key in (("torch", "torch"), ("CUDA", "cuda")) if key in facts]
    parts += [facts["cpu"], facts["time"][:10]]
    return f"`{report['command']}`, {'; '.join(parts)}:"


def _row(item: dict[str, Any]) -> str:
    if "text" in item:
        return _cells(item["name"], "", "", item["text"])
    setup = item["setup"]
    share = setup.get(measurement.SHARE_OF_PEAK)
    given = ", ".join(f"{key} {value}" for key, value in setup.items() if key not in _HIDDEN)
    value = item["value"]
    text = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return _cells(
        item["name"], f"{text} {item['unit']}", "" if share is None else f"{100 * share:.1f} %", given
    )


def _cells(*texts: str) -> str:
    return f"| {' | '.join(text.replace('|', '/') for text in texts)} |"
