"""The applications without Ray: a version is a real one; a router has stand-ins for Ray's handles alone."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gatehouse.errors import GatehouseError
from gatehouse.pin import Role
from gatehouse.registry.digest import digest
from gatehouse.serve import rayapp
from gatehouse.serve.config import ServingConfig
from gatehouse.serve.protocols.errors import Reply
from gatehouse.serve.rayapp import Router, Version
from tests.serve.targets.examples import CHAMPION, EVERY_ARM, arm, config, production
from tests.serve.test_rayroutes import told
from tests.support.models import features, save, train

JSON = "application/json"


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(train(), tmp_path_factory.mktemp("artifact") / "model")


@pytest.fixture(scope="module")
def replica(artifact: Path) -> Iterator[Version]:
    made = Version(model="m", version=1, digest=digest(artifact), artifact=str(artifact), isolation="none")
    yield made
    made.close()


def body(rows: int = 2) -> bytes:
    return json.dumps({"dataframe_split": json.loads(features(rows).to_json(orient="split"))}).encode()


def test_the_module_is_imported_without_ray() -> None:
    code = "import sys, gatehouse.serve.rayapp; sys.exit('ray' in sys.modules or 'mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_a_version_with_another_digest_never_starts(artifact: Path) -> None:
    with pytest.raises(GatehouseError, match="it is not what was reviewed"):
        Version(model="m", version=1, digest=arm(1).digest, artifact=str(artifact), isolation="none")


def test_a_version_answers_mlflows_protocol_and_says_its_number(replica: Version) -> None:
    number, reply = asyncio.run(replica.answer(body(), JSON))
    assert (number, reply.status) == (1, 200)
    assert len(json.loads(reply.body)["predictions"]) == 2
    assert asyncio.run(replica.ready()) == 1
    replica.check_health()


@pytest.mark.parametrize(
    ("sent", "kind", "status"), [(b"{", JSON, 400), (b"{}", JSON, 400), (b"a,b\n1,2\n", "text/xml", 415)]
)
def test_a_request_that_cannot_be_read_is_refused(replica: Version, sent: bytes, kind: str, status: int) -> None:
    assert replica.reply(sent, kind).status == status
    assert replica.reply(body(), JSON).status == 200


def test_a_version_whose_process_is_gone_says_so_and_is_replaced(artifact: Path) -> None:
    made = Version(model="m", version=1, digest=digest(artifact), artifact=str(artifact), isolation="none")
    try:
        pid = made._process.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert made.reply(body(), JSON).status == 503
        with pytest.raises(GatehouseError):
            made.check_health()
    finally:
        made.close()


class Gone(Exception):
    """What Ray would raise."""


class Broke(Gone):
    """What Ray would raise for an exception of a version's own."""


@dataclass
class Handle:
    """As Ray's: ``handle.answer.remote(…)``. ``does`` is what a call comes to."""

    version: int
    does: Callable[[], Coroutine[Any, Any, Reply]]
    calls: int = 0
    answer: Any = field(init=False)
    remote: Any = field(init=False)

    def __post_init__(self) -> None:
        self.answer = self
        self.remote = self._remote

    async def _remote(self, body: bytes, content_type: str | None) -> tuple[int, Reply]:
        self.calls += 1
        return self.version, await self.does()


async def fine() -> Reply:
    return Reply(200, JSON, b"{}")


async def gone() -> Reply:
    raise Gone


async def broke() -> Reply:
    raise Broke


async def never() -> Reply:
    await asyncio.sleep(60)
    raise AssertionError


@dataclass
class Request:
    headers: dict[str, str] = field(default_factory=dict)

    async def body(self) -> bytes:
        return b"{}"


@pytest.fixture
def handles(monkeypatch: pytest.MonkeyPatch) -> dict[int, Handle]:
    """What each version's application does; a version that is not here never comes up."""
    there = {version: Handle(version, fine) for version in (1, 2, 3, 4)}

    async def answering(app: str, version: int) -> Any:
        while version not in there:
            await asyncio.sleep(0.01)
        return there[version]

    monkeypatch.setattr(rayapp, "_answering", answering)
    monkeypatch.setattr(rayapp, "_gone", lambda: (Gone,))
    monkeypatch.setattr(rayapp, "_raised", lambda: Broke)
    for name in ("READY_S", "SWITCH_S", "ANSWER_S", "GRACE_S"):
        monkeypatch.setattr(rayapp, name, 0.2)
    return there


