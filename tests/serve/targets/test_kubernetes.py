from __future__ import annotations

from typing import Any

import msgspec
import pytest
import yaml

from gatehouse.errors import GatehouseError
from gatehouse.pin import Role
from gatehouse.serve.config import ServingConfig
from tests.serve.targets.examples import CHAMPION, CONFIGS, SEGMENTS, arm, config, documents, files, one, production
from tests.support import optional


def pod(**options: Any) -> Any:
    return one("Deployment", documents("kubernetes", CHAMPION, **options), "credit-risk-v1")["spec"]["template"]["spec"]


def test_the_artifact_is_fetched_and_its_digest_checked_before_the_server_starts() -> None:
    (fetch,) = pod()["initContainers"]
    assert fetch["command"][2:] == [
        "gatehouse.serve.artifact", "fetch", "s3://models/1/1/artifacts/model", "/mnt/models/model", arm(1).digest
    ]  # fmt: skip
    (server,) = pod()["containers"]
    mount = next(mount for mount in server["volumeMounts"] if mount["name"] == "model")
    assert mount == {"name": "model", "mountPath": "/mnt/models", "subPath": "model", "readOnly": True}


def test_the_model_never_has_the_credentials_that_fetched_it() -> None:
    spec = pod(secret="artifact-store")
    assert spec["initContainers"][0]["envFrom"] == [{"secretRef": {"name": "artifact-store"}}]
    assert "artifact-store" not in str(spec["containers"])


def test_the_server_is_told_its_one_pin_and_where_it_lies() -> None:
    told = one("ConfigMap", documents("kubernetes", CHAMPION), "credit-risk-v1")["data"]["serving.yaml"]
    (alone,) = msgspec.convert(yaml.safe_load(told), ServingConfig).arms()
    assert (alone.role, alone.pin, alone.artifact) == (Role.CHAMPION, arm(1).pin, "/mnt/models")


def test_a_server_of_mlflows_own_is_started_and_asked_as_it_wants() -> None:
    command = ["mlflow", "models", "serve", "-m", "/mnt/models", "-h", "0.0.0.0", "-p", "8080"]
    spec = pod(command=command, server_image="mlflow.example.com/serve:3.17", ready_path="/ping", live_path="/ping")
    (server,) = spec["containers"]
    assert (server["command"], server["image"]) == (command, "mlflow.example.com/serve:3.17")
    assert server["readinessProbe"]["httpGet"] == {"path": "/ping", "port": 8080}


def test_what_selects_one_versions_pods_selects_no_others() -> None:
    found = documents("kubernetes", SEGMENTS)
    pods = [each["spec"]["template"]["metadata"]["labels"] for each in found if each["kind"] == "Deployment"]
    for service in (each for each in found if each["kind"] == "Service"):
        wanted = service["spec"]["selector"].items()
        assert len([labels for labels in pods if wanted <= labels.items()]) == 1


def test_callers_whom_no_route_leads_get_the_champion_or_nobody() -> None:
    front = one("Service", documents("kubernetes", CHAMPION))
    assert front["spec"]["selector"]["gatehouse.version"] == "1"
    only = one("Service", documents("kubernetes", config(production(arm(1), segment="eu"))))
    assert "selector" not in only["spec"]


@pytest.mark.parametrize("address", ["mlflow-artifacts:/1/model", "https://mlflow.example.com/artifacts/1"])
def test_what_the_mlflow_server_hands_out_needs_its_address(address: str) -> None:
    handed = config(production(arm(1, artifact=address)))
    with pytest.raises(GatehouseError, match="version 1") as caught:
        files("kubernetes", handed)
    assert "tracking_uri" in caught.value.fix
    found = documents("kubernetes", handed, tracking_uri="https://mlflow.example.com")
    (fetch,) = one("Deployment", found, "credit-risk-v1")["spec"]["template"]["spec"]["initContainers"]
    assert {"name": "MLFLOW_TRACKING_URI", "value": "https://mlflow.example.com"} in fetch["env"]


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("target", ["kserve", "kubernetes"])
def test_kubernetes_own_kinds_fit_its_own_schemas_and_a_typo_does_not(target: str, name: str) -> None:
    strict: Any = optional.part("kubernetes_validate", "kubernetes-validate")
    own = [each for each in documents(target, CONFIGS[name]) if each["apiVersion"] in ("v1", "apps/v1")]
    assert len(own) > 1
    for document in own:
        strict.validate(document, strict.latest_version(), strict=True)
        with pytest.raises(strict.ValidationError):
            strict.validate({**document, "sepc": {}}, strict.latest_version(), strict=True)
