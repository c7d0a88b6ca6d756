"""The front doors as subcommands: `alphazero run conf=9x9` is `python -m alphazero.run conf=9x9`."""

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
    "doctor": "say what a cluster costs and what stands in its way",
}


def main() -> None:
    """Runs the door that the first argument names, with the rest of the arguments."""
    doors = {name: text for name, text in DOORS.items() if importlib.util.find_spec(f"alphazero.{name}")}
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in ("-h", "--help"):
        print("usage: alphazero COMMAND ...\n")
        print("\n".join(f"  {door:8} {text}" for door, text in doors.items()))
        return
    if name not in doors:
        print(f"alphazero {name}: unknown command; there are {', '.join(doors)}", file=sys.stderr)
        raise SystemExit(2)
    del sys.argv[1]
    runpy.run_module(f"alphazero.{name}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
