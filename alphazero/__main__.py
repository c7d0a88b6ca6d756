"""Subcommands of the program: `alphazero run conf=9x9` is `python -m alphazero.run conf=9x9`."""

import importlib.util
import runpy
import sys

DOORS = {
    "run": "train from self-play: conf=9x9 and any key of the settings",
    "gtp": "play as a GTP engine",
    "match": "play engines against each other",
    "train": "train from chunks or SGF files",
    "pull": "fetch the promoted weight files of a run",
    "analyze": "review an SGF file",
    "web": "play and watch in a browser",
    "export": "convert games to training chunks",
    "bench": "measure this machine",
    "doctor": "show the cost of a cluster and the problems of its file",
}


def main() -> None:
    """Runs the command that the first argument names, with the remaining arguments."""
    commands = {name: text for name, text in DOORS.items() if importlib.util.find_spec(f"alphazero.{name}")}
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in ("-h", "--help"):
        print("usage: alphazero COMMAND ...\n")
        print("\n".join(f"  {command:8} {text}" for command, text in commands.items()))
        return
    if name not in commands:
        print(f"alphazero {name}: unknown command; there are {', '.join(commands)}", file=sys.stderr)
        raise SystemExit(2)
    del sys.argv[1]
    runpy.run_module(f"alphazero.{name}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
