"""Summary of a run, and a check that it learned: python -m tools.smoke_table runs/smoke."""

import sys
from pathlib import Path

from tools import summary


def main(folder: Path) -> int:
    """0 if every row is complete, the policy loss fell and a network was promoted; else 1."""
    found = summary.summarize(folder)
    print(found.text())
    reasons = []
    if not found.fell("policy_loss"):
        reasons.append("the policy's loss did not fall")
    if not found.promotions:
        reasons.append("no network was promoted")
    for reason in reasons:
        print(f"{folder}: {reason}", file=sys.stderr)
    return 1 if reasons else 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
