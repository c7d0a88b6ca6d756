"""Prints the summary of a run and fails unless it learned: python -m tools.smoke_table runs/smoke."""

import sys
from pathlib import Path

from alphazero.report import summary


def main(folder: Path) -> int:
    """0 if every row has its figures, the policy's loss fell and a network was promoted; else 1."""
    found = summary.summarize(folder)
    print(found.text())
    complaints = []
    if not found.fell("policy_loss"):
        complaints.append("the policy's loss did not fall")
    if not found.promotions:
        complaints.append("no network was promoted")
    for complaint in complaints:
        print(f"{folder}: {complaint}", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
