"""Measurements on an NVIDIA GPU, without Ray and within eight minutes: python -m tools.gpu_check.

The sections cover inference backends and their outputs, self-play, the learner, two ranks on two GPUs, and a
run that must promote a network. Each section has its own process and time limit; if one fails, only its own
results are lost. The command prints a table for docs/results.md and writes a JSON report, with a log file of
the sections' output beside it.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from alphazero import files
from alphazero.config import command_line
from tools.gpu import children, facts, plan, table

_OUT = Path("runs/gpu-check.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if every section is complete, 1 if one failed, 2 for bad arguments or no GPU, 130 if interrupted."""
    parser = _make_parser()
    options = parser.parse_args(arguments)
    if options.device == "cuda" and (reason := facts.missing_gpu()):
        parser.error(f"{reason}; --device cpu --short tests the check itself")
    words = f" --device {options.device}" * (options.device != "cuda") + " --short" * options.short
    report = {
        "command": f"python -m tools.gpu_check{words}" if words else "make gpu-check",
        "facts": facts.of_host(),
        "sections": [],
    }
    log_path = options.out.with_suffix(".log")
    is_interrupted = False
    try:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        with log_path.open("wb") as log:
            try:
                _run(options.device, options.short, report, log, options.out)
            except KeyboardInterrupt:
                is_interrupted = True
    except OSError as error:
        parser.error(f"argument --out: {options.out}: {error.strerror}")
    print(table.render(report))
    print(f"\nreport: {options.out}, log: {log_path}")
    if is_interrupted:
        return 130
    return int(any(section["failure"] for section in report["sections"]))


def _make_parser() -> command_line.Parser:
    summary, _, details = (__doc__ or "").partition("\n\n")
    parser = command_line.Parser(prog="python -m tools.gpu_check", description=summary, epilog=details)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument(
        "--short", action="store_true", help="tiny networks, a few minutes; for testing the check"
    )
    parser.add_argument(
        "--out", type=Path, default=_OUT, metavar="FILE", help="the report; default %(default)s"
    )
    return parser


def _run(device: str, is_short: bool, report: dict[str, Any], log: IO[bytes], out: Path) -> None:
    """Runs section by section; writes the report after each."""
    for number in (signal.SIGTERM, signal.SIGHUP):  # the running section must be stopped first
        signal.signal(number, signal.default_int_handler)
    form = plan.form(is_short)
    end = time.monotonic() + plan.TOTAL_S
    environment = {**os.environ, **({"OMP_NUM_THREADS": "1"} if device == "cpu" else {})}
    for number, section in enumerate(form.sections):
        later_s = sum(later.bound_s for later in form.sections[number + 1 :])
        bound_s = end - time.monotonic() - later_s
        print(f"{section.name}: at most {bound_s:.0f} s", file=sys.stderr, flush=True)
        log.write(f"== {section.name}\n".encode())
        log.flush()
        command = [sys.executable, "-m", "tools.gpu.section", section.name, f"--device={device}"]
        outcome = children.run([*command, *["--short"] * is_short], bound_s, log, environment)
        for item in outcome.items:
            report["facts"].update(item.get("facts", {}))
        report["sections"].append(
            {
                "name": section.name,
                "seconds": outcome.seconds,
                "failure": outcome.failure,
                "items": [item for item in outcome.items if "facts" not in item],
            }
        )
        if outcome.failure:
            print(f"{section.name}: {outcome.failure}", file=sys.stderr, flush=True)
        files.write_atomic(out, json.dumps(report, indent=1).encode())


if __name__ == "__main__":
    sys.exit(main())
