"""The head that `ray up cluster.yaml` makes on a server with AWS's protocols.

python -m tests.clusters.aws_head FOLDER writes it to FOLDER/made.json. Run it without network:
the head has an address, and nothing answers there.
"""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

REGION = "us-west-2"
_LIMIT_S = 120.0
_WAITING = "Waiting for SSH"


def _up(folder: Path) -> None:
    """Runs `ray up` until it waits for an answer of the head, which cannot come here."""
    ray = str(Path(sys.executable).with_name("ray"))
    command = [ray, "up", "-y", "--no-config-cache", "cluster.yaml"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    limit = threading.Timer(_LIMIT_S, process.kill)
    limit.start()
    assert process.stdout is not None
    with (folder / "up.log").open("w") as log:
        for line in process.stdout:
            log.write(line)
            if _WAITING in line:
                break
    process.kill()
    process.wait()
    limit.cancel()


def _made() -> dict:
    import boto3

    ec2, iam = boto3.client("ec2", REGION), boto3.client("iam", REGION)
    instances = [each for found in ec2.describe_instances()["Reservations"] for each in found["Instances"]]
    return {
        "instances": instances,
        "keys": ec2.describe_key_pairs()["KeyPairs"],
        "groups": ec2.describe_security_groups()["SecurityGroups"],
        "roles": [role["RoleName"] for role in iam.list_roles()["Roles"]],
    }


def main() -> None:
    """Starts the server, runs `ray up`, and reads the resources from the server."""
    from moto import server

    folder = Path(sys.argv[1])
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=5555, verbose=False)
    running.start()
    time.sleep(0.5)
    try:
        _up(folder)
        (folder / "made.json").write_text(json.dumps(_made(), default=str))
    finally:
        running.stop()


if __name__ == "__main__":
    main()
