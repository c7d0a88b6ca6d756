"""Checks of a cluster file against an AWS account: quotas, machines of the zone, images, Ray's role.

Nothing is started or changed. A check without permission becomes a note in one line.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from alphazero.clusters import cluster_file

ROLE = "ray-autoscaler-v1"
_SSM = "resolve:ssm:"
_QUOTAS = {  # families -> code of the quota in vCPUs: on demand, spot
    "ACDHIMRTZ": ("L-1216C47A", "L-34B43A08"),
    "GV": ("L-DB2E81BA", "L-3819A6DF"),
    "P": ("L-417A185B", "L-7212CCBC"),
}
_P5_SPOT = "L-C4BD4855"


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem or a note, in one line."""

    text: str
    is_problem: bool = True


class Account:
    """The account that AWS tools would use here, from their credentials."""

    def __init__(self, region: str) -> None:
        """region: of the cluster. ImportError without boto3, ValueError without credentials."""
        import boto3
        import botocore.config

        session = boto3.Session(region_name=region or None)
        if session.get_credentials() is None:
            raise ValueError("no AWS credentials here")
        self._config = botocore.config.Config(
            connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 2}
        )
        self._session = session

    def client(self, service: str) -> Any:
        """boto3's client of a service."""
        return self._session.client(service, config=self._config)


def findings(cluster: cluster_file.ClusterFile, account: Account) -> tuple[list[str], list[str]]:
    """Problems and notes, one line each."""
    problems: list[str] = []
    notes: list[str] = []
    _ask(
        "your identity (sts:GetCallerIdentity)", lambda: account.client("sts").get_caller_identity(), problems
    )
    if problems:
        return problems, notes
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("machines of the zone (ec2:DescribeInstanceTypeOfferings)", lambda: _offerings(cluster, account)),
        ("quotas (servicequotas:GetServiceQuota)", lambda: _quotas(cluster, account)),
        ("images (ssm:GetParameters, ec2:DescribeImages)", lambda: _images(cluster, account)),
        ("Ray's role (iam:GetRole, iam:ListRolePolicies)", lambda: _role(account)),
    ]
    for what, check in checks:
        found = _ask(what, lambda check=check: list(check()), notes)
        problems += [each.text for each in found or [] if each.is_problem]
        notes += [each.text for each in found or [] if not each.is_problem]
    return problems, notes


def _ask(what: str, question: Callable[[], Any], reasons: list[str]) -> Any:
    import botocore.exceptions

    try:
        return question()
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        reasons.append(f"AWS does not tell {what}: {' '.join(str(error).split())}")
        return None


def _offerings(cluster: cluster_file.ClusterFile, account: Account) -> Iterator[Finding]:
    ec2 = account.client("ec2")
    wanted = sorted({kind.machine for kind in cluster.node_types if kind.machine and kind.most})
    zones: dict[str, set[str]] = {machine: set() for machine in wanted}
    pages = ec2.get_paginator("describe_instance_type_offerings").paginate(
        LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": wanted}]
    )
    for page in pages:
        for offer in page["InstanceTypeOfferings"]:
            zones[offer["InstanceType"]].add(offer["Location"])
    for machine, places in zones.items():
        if not places:
            yield Finding(f"{machine}: is not offered in {cluster.region}")
        elif cluster.zone and cluster.zone not in places:
            others = ", ".join(sorted(places))
            yield Finding(f"{machine}: is not offered in zone {cluster.zone}; it is in {others}")


def _quotas(cluster: cluster_file.ClusterFile, account: Account) -> Iterator[Finding]:
    asked: dict[str, list[cluster_file.NodeType]] = {}
    for kind in cluster.node_types:
        code = _quota_code(kind)
        if code and kind.most:
            asked.setdefault(code, []).append(kind)
    quotas = account.client("service-quotas")
    for code, kinds in asked.items():
        quota = quotas.get_service_quota(ServiceCode="ec2", QuotaCode=code)["Quota"]
        limit, name = quota["Value"], quota.get("QuotaName", code)
        for kind in kinds:
            if kind.cpus > limit:
                yield Finding(
                    f"available_node_types.{kind.name}: your quota '{name}' is {limit:g} vCPUs, "
                    f"one {kind.machine} has {kind.cpus:g}; ask for more: aws service-quotas "
                    f"request-service-quota-increase --service-code ec2 --quota-code {code} "
                    f"--desired-value {kind.cpus:g}"
                )
        most = sum(kind.most * kind.cpus for kind in kinds)
        if most > limit:
            names = ", ".join(kind.name for kind in kinds)
            text = f"your quota '{name}' ({code}) is {limit:g} vCPUs; max_workers of {names} need {most:g}"
            yield Finding(text, is_problem=False)


def _quota_code(kind: cluster_file.NodeType) -> str:
    family = kind.machine[:1].upper()
    if kind.is_spot and kind.machine.startswith("p5"):
        return _P5_SPOT
    return next(
        (codes[kind.is_spot] for families, codes in _QUOTAS.items() if family and family in families), ""
    )


def _images(cluster: cluster_file.ClusterFile, account: Account) -> Iterator[Finding]:
    named = sorted({kind.image for kind in cluster.node_types if kind.image})
    parameters = [image.removeprefix(_SSM) for image in named if image.startswith(_SSM)]
    if parameters:
        answer = account.client("ssm").get_parameters(Names=parameters)
        for name in answer["InvalidParameters"]:
            yield Finding(f"image {_SSM}{name}: {cluster.region} has no such parameter")
    images = [image for image in named if image.startswith("ami-")]
    if images:
        answer = account.client("ec2").describe_images(Filters=[{"Name": "image-id", "Values": images}])
        known = {image["ImageId"] for image in answer["Images"]}
        for name in images:
            if name not in known:
                yield Finding(f"image {name}: {cluster.region} has no such image")


def _role(account: Account) -> Iterator[Finding]:
    iam = account.client("iam")
    try:
        iam.get_role(RoleName=ROLE)
    except iam.exceptions.NoSuchEntityException:
        text = f"role {ROLE} does not exist yet: `ray up` makes it; then let it look up images (cluster.yaml)"
        yield Finding(text, is_problem=False)
        return
    names = iam.list_role_policies(RoleName=ROLE)["PolicyNames"]
    texts = [str(iam.get_role_policy(RoleName=ROLE, PolicyName=name)["PolicyDocument"]) for name in names]
    attached = iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    may_look = any("ssm:GetParameters" in text or "'ssm:*'" in text for text in texts)
    if not may_look and not any(_opens_ssm(policy["PolicyName"]) for policy in attached):
        yield Finding(
            f"role {ROLE}: may not look up the workers' images (ssm:GetParameters); "
            "the command at the top of cluster.yaml allows it"
        )


def _opens_ssm(policy: str) -> bool:
    return policy == "AdministratorAccess" or "SSM" in policy
