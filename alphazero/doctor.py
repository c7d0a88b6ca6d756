"""Cost and problems of a cluster file: alphazero doctor cluster.yaml.

Nothing is started. With AWS credentials it also checks quotas, images, machines and Ray's role.
Exit codes: 0 no problem, 1 a problem, 2 not a cluster file.
"""

import argparse
import datetime
import sys
from collections.abc import Sequence
from pathlib import Path

from alphazero.clusters import aws_account, bill, checks, cluster_file, prices
from alphazero.config import command_line


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; prints the bill and the notes, and each problem as one line on stderr."""
    parser = command_line.Parser(
        prog="alphazero doctor", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("cluster", type=Path, metavar="CLUSTER.YAML", help="a cluster file of `ray up`")
    parser.add_argument("--offline", action="store_true", help="ask no provider, even with credentials")
    options = parser.parse_args(arguments)
    try:
        cluster = cluster_file.read(options.cluster)
    except ValueError as error:
        print(f"doctor: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    print(" ".join([f"{cluster.path}:", cluster.provider, cluster.region, cluster.zone]).rstrip())
    table = prices.tables().get(cluster.provider)
    print(
        "\n".join(bill.lines(cluster, table)) if table else "  your own machines: no prices, nothing to ask"
    )
    problems = checks.problems(cluster)
    notes = checks.notes(cluster, datetime.date.today())
    if table and not options.offline:
        more_problems, more_notes = _ask_provider(cluster)
        problems, notes = problems + more_problems, notes + more_notes
    for line in notes:
        print(f"note: {line}")
    sys.stdout.flush()
    for line in problems:
        print(f"problem: {line}", file=sys.stderr)
    return 1 if problems else 0


def _ask_provider(cluster: cluster_file.ClusterFile) -> tuple[list[str], list[str]]:
    if cluster.provider != "aws":
        return [], [
            "quotas of Google Cloud are not checked: gcloud compute regions describe " + cluster.region
        ]
    try:
        account = aws_account.Account(cluster.region)
    except ImportError:
        return [], ["boto3 is not installed, so AWS is not asked: pip install -c constraints.txt -e '.[aws]'"]
    except ValueError as error:
        return [], [f"{error}, so quotas, images and machines of the zone are not checked"]
    return aws_account.findings(cluster, account)


if __name__ == "__main__":
    sys.exit(main())
