"""Old name of `alphazero supervised`, kept as an alias. Training by self-play is `alphazero run`."""

import sys

from alphazero.supervised import __main__ as supervised_command


def main() -> int:
    """Names the new command on stderr, then runs it. The exit codes are the same."""
    print("alphazero train: this command is now called alphazero supervised", file=sys.stderr, flush=True)
    return supervised_command.main()


if __name__ == "__main__":
    sys.exit(main())
