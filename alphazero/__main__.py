"""The program's commands: `alphazero run conf=9x9` is `python -m alphazero.run conf=9x9`."""

import runpy
import sys

COMMANDS = {
    "run": "train from self-play: conf=9x9 and any key of the settings",
    "supervised": "train from chunks, SGF files or game logs",
    "gtp": "play as a GTP engine",
    "match": "play engines and networks against each other",
    "compare": "compare two settings on forks of a run",
    "pull": "fetch the promoted weight files of a run",
    "export": "convert games to training chunks, or a run to a Leela Zero network",
    "bench": "measure this machine",
    "doctor": "show the cost of a cluster and the problems of its file",
    "train": "the old name of supervised",
}


def main() -> None:
    """Runs the command that the first argument names, with the remaining arguments."""
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in ("-h", "--help"):
        print("usage: alphazero COMMAND ...\n")
        print("\n".join(f"  {command:10} {text}" for command, text in COMMANDS.items()))
        return
    if name not in COMMANDS:
        print(f"alphazero {name}: unknown command; there are {', '.join(COMMANDS)}", file=sys.stderr)
        raise SystemExit(2)
    del sys.argv[1]
    runpy.run_module(f"alphazero.{name}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
