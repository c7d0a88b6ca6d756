"""Strength of a run over its minutes: python -m tools.strength RUN_DIR --minutes 5 15 40.

At each number of minutes, the newest network promoted by then plays GNU Go (--levels) and a network of
KataGo's (--katago FILE) with as many simulations for a move. The games are a competition, which the same
command resumes. It ends with a table and OUTPUT/strength.json.
"""

import argparse
import bisect
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml

from alphazero import files, run_paths
from alphazero.competition.play import competitions, stopping
from alphazero.competition.results import ledger, report
from alphazero.config import command_line, compose
from alphazero.evaluation import gtp_player
from alphazero.run_files import promotion
from tools import run_events

RESULTS = "strength.json"
_CONTROL = "strength.yaml"


class Dated(NamedTuple):
    """A promoted network and the run's minutes when it was promoted."""

    minutes: float
    network: promotion.Promoted


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 failed, 2 the user's mistake, 130 interrupted."""
    options = _make_parser().parse_args(arguments)
    return command_line.exit_code(lambda: _measure(options))


def _make_parser() -> command_line.Parser:
    summary, _, details = (__doc__ or "").partition("\n\n")
    parser = command_line.Parser(prog="python -m tools.strength", description=summary, epilog=details)
    add, whole_number = parser.add_argument, command_line.whole_number
    add("run_dir", type=Path, metavar="RUN_DIR")
    add(
        "--minutes",
        type=command_line.number(0, 1_000_000),
        nargs="+",
        required=True,
        help="of the run, in all its sessions",
    )
    add("--simulations", type=whole_number(1, 100_000), nargs="+", default=[1, 16, 128])
    add("--levels", type=whole_number(1, 10), nargs="*", default=[1, 10], help="of GNU Go")
    add("--gnugo", default=gtp_player.find_gnugo() or "gnugo", help="the program")
    add("--katago", type=Path, metavar="FILE", help="a network of KataGo's, as another opponent")
    add("--games", type=whole_number(2, 100_000), default=200, help="of each match")
    add("--jobs", type=whole_number(1, 1024), default=8, help="games at once")
    add("--output", type=Path, metavar="DIR", help="folder of the games (RUN_DIR-strength)")
    return parser


def _measure(options: argparse.Namespace) -> None:
    run = options.run_dir.absolute()
    folder = (options.output or run.with_name(f"{run.name}-strength")).absolute()
    dated = dates(run)
    networks = {minutes: newest_by(dated, minutes) for minutes in sorted(options.minutes)}
    folder.mkdir(parents=True, exist_ok=True)
    control = folder / _CONTROL
    files.write_atomic(control, yaml.safe_dump(competition(options, networks), sort_keys=False).encode())
    with stopping.on_signals() as stop:
        competitions.play(
            control,
            folder / "games",
            jobs=options.jobs,
            most_games=None,
            should_stop=stop,
            on_event=lambda line: print(line, flush=True),
        )
    found = results(ledger.read(folder / "games"), networks)
    files.write_atomic(folder / RESULTS, f"{json.dumps(found, indent=1)}\n".encode())
    print("\n".join(table(found)))


def dates(run: Path) -> list[Dated]:
    """All promoted networks with their minutes, the oldest first. Raises ValueError if the run has none."""
    promoted = promotion.Promotions(run / run_paths.PROMOTED).all()
    if not promoted:
        raise ValueError(f"{run}: has promoted no network")
    events = run_events.read(run)
    clock = sorted((event.wall_time, event.value) for event in events.Scalars("run/minutes"))
    times, minutes = np.array(clock).T
    known = {
        event.step: float(np.interp(event.wall_time, times, minutes))
        for event in events.Scalars("gate/promoted")
    }
    dated = [(known.get(each.certificate["steps"]), each) for each in promoted]
    return [Dated(when, each) for when, each in dated if when is not None]


def newest_by(dated: Sequence[Dated], minutes: float) -> Dated:
    """The newest network promoted by then; ValueError if there is none."""
    count = bisect.bisect_right([each.minutes for each in dated], minutes)
    if count == 0:
        raise ValueError(
            f"--minutes={minutes:g}: the first network was promoted after {dated[0].minutes:.1f}"
        )
    return dated[count - 1]


