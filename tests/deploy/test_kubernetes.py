"""deploy/kubernetes, as far as it can be checked without a cluster."""

import shutil
import subprocess
from collections import defaultdict

import kubernetes_validate
import pytest
import yaml

from ae_core.storage.files import ROOT

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
VERSIONS = ("1.31", "1.37")
PARTS = {"web", "scheduler", "train", "infer", "upload"}


@pytest.fixture(scope="module")
def rendered() -> list[dict]:
    """What ``kubectl apply -k`` would send to a cluster."""
    if shutil.which("kubectl") is None:
        pytest.skip("no kubectl: `make kubectl` installs one")
    command = ["kubectl", "kustomize", str(ROOT / "deploy" / "kubernetes")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return [each for each in yaml.safe_load_all(done.stdout) if each]


@pytest.fixture(scope="module")
def found(rendered) -> dict[str, dict[str, dict]]:
    """The same by kind and name."""
    kinds: dict[str, dict[str, dict]] = defaultdict(dict)
    for each in rendered:
        kinds[each["kind"]][each["metadata"]["name"]] = each
    return kinds


def pod(deployment: dict) -> dict:
    return deployment["spec"]["template"]["spec"]


def container(deployment: dict) -> dict:
    (only,) = pod(deployment)["containers"]
    return only


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_knows_every_field(rendered, version):
    for each in rendered:
        kubernetes_validate.validate(each, version, strict=True)


def test_a_field_that_kubernetes_does_not_know_would_be_found(rendered):
    wrong = yaml.safe_load(yaml.safe_dump(rendered[-1])) | {"spek": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_the_parts_run_the_images_and_commands_of_compose(found):
    assert set(found["Deployment"]) == PARTS
    for name, deployment in found["Deployment"].items():
        runs, composed = container(deployment), COMPOSE[name]
        assert runs["image"].partition("/")[2].partition(":")[0] == composed["image"]
        assert runs.get("command") == composed.get("command")


def test_workers_have_the_settings_of_compose(found):
    (settings,) = found["ConfigMap"].values()
    composed = COMPOSE["train"]["environment"]
    assert settings["data"] == {
        name: value for name, value in composed.items() if name != "AE_DATABASE"
    }
    for kind in ("train", "infer", "upload"):
        (source,) = container(found["Deployment"][kind])["envFrom"]
        assert source["configMapRef"]["name"] == settings["metadata"]["name"]


def test_all_pods_run_without_rights_and_within_a_memory_limit(found):
    for deployment in found["Deployment"].values():
        may = pod(deployment)["securityContext"]
        assert (may["runAsNonRoot"], may["fsGroup"]) == (True, 0)
        assert may["seccompProfile"]["type"] == "RuntimeDefault"
        may = container(deployment)["securityContext"]
        assert (may["allowPrivilegeEscalation"], may["readOnlyRootFilesystem"]) == (False, True)
        assert may["capabilities"]["drop"] == ["ALL"]
        assert "memory" in container(deployment)["resources"]["limits"]


def test_every_volume_secret_and_service_is_the_same_everywhere(found):
    claims = set(found["PersistentVolumeClaim"])
    assert claims == {"runs", "data"}
    for name, deployment in found["Deployment"].items():
        volumes = pod(deployment)["volumes"]
        used = {v["persistentVolumeClaim"]["claimName"] for v in volumes if "emptyDir" not in v}
        assert used == (set() if name == "scheduler" else claims)
        mounted = {each["name"] for each in container(deployment)["volumeMounts"]}
        assert mounted == {each["name"] for each in volumes}
        for variable in container(deployment).get("env", []):
            secret = variable.get("valueFrom", {}).get("secretKeyRef")
            assert secret is None or secret["name"] == "autoencoder-lab"
    for name, service in found["Service"].items():
        labels = found["Deployment"][name]["spec"]["template"]["metadata"]["labels"]
        assert service["spec"]["selector"].items() <= labels.items()
    assert {"name": "AE_SCHEDULER", "value": "tcp://scheduler:8786"} in container(
        found["Deployment"]["web"]
    )["env"]


def test_only_the_apps_own_parts_reach_the_scheduler_and_workers(found):
    policies = found["NetworkPolicy"]
    assert policies["nothing-comes-in"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    own = {"matchLabels": {"reaches-scheduler": "true"}}
    assert policies["dask"]["spec"]["podSelector"] == own
    assert policies["dask"]["spec"]["ingress"] == [{"from": [{"podSelector": own}]}]
    for name, deployment in found["Deployment"].items():
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert labels == {"part": name, "reaches-scheduler": "true"}


def test_servers_are_probed_and_browsers_stay_with_one(found):
    web = container(found["Deployment"]["web"])
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert web[probe]["httpGet"] == {"path": "/_stcore/health", "port": "http"}
    (ingress,) = found["Ingress"].values()
    said = ingress["metadata"]["annotations"]
    assert said["nginx.ingress.kubernetes.io/affinity"] == "cookie"


def test_train_workers_grow_with_the_queue(found):
    (scaler,) = found["HorizontalPodAutoscaler"].values()
    assert scaler["spec"]["scaleTargetRef"]["name"] == "train"
    (metric,) = scaler["spec"]["metrics"]
    assert metric["external"]["metric"]["name"] == "ae_queue_length"
    assert "replicas" not in found["Deployment"]["train"]["spec"]  # else each apply would undo it
