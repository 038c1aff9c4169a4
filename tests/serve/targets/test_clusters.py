"""What holds for every target that renders Kubernetes objects."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatehouse.errors import GatehouseError
from gatehouse.pin import Role
from gatehouse.serve.config import ServingConfig
from tests.serve.targets.examples import (
    CHAMPION,
    CONFIGS,
    EVERY_ARM,
    NOON,
    SEGMENTS,
    arm,
    config,
    documents,
    files,
    joined,
    one,
    production,
)
from tests.support import crds, snapshots

SNAPSHOTS = Path(__file__).parent / "snapshots"
TARGETS = ("kserve", "kubernetes")
KINDS = {"InferenceService", "VirtualService"}
each = pytest.mark.parametrize("target", TARGETS)


@each
@pytest.mark.parametrize("name", CONFIGS)
def test_what_is_rendered_is_what_a_person_looked_at(target: str, name: str) -> None:
    snapshots.matches(joined(files(target, CONFIGS[name])), SNAPSHOTS / f"{target}-{name}.yaml")


@each
@pytest.mark.parametrize("name", CONFIGS)
def test_what_is_rendered_fits_the_closed_schemas_of_its_kinds(target: str, name: str) -> None:
    found = [one for one in documents(target, CONFIGS[name]) if one["kind"] in KINDS]
    assert len(found) >= 1
    assert [error for document in found for error in crds.errors(document)] == []


@pytest.mark.parametrize(
    ("target", "kind", "change", "said"),
    [
        ("kserve", "InferenceService", lambda o: o["spec"]["predictor"]["model"].update(storageUrl="x"), "storageUrl"),
        ("kserve", "InferenceService", lambda o: o["spec"]["predictor"].update(minReplica=2), "minReplica"),
        ("kserve", "InferenceService", lambda o: o["spec"].update(predictors={}), "predictors"),
        ("kubernetes", "VirtualService", lambda o: o["spec"]["http"][0].update(mirorr={}), "mirorr"),
        ("kubernetes", "VirtualService", lambda o: o["spec"]["http"][0]["route"][0].update(wieght=5), "wieght"),
        ("kubernetes", "VirtualService", lambda o: o["spec"]["http"][0]["route"][0].update(weight="5"), "weight"),
    ],
)
def test_a_typo_is_refused_by_the_closed_schema(target: str, kind: str, change: Any, said: str) -> None:
    name = "credit-risk" if kind == "VirtualService" else "credit-risk-v1"
    document = copy.deepcopy(one(kind, documents(target, CHAMPION), name))
    change(document)
    (error,) = crds.errors(document)
    assert said in error


@each
@pytest.mark.parametrize("name", CONFIGS)
def test_the_same_config_gives_the_same_bytes(target: str, name: str) -> None:
    again = msgspec.json.decode(msgspec.json.encode(CONFIGS[name]), type=ServingConfig)
    assert files(target, again) == files(target, CONFIGS[name])


@each
def test_a_pinned_version_has_a_file_of_its_own_whatever_roles_it_plays(target: str) -> None:
    assert sorted(files(target, SEGMENTS)) == [
        "credit-risk/credit-risk-v1.yaml",
        "credit-risk/credit-risk-v2.yaml",
        "credit-risk/credit-risk-v3.yaml",
        "credit-risk/credit-risk-v5.yaml",
        "credit-risk/route.yaml",
    ]


@each
def test_the_file_of_a_version_that_stays_stays_as_it_is(target: str) -> None:
    before, after = (files(target, shown) for shown in (CHAMPION, EVERY_ARM))
    path = "credit-risk/credit-risk-v1.yaml"
    assert before[path] == after[path]
    assert before["credit-risk/route.yaml"] != after["credit-risk/route.yaml"]


@each
def test_a_version_that_takes_another_role_is_not_started_anew(target: str) -> None:
    canary = config(production(arm(1), arm(2, Role.CANARY, 5, commit="b" * 40)))
    champion = config(production(arm(2, commit="f" * 40)))
    path = "credit-risk/credit-risk-v2.yaml"
    before, after = files(target, canary)[path], files(target, champion)[path]
    assert before != after
    assert before.replace("b" * 40, "f" * 40) == after
    assert "f" * 40 not in str(_runs(documents(target, champion)))


def _runs(found: list[dict[str, Any]]) -> list[Any]:
    """What pods are made from."""
    kinds = ("InferenceService", "Deployment")
    return [document["spec"] for document in found if document["kind"] in kinds]


@each
def test_digest_commit_and_since_stand_on_every_object_of_a_version(target: str) -> None:
    for document in documents(target, EVERY_ARM):
        said = document["metadata"]["annotations"]
        version = document["metadata"]["labels"].get("gatehouse.version")
        pinned = next((arm for arm in EVERY_ARM.arms() if str(arm.version) == version), None)
        if pinned is None:
            assert said["gatehouse.commit"] == EVERY_ARM.commit
        else:
            assert said["gatehouse.commit"] == pinned.commit
            assert said["gatehouse.digest"] == pinned.digest
            assert said["gatehouse.since"] == pinned.since.isoformat()


@each
def test_a_version_in_two_roles_is_pinned_since_the_first(target: str) -> None:
    early, late = arm(2, Role.SHADOW, 1, since=NOON, commit="a" * 40), arm(2, commit="b" * 40)
    found = documents(target, config(production(arm(1), early), production(late, segment="eu")))
    assert one("ConfigMap", found, "credit-risk-v2")["metadata"]["annotations"]["gatehouse.commit"] == "a" * 40


@each
def test_nothing_is_pinned_by_alias_or_stage(target: str) -> None:
    text = joined(files(target, SEGMENTS))
    assert not re.search(r"models:/|runs:/|mlflow://|@|canaryTrafficPercent|latest", text)


@each
def test_routes_come_after_what_they_lead_to_and_what_is_gone_leaves_after_them(target: str) -> None:
    for document in documents(target, SEGMENTS):
        said = document["metadata"]["annotations"]
        leads = "gatehouse.digest" not in said
        assert said["argocd.argoproj.io/sync-wave"] == ("1" if leads else "0")
        assert ("PruneLast=true" in said.values()) is not leads


@each
def test_a_model_whose_name_no_cluster_takes_gets_one_that_it_does(target: str) -> None:
    found = documents(target, config(production(arm(1)), model="Credit_Risk." + "x" * 180))
    for document in found:
        assert re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", document["metadata"]["name"])
        assert all(len(value) <= 63 for value in document["metadata"]["labels"].values())


@each
def test_a_pod_has_no_token_no_root_and_no_place_to_write_but_its_own(target: str) -> None:
    for spec in _runs(documents(target, EVERY_ARM)):
        pod = spec["predictor"] if "predictor" in spec else spec["template"]["spec"]
        containers = [pod["model"]] if "model" in pod else [*pod["initContainers"], *pod["containers"]]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in containers:
            walls = container["securityContext"]
            assert walls["allowPrivilegeEscalation"] is False
            assert walls["readOnlyRootFilesystem"] is True
            assert walls["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]


@each
def test_options_reach_every_object(target: str) -> None:
    found = documents(
        target, CHAMPION, namespace="risk", replicas=3, gateway="istio-system/public", domain="ml.acme.eu"
    )
    assert {document["metadata"]["namespace"] for document in found} == {"risk"}
    spec = one("VirtualService", found)["spec"]
    assert spec["hosts"] == ["credit-risk", "credit-risk.ml.acme.eu"]
    assert spec["gateways"] == ["istio-system/public", "mesh"]
    assert 3 in [spec.get("replicas") or spec["predictor"]["minReplicas"] for spec in _runs(found)]


@each
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"image": "registry.example.com/gatehouse"}, "serving.options.image"),
        ({"image": "registry.example.com/gatehouse:latest"}, "serving.options.image"),
        ({"replica": 2}, "replica"),
        ({"replicas": 0}, "serving.options.replicas"),
        ({"namespace": "Models"}, "serving.options.namespace"),
        ({"resources": {"limits": {"memory": "2 GB"}}}, "serving.options.resources.limits.memory"),
        ({"gateway": "public"}, "gateway and domain go together"),
        ({"segment": {"headers": "x"}}, "serving.options.segment"),
    ],
)
def test_options_that_a_target_does_not_take_are_refused_by_name(
    target: str, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(GatehouseError, match=re.escape(said)) as caught:
        files(target, CHAMPION, **options)
    assert "promotions/stages.yaml" in caught.value.message
    assert caught.value.fix


@each
@pytest.mark.parametrize(
    "address", ["/data/mlruns/1/model", "file:///data/model", "dbfs:/x", "models:/x/1", "runs:/1/m"]
)
def test_an_artifact_that_a_cluster_cannot_fetch_is_refused(target: str, address: str) -> None:
    with pytest.raises(GatehouseError, match="version 1") as caught:
        files(target, config(production(arm(1, artifact=address))))
    assert caught.value.fix


@each
def test_one_version_with_two_digests_is_refused(target: str) -> None:
    other = arm(1, digest=arm(9).digest)
    with pytest.raises(GatehouseError, match="version 1 is pinned with two digests"):
        files(target, config(production(arm(1)), production(other, segment="eu")))