def competition(options: argparse.Namespace, networks: dict[float, Dated]) -> dict[str, Any]:
    """The settings of all matches, as of a control file."""
    game = compose.of_run(options.run_dir).game
    players: dict[str, Any] = {
        f"gnugo-{level}": {"command": gtp_player.gnugo_command(options.gnugo, level, seed=1)}
        for level in options.levels
    }
    matchups = []
    for minutes, (_, network) in networks.items():
        for simulations in options.simulations:
            code = f"{minutes:g}min-{simulations}"
            players[code] = {"weights": str(network.path), "visits": simulations}
            opponents = [f"gnugo-{level}" for level in options.levels]
            if options.katago is not None:
                opponents.append(f"katago-{simulations}")
                players[opponents[-1]] = {"weights": str(options.katago.absolute()), "visits": simulations}
            matchups += [
                {"id": f"{code}_{other}", "players": [code, other], "openings": code} for other in opponents
            ]
    return {
        "competition_type": "playoff",
        "description": f"The strength of {options.run_dir.name} over its minutes",
        "players": players,
        "board_size": game.size,
        "komi": game.komi,
        "alternating": True,
        "scorer": "internal",  # GNU Go captures all dead stones first
        "number_of_games": options.games,
        "matchups": matchups,
    }


def results(played: ledger.Contents, networks: Mapping[float, Dated]) -> list[dict[str, Any]]:
    """Facts of the network at each number of minutes, with its matches."""
    whole = report.as_json(played.competition, played.results, {}, name="strength")
    by_code = {
        f"{minutes:g}min": {"minutes": minutes, **_facts(dated), "matches": []}
        for minutes, dated in networks.items()
    }
    for match in whole["matchups"]:
        when, _, simulations = match["player_1"].rpartition("-")
        if when in by_code and match["rating"] is not None:
            points = match["players"][match["player_1"]]["total"]["wins"]
            games = match["games"] - match["unknown_results"]
            by_code[when]["matches"].append(
                {
                    "opponent": match["player_2"],
                    "simulations": int(simulations),
                    "wins": round(points - match["jigos"] / 2),
                    "draws": match["jigos"],
                    "losses": round(games - points - match["jigos"] / 2),
                    "unknown": match["unknown_results"],
                    "score": round(points / games, 4),
                    "elo": match["rating"]["elo"],
                    "elo_95": [match["rating"]["low"], match["rating"]["high"]],
                    "distinct_games": match["distinct_games"],
                }
            )
    return list(by_code.values())


def _facts(dated: Dated) -> dict[str, Any]:
    certificate = dated.network.certificate
    return {
        "promoted_after": round(dated.minutes, 1),
        "file": dated.network.path.name,
        **{name: certificate[name] for name in ("steps", "games", "positions", "blocks", "filters")},
    }


def table(found: Sequence[dict[str, Any]]) -> list[str]:
    """The results as a table of Markdown, with a row for each number of minutes and of simulations."""
    opponents = list(dict.fromkeys(_kind(match["opponent"]) for row in found for match in row["matches"]))
    lines = [
        f"| minutes | network | games | positions | simulations | {' | '.join(opponents)} |",
        "|---" * (5 + len(opponents)) + "|",
    ]
    for row in found:
        for simulations in dict.fromkeys(match["simulations"] for match in row["matches"]):
            cells = {
                _kind(match["opponent"]): _cell(match)
                for match in row["matches"]
                if match["simulations"] == simulations
            }
            name = f"b{row['blocks']}c{row['filters']}"
            facts = f"{row['minutes']:g} | {name} | {row['games']:,} | {row['positions']:,} | {simulations}"
            lines.append(f"| {facts} | {' | '.join(cells.get(each, '') for each in opponents)} |")
    return lines


def _kind(opponent: str) -> str:
    """The opponent without the simulations of a network."""
    return opponent if opponent.startswith("gnugo") else opponent.partition("-")[0]


def _cell(match: dict[str, Any]) -> str:
    low, high = ("" if bound is None else f"{bound:+.0f}" for bound in match["elo_95"])
    tally = f"{match['wins']}-{match['draws']}-{match['losses']}"
    return f"{100 * match['score']:.1f} %, {tally} ({low} to {high})"


if __name__ == "__main__":
    sys.exit(main())