async def routed(shown: ServingConfig) -> Router:
    router = Router()
    await router.reconfigure(told(shown))
    return router


async def invoked(router: Router, **headers: str) -> tuple[int, dict[str, str]]:
    reply, said = await router._invoked(Request(headers))
    return reply.status, said


def test_an_answer_names_model_version_and_arm(handles: dict[int, Handle]) -> None:
    async def run() -> None:
        status, said = await invoked(await routed(CHAMPION))
        assert status == 200
        wanted = {"x-gatehouse-model": "credit-risk", "x-gatehouse-version": "1", "x-gatehouse-arm": "champion"}
        assert said == wanted

    asyncio.run(run())


def test_a_router_without_routes_is_not_well(handles: dict[int, Handle]) -> None:
    async def run() -> None:
        with pytest.raises(GatehouseError, match="no routes yet"):
            Router().check_health()
        (await routed(CHAMPION)).check_health()

    asyncio.run(run())


def test_a_version_that_does_not_come_up_leaves_the_old_routes_serving(handles: dict[int, Handle]) -> None:
    async def run() -> None:
        router = await routed(CHAMPION)
        with pytest.raises(TimeoutError):
            await router.reconfigure(told(config(production(arm(9)))))
        assert (await invoked(router))[1]["x-gatehouse-version"] == "1"

    asyncio.run(run())


def test_a_request_whose_version_went_away_is_answered_by_the_new_routes(handles: dict[int, Handle]) -> None:
    async def run() -> None:
        router = await routed(CHAMPION)
        for gone_how in (gone, never):
            handles[1].does = gone_how
            waiting = asyncio.create_task(invoked(router))
            await asyncio.sleep(0.05)
            await router.reconfigure(told(config(production(arm(2)))))
            status, said = await waiting
            assert (status, said["x-gatehouse-version"]) == (200, "2")
            handles[1].does = fine
            await router.reconfigure(told(CHAMPION))

    asyncio.run(run())


@pytest.mark.parametrize(("does", "status"), [(gone, 503), (never, 504), (broke, 500)])
def test_where_no_new_routes_come_the_caller_is_told(handles: dict[int, Handle], does: Any, status: int) -> None:
    async def run() -> None:
        router = await routed(CHAMPION)
        handles[1].does = does
        assert (await invoked(router))[0] == status

    asyncio.run(run())


def test_an_answer_of_another_version_than_is_pinned_is_never_passed_on(handles: dict[int, Handle]) -> None:
    async def run() -> None:
        router = await routed(CHAMPION)
        handles[1].version = 7
        assert (await invoked(router))[0] == 503

    asyncio.run(run())


def test_a_shadow_that_hangs_is_never_felt_and_its_copies_are_bounded(
    handles: dict[int, Handle], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rayapp, "COPIES", 5)
    shadowed = config(production(arm(1), arm(4, Role.SHADOW, 100)))

    async def run() -> None:
        handles[4].does = never
        router = await routed(shadowed)
        began = time.monotonic()
        for _ in range(20):
            assert (await invoked(router))[0] == 200
            await asyncio.sleep(0)
        assert time.monotonic() - began < 5
        assert (handles[4].calls, router.dropped) == (5, 15)

    asyncio.run(run())


@pytest.mark.parametrize("does", [gone, broke])
def test_a_shadow_that_fails_is_never_felt(handles: dict[int, Handle], does: Any) -> None:
    async def run() -> None:
        handles[4].does = does
        router = await routed(EVERY_ARM)
        answers = [await invoked(router, **{"x-gatehouse-unit": str(unit)}) for unit in range(100)]
        assert {status for status, _ in answers} == {200}
        assert handles[4].calls > 0

    asyncio.run(run())


@pytest.mark.parametrize("length", ["99999999999", "-1", "many", "²"])
def test_a_body_that_is_announced_too_large_or_oddly_is_not_read(handles: dict[int, Handle], length: str) -> None:
    async def run() -> None:
        assert (await invoked(await routed(CHAMPION), **{"content-length": length}))[0] == 413
        assert handles[1].calls == 0

    asyncio.run(run())
