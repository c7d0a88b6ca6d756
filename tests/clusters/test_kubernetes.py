"""Tests of clusters/kubernetes.yaml and its job: KubeRay's schema, and the same guarantees as other files."""

import copy
import os
import re
import shlex
from pathlib import Path

import pytest
import yaml

from alphazero.config import compose
from tests.clusters import kuberay

NAMES = ("kubernetes.yaml", "kubernetes-job.yaml")


@pytest.fixture
def resources(project):
    """All resources of both files, by kind."""
    texts = [(project / "clusters" / name).read_text() for name in NAMES]
    return {each["kind"]: each for text in texts for each in yaml.safe_load_all(text)}


@pytest.fixture
def cluster(resources):
    return resources["RayCluster"]["spec"]


def pods(cluster):
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    return [group["template"]["spec"] for group in groups]


def mistakes(resource):
    allowed = kuberay.SPECS[resource["apiVersion"], resource["kind"]]
    top = {"apiVersion": str, "kind": str, "metadata": {"name": str}, "spec": allowed}
    return list(kuberay.mistakes(resource, top, resource["kind"]))


def test_every_field_is_known(resources):
    assert sorted(resources) == ["PersistentVolumeClaim", "RayCluster", "RayJob"]
    assert [mistakes(resource) for resource in resources.values()] == [[], [], []]


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        ("rayVersion", 2.6, "is not of the type str"),
        ("rayversion", "2.60.0", "rayversion: is not a field"),
        ("authOptions", {"mode": "tokens"}, "is not one of ['disabled', 'token']"),
        ("enableInTreeAutoscaling", "yes", "is not of the type bool"),
        ("workerGroupSpecs", {}, "must be a list"),
        ("workerGroupSpecs", [{"groupName": "a", "minReplicas": 0, "maxReplicas": 1}], "template is missing"),
        ("headGroupSpec", {"template": {"spec": {"containers": [{"name": "a"}]}}}, "image is missing"),
    ],
)
def test_a_mistake_is_found(resources, place, value, expected):
    wrong = copy.deepcopy(resources["RayCluster"])
    wrong["spec"][place] = value
    assert any(expected in line for line in mistakes(wrong)), mistakes(wrong)


@pytest.mark.skipif(
    "KUBERAY_CRDS" not in os.environ, reason="KUBERAY_CRDS must name a folder with KubeRay's CRDs"
)
def test_kuberays_own_schema_accepts_it(resources):
    """KUBERAY_CRDS: helm-chart/kuberay-operator/crds of a copy of KubeRay's repository."""
    jsonschema = pytest.importorskip("jsonschema")
    for kind, file in (("RayCluster", "rayclusters"), ("RayJob", "rayjobs")):
        crd = yaml.safe_load((Path(os.environ["KUBERAY_CRDS"]) / f"ray.io_{file}.yaml").read_text())
        (schema,) = [each["schema"] for each in crd["spec"]["versions"] if each["name"] == "v1"]
        jsonschema.Draft7Validator(strict(schema["openAPIV3Schema"])).validate(resources[kind])


def strict(schema):
    """The schema without unknown fields, as in `kubectl apply --validate=strict`."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: strict(value) for key, value in schema.items()}
    if closed.pop("x-kubernetes-int-or-string", False):
        closed = {"type": ["integer", "string"]}
    is_open = "additionalProperties" in closed or not isinstance(closed.get("properties"), dict)
    return closed if is_open or closed.get("type") != "object" else {**closed, "additionalProperties": False}


def test_the_token_is_required(cluster):
    assert cluster["authOptions"] == {"mode": "token"}
    variables = [each["name"] for pod in pods(cluster) for each in pod["containers"][0].get("env", ())]
    assert not {"RAY_AUTH_MODE", "RAY_AUTH_TOKEN"} & set(variables), "a value would override KubeRay's"


def test_shared_memory_and_the_volume_are_mounted(cluster):
    for pod in pods(cluster):
        (container,) = pod["containers"]
        mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        assert mounts.keys() == volumes.keys() and mounts["shm"] == "/dev/shm"
        assert volumes["shm"]["emptyDir"]["medium"] == "Memory"
        limits = container["resources"]["limits"]
        assert container["resources"]["requests"] == limits, "the autoscaler counts requests"
        assert gib(volumes["shm"]["emptyDir"]["sizeLimit"]) <= gib(limits["memory"]) / 3
    assert [pod for pod in pods(cluster) if len(pod["volumes"]) > 1] == [pods(cluster)[0]]


def gib(quantity):
    found = re.fullmatch(r"(\d+)Gi", quantity)
    assert found
    return int(found[1])


def test_nothing_is_kept_without_work(cluster):
    groups = cluster["workerGroupSpecs"]
    assert cluster["enableInTreeAutoscaling"] and all(group["minReplicas"] == 0 for group in groups)
    priorities = {group["groupName"]: group.get("priority") for group in groups}
    assert priorities["selfplay-cpu"] > priorities["selfplay-cpu-on-demand"]


def test_the_versions_agree(cluster, project):
    pins = (project / "constraints.txt").read_text()
    assert f"\nray=={cluster['rayVersion']}\n" in pins


def test_the_job_runs_on_the_cluster_and_its_volume(resources, cluster):
    job = resources["RayJob"]["spec"]
    assert job["clusterSelector"] == {"ray.io/cluster": resources["RayCluster"]["metadata"]["name"]}
    python, module, command, *words = shlex.split(job["entrypoint"])
    assert (python, module, command) == ("python", "-m", "alphazero.run")
    config = compose.compose(words)
    (volume,) = [volume for volume in pods(cluster)[0]["volumes"] if volume["name"] == "runs"]
    assert (
        volume["persistentVolumeClaim"]["claimName"] == resources["PersistentVolumeClaim"]["metadata"]["name"]
    )
    (mount,) = [each for each in pods(cluster)[0]["containers"][0]["volumeMounts"] if each["name"] == "runs"]
    assert config.run.dir.startswith(f"{mount['mountPath']}/") and config.cluster.grows
