from __future__ import annotations

import pytest

from gatehouse.errors import GatehouseError
from tests.serve.targets.examples import CHAMPION, EVERY_ARM, IMAGE, arm, config, documents, files, one, production


def test_the_digest_is_checked_between_the_download_and_the_server() -> None:
    spec = one("InferenceService", documents("kserve", CHAMPION), "credit-risk-v1")["spec"]["predictor"]
    model = spec["model"]
    assert model["storageUri"] == "s3://models/1/1/artifacts/model"
    assert model["command"][:6] == [
        "python", "-m", "gatehouse.serve.artifact", "verify", "/mnt/models", arm(1).digest
    ]  # fmt: skip
    assert model["command"][6:9] == ["--", "gatehouse", "serve"]
    # KServe runs these before it downloads: one that looked at the artifact would find nothing.
    assert "initContainers" not in spec


def test_the_server_is_the_teams_own_where_it_says_so() -> None:
    found = documents("kserve", CHAMPION, command=["mlserver", "start", "/mnt/models"], runtime="risk-runtime")
    model = one("InferenceService", found, "credit-risk-v1")["spec"]["predictor"]["model"]
    assert model["command"][6:] == ["--", "mlserver", "start", "/mnt/models"]
    assert (model["runtime"], model["image"]) == ("risk-runtime", IMAGE)
    assert {"name": "MLSERVER_MODEL_NAME", "value": "credit-risk"} in model["env"]


def test_routes_lead_to_the_predictors_that_kserve_makes() -> None:
    rules = one("VirtualService", documents("kserve", EVERY_ARM))["spec"]["http"]
    hosts = {to["destination"]["host"] for rule in rules for to in rule["route"]}
    assert hosts == {f"credit-risk-v{version}-predictor" for version in (1, 2, 3)}
    assert rules[0]["mirror"]["host"] == "credit-risk-v4-predictor"


@pytest.mark.parametrize("scheme", ["mlflow-artifacts", "wasbs", "https"])
def test_an_address_that_kserve_cannot_fetch_is_refused(scheme: str) -> None:
    with pytest.raises(GatehouseError, match=f"{scheme}:, which this target cannot fetch"):
        files("kserve", config(production(arm(1, artifact=f"{scheme}://models/1"))))
