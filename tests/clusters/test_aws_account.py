"""Tests of the checks of cluster.yaml against an account, with moto as a server with AWS's protocols."""

import shutil

import pytest
import yaml

moto = pytest.importorskip("moto")
boto3 = pytest.importorskip("boto3")
from moto.servicequotas import models as quota_models  # noqa: E402  where moto is

from alphazero import doctor  # noqa: E402
from alphazero.clusters import aws_account, cluster_file  # noqa: E402

pytestmark = pytest.mark.slow  # moto first loads AWS's machine types
KNOWN_IMAGE = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "%s", "Resource": "*"}]}'
PLENTY = 100_000.0


@pytest.fixture
def quotas(monkeypatch):
    """Quotas of EC2 in vCPUs, by code, which moto lacks."""
    found = dict.fromkeys(("L-1216C47A", "L-34B43A08", "L-DB2E81BA", "L-417A185B"), PLENTY)

    def get(_, service_code, quota_code):
        assert service_code == "ec2"
        return {"QuotaCode": quota_code, "QuotaName": f"name of {quota_code}", "Value": found[quota_code]}

    monkeypatch.setattr(quota_models.ServiceQuotasBackend, "get_service_quota", get)
    return found


@pytest.fixture
def account(monkeypatch, tmp_path, quotas):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with moto.mock_aws():
        yield aws_account.Account("us-west-2")


def cluster(project, tmp_path, **changes):
    """cluster.yaml with an image that moto has; `changes` apply to node_config of the type `gpu`."""
    settings = yaml.safe_load((project / "cluster.yaml").read_text())
    for kind in settings["available_node_types"].values():
        kind["node_config"]["ImageId"] = KNOWN_IMAGE
    settings["available_node_types"]["gpu"]["node_config"].update(changes)
    path = tmp_path / "cluster.yaml"
    path.write_text(yaml.safe_dump(settings))
    return cluster_file.read(path)


def findings(project, tmp_path, account, **changes):
    return aws_account.findings(cluster(project, tmp_path, **changes), account)


def add_role(*actions):
    iam = boto3.client("iam", "us-west-2")
    iam.create_role(RoleName=aws_account.ROLE, AssumeRolePolicyDocument=POLICY % "sts:AssumeRole")
    for action in actions:
        name = action.replace(":", "-").replace("*", "all")
        iam.put_role_policy(RoleName=aws_account.ROLE, PolicyName=name, PolicyDocument=POLICY % action)


def test_an_account_that_has_all(project, tmp_path, account):
    add_role("ec2:*", "ssm:GetParameters")
    assert findings(project, tmp_path, account) == ([], [])


def test_a_first_time_user(project, tmp_path, account):
    problems, (note,) = findings(project, tmp_path, account)
    assert problems == [] and "`ray up` makes it" in note


def test_a_role_that_may_not_look_up_images(project, tmp_path, account):
    add_role("ec2:*")
    (problem,), _ = findings(project, tmp_path, account)
    assert problem.startswith(f"role {aws_account.ROLE}: may not look up")


def test_a_quota_below_one_machine(project, tmp_path, account, quotas):
    add_role("ssm:*")
    quotas["L-DB2E81BA"] = 32.0
    (problem,), (note,) = findings(project, tmp_path, account)
    assert "available_node_types.gpu_4: your quota 'name of L-DB2E81BA' is 32 vCPUs" in problem
    assert problem.endswith("--quota-code L-DB2E81BA --desired-value 48")
    assert "max_workers of gpu, gpu_4 need 160" in note


def test_spot_and_demand_have_quotas_of_their_own(project, tmp_path, account, quotas):
    add_role("ssm:*")
    quotas["L-34B43A08"] = 64.0
    problems, (note,) = findings(project, tmp_path, account)
    assert problems == []
    assert "(L-34B43A08) is 64 vCPUs; max_workers of selfplay_cpu need 1024" in note


def test_machines_that_are_elsewhere_or_nowhere(project, tmp_path, account):
    add_role("ssm:*")
    (problem,), _ = findings(project, tmp_path, account, InstanceType="g6.huge")
    assert problem == "g6.huge: is not offered in us-west-2"
    offers = boto3.client("ec2", "us-west-2").describe_instance_type_offerings
    there = {
        place: {
            offer["InstanceType"]
            for offer in offers(
                LocationType="availability-zone", Filters=[{"Name": "location", "Values": [place]}]
            )["InstanceTypeOfferings"]
        }
        for place in ("us-west-2a", "us-west-2b")
    }
    other = min(there["us-west-2b"] - there["us-west-2a"])
    problems, _ = findings(project, tmp_path, account, InstanceType=other)
    assert [line for line in problems if line.startswith(f"{other}: is not offered in zone us-west-2a")] != []
    assert "us-west-2b" in problems[0]


@pytest.mark.parametrize("image", ["resolve:ssm:/aws/service/no/such/image", "ami-0123456789abcdef0"])
def test_images_that_are_not_there(project, tmp_path, account, image):
    add_role("ssm:*")
    (problem,), _ = findings(project, tmp_path, account, ImageId=image)
    assert problem.startswith(f"image {image}: us-west-2 has no such ")


def test_calls_without_permission_become_notes(project, tmp_path, account, monkeypatch):
    """moto itself has no quotas of EC2 and refuses."""
    monkeypatch.undo()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    add_role("ssm:*")
    problems, (note,) = findings(project, tmp_path, account)
    assert problems == [] and "\n" not in note
    assert note.startswith("AWS does not tell quotas (servicequotas:GetServiceQuota): ")


def test_the_doctor_asks_the_account(project, tmp_path, account, quotas, capsys):
    add_role("ssm:*")
    quotas["L-417A185B"] = 0.0  # of a type with max_workers=0
    quotas["L-1216C47A"] = 4.0
    cluster(project, tmp_path)
    assert doctor.main([str(tmp_path / "cluster.yaml")]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[1] for line in lines if "quota" in line] == [
        "available_node_types.head",
        "available_node_types.selfplay_cpu_on_demand",
    ]
    assert doctor.main([str(tmp_path / "cluster.yaml"), "--offline"]) == 1
    assert "quota" not in capsys.readouterr().err


def test_without_credentials_it_is_a_note(project, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    shutil.copy(project / "cluster.yaml", tmp_path / "cluster.yaml")
    doctor.main([str(tmp_path / "cluster.yaml")])
    assert "note: no AWS credentials here" in capsys.readouterr().out
