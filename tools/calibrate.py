"""Ratings of anchors from a competition: python -m tools.calibrate COMPETITION_DIR ANCHORS_DIR.

COMPETITION_DIR is the folder of `alphazero match ANCHORS_DIR/calibration.yaml`, in which the anchors (players
called anchor-01, anchor-02, ... with weight files of ANCHORS_DIR) play each other and other engines, GNU Go
among them. Writes ANCHORS_DIR/calibration.json, which ties ladders to these players, and prints the ratings.
"""

import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec

from alphazero import files
from alphazero.competition.results import ledger
from alphazero.config import command_line
from alphazero.evaluation import anchors, bradley_terry

_PREFIX = "anchor-"


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the calibration and prints its table; 2 for bad arguments."""
    summary, _, details = (__doc__ or "").partition("\n\n")
    parser = command_line.Parser(prog="python -m tools.calibrate", description=summary, epilog=details)
    parser.add_argument("competition", type=Path, metavar="COMPETITION_DIR")
    parser.add_argument("anchors", type=Path, metavar="ANCHORS_DIR")
    options = parser.parse_args(arguments)
    try:
        calibration = of_competition(ledger.read(options.competition), options.anchors)
    except ValueError as error:
        parser.error(str(error))
    data = msgspec.json.format(msgspec.json.encode(calibration), indent=1)
    files.write_atomic(options.anchors / anchors.CALIBRATION, data + b"\n")
    print("\n".join(table(anchors.Anchors(options.anchors, calibration))))
    return 0


def of_competition(played: ledger.Contents, folder: Path) -> anchors.Calibration:
    """Sums the games of each pair of players. Raises ValueError if the players do not fit the folder."""
    games = {(matchup.game.board_size, matchup.game.komi) for matchup in played.competition.matchups}
    if len(games) != 1:
        raise ValueError("the matchups have several board sizes or values of komi")
    found = {}
    for code, player in played.competition.players.items():
        if code.startswith(_PREFIX):
            path = Path(player.weights or "")
            if not (folder / path.name).is_file():
                raise ValueError(f"{code}: {folder} has no weight file called {path.name!r}")
            found[code] = anchors.Anchor(file=path.name, simulations=player.visits)
    totals: dict[tuple[str, str], list[float]] = defaultdict(list)
    for game in played.results:
        if game.is_known:
            a, b = sorted((game.black, game.white))
            totals[a, b].append(game.points(a))
    if not found or not any(anchors.REFERENCE in pair for pair in totals):
        raise ValueError(f"the competition needs players called {_PREFIX}01 and {anchors.REFERENCE}")
    (size, komi), *_ = games
    return anchors.Calibration(
        size=size,
        komi=komi,
        anchors=dict(sorted(found.items())),
        results=[
            anchors.PairResult(a=a, b=b, games=len(points), points=sum(points))
            for (a, b), points in sorted(totals.items())
        ],
    )


def table(known: anchors.Anchors) -> list[str]:
    """Lines with the rating of each player above the reference, strongest first."""
    names = [*known.others, *known.names]
    points = known.matrix(names)
    games = (points + points.T).sum(axis=1)
    rows = zip(names, bradley_terry.fit(points).estimates(), games, strict=True)
    lines = [f"{'player':16} {'Elo':>6} {'95 %':>16} {'games':>6}"]
    for name, elo, count in sorted(rows, key=lambda row: -row[1].elo):
        interval = f"{elo.low:+.0f} to {elo.high:+.0f}"
        lines.append(f"{name:16} {elo.elo:+6.0f} {interval:>16} {count:6.0f}")
    return lines


if __name__ == "__main__":
    sys.exit(main())
