"""Fields of KubeRay's resources (ray.io/v1, KubeRay 1.7) and of their pods that our files use.

Kubernetes drops or refuses unknown fields, so that a misspelt setting has no effect.
"""

from collections.abc import Iterator
from typing import Any

Checked = Any
"""A mapping of fields to their contents, a list of one such item, a set of allowed values, or a type."""
QUANTITIES = {str: str}
LABELS = {str: str}

_CONTAINER = {
    "name": str,
    "image": str,
    "env": [{"name": str, "value": str}],
    "ports": [{"name": str, "containerPort": int}],
    "resources": {"requests": QUANTITIES, "limits": QUANTITIES},
    "volumeMounts": [{"name": str, "mountPath": str}],
}
_POD = {
    "securityContext": {"runAsUser": int, "runAsGroup": int, "fsGroup": int},
    "terminationGracePeriodSeconds": int,
    "nodeSelector": LABELS,
    "tolerations": [{"key": str, "operator": {"Exists", "Equal"}, "effect": {"NoSchedule", "NoExecute"}}],
    "containers": [_CONTAINER],
    "volumes": [
        {
            "name": str,
            "persistentVolumeClaim": {"claimName": str},
            "emptyDir": {"medium": {"", "Memory"}, "sizeLimit": str},
        }
    ],
}
_CLUSTER = {
    "rayVersion": str,
    "authOptions": {"mode": {"disabled", "token"}, "secretName": str, "enableK8sTokenAuth": bool},
    "enableInTreeAutoscaling": bool,
    "autoscalerOptions": {"version": {"v1", "v2"}, "idleTimeoutSeconds": int},
    "headGroupSpec": {"rayStartParams": LABELS, "template": {"spec": _POD}},
    "workerGroupSpecs": [
        {
            "groupName": str,
            "replicas": int,
            "minReplicas": int,
            "maxReplicas": int,
            "priority": int,
            "idleTimeoutSeconds": int,
            "rayStartParams": LABELS,
            "template": {"spec": _POD},
        }
    ],
}
_JOB = {
    "clusterSelector": LABELS,
    "entrypoint": str,
    "submissionMode": {"K8sJobMode", "HTTPMode", "InteractiveMode", "SidecarMode"},
}
_CLAIM = {"accessModes": [str], "resources": {"requests": QUANTITIES}}
SPECS = {
    ("v1", "PersistentVolumeClaim"): _CLAIM,
    ("ray.io/v1", "RayCluster"): _CLUSTER,
    ("ray.io/v1", "RayJob"): _JOB,
}
REQUIRED = {
    "headGroupSpec": {"template"},
    "workerGroupSpecs": {"groupName", "minReplicas", "maxReplicas", "template"},
    "containers": {"name", "image", "resources"},
    "volumeMounts": {"name", "mountPath"},
}


def mistakes(value: Any, allowed: Checked, place: str) -> Iterator[str]:
    """Mistakes in `value`, with their places."""
    if isinstance(allowed, type):
        if not isinstance(value, allowed) or (isinstance(value, bool) and allowed is not bool):
            yield f"{place}: {value!r} is not of the type {allowed.__name__}"
    elif isinstance(allowed, set):
        if value not in allowed:
            yield f"{place}: {value!r} is not one of {sorted(allowed)}"
    elif isinstance(allowed, list):
        if not isinstance(value, list):
            yield f"{place}: must be a list"
            return
        for number, item in enumerate(value):
            yield from mistakes(item, allowed[0], f"{place}[{number}]")
    elif not isinstance(value, dict):
        yield f"{place}: must be a mapping"
    else:
        yield from _fields(value, allowed, place)


def _fields(value: dict, allowed: dict, place: str) -> Iterator[str]:
    for key, item in value.items():
        kind = allowed.get(str, allowed.get(key))
        if kind is None:
            yield f"{place}.{key}: is not a field"
        else:
            yield from mistakes(item, kind, f"{place}.{key}")
    name = place.rpartition(".")[2].partition("[")[0]
    for key in sorted(REQUIRED.get(name, set()) - value.keys()):
        yield f"{place}: {key} is missing"
