"""The rendered file on a real Ray, started for this test alone; skipped, loudly, where Ray is not installed."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from gatehouse.pin import Pin, Role
from gatehouse.registry.digest import digest
from gatehouse.serve.arms import Routing
from gatehouse.serve.config import Arm, ServingConfig
from tests.serve.targets.examples import MODEL, arm, config, files, production
from tests.support import optional
from tests.support.models import features, save, train

pytestmark = pytest.mark.slow
_PATIENCE_S = 300


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> ServingConfig:
    """A champion and a canary with half of the units, each a model of its own."""

    def pinned(seed: int, role: Role, percent: float | None) -> Arm:
        folder = save(train(seed), tmp_path_factory.mktemp("artifact") / "model")
        pin = Pin(seed + 1, digest(folder))
        return arm(pin.version, role, percent, digest=pin.digest, artifact=str(folder))

    return config(production(pinned(0, Role.CHAMPION, None), pinned(1, Role.CANARY, 50)))


@pytest.fixture(scope="module")
def address(shown: ServingConfig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    optional.part("ray", "gatehouse[ray]")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = tmp_path_factory.mktemp("ray") / "serve.yaml"
    options = {"port": port, "replicas": 1, "cpus": 0.1, "router_cpus": 0.1, "isolation": "none"}
    path.write_text(files("ray", shown, **options)[f"{MODEL}.yaml"])
    command = [str(Path(sys.executable).with_name("serve")), "run", str(path)]
    server = subprocess.Popen(command, start_new_session=True)
    try:
        yield _up(server, f"http://127.0.0.1:{port}/{MODEL}")
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)


def _up(server: subprocess.Popen[bytes], url: str) -> str:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        assert server.poll() is None, "`serve run` ended"
        try:
            if requests.get(f"{url}/ready", timeout=5).status_code == 200:
                return url
        except requests.ConnectionError:
            pass
        time.sleep(1)
    raise AssertionError(f"{url} was not ready in {_PATIENCE_S} s")


def test_ray_reads_the_file_and_passes_over_no_key_of_it(shown: ServingConfig) -> None:
    schema: Any = optional.part("ray.serve.schema", "gatehouse[ray]")
    document = yaml.safe_load(files("ray", shown)[f"{MODEL}.yaml"])
    assert len(schema.ServeDeploySchema.model_validate(document).applications) == len(document["applications"])
    # Ray ignores keys that it does not know.
    for app in document["applications"]:
        assert app.keys() <= schema.ServeApplicationSchema.model_fields.keys()
        for deployment in app["deployments"]:
            assert deployment.keys() <= schema.DeploymentSchema.model_fields.keys()


def test_every_unit_is_answered_by_the_version_that_the_arms_give_it(shown: ServingConfig, address: str) -> None:
    body = json.dumps({"dataframe_split": json.loads(features(2).to_json(orient="split"))})
    routing = Routing.of(shown)
    for unit in map(str, range(40)):
        headers = {"content-type": "application/json", "x-gatehouse-unit": unit}
        answer = requests.post(f"{address}/invocations", data=body, headers=headers, timeout=60)
        assert answer.status_code == 200
        assert len(answer.json()["predictions"]) == 2
        wanted = routing.decide(unit, 0.0).arm
        assert answer.headers["x-gatehouse-version"] == str(wanted.version)
        assert answer.headers["x-gatehouse-arm"] == str(wanted.role)
