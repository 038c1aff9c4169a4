"""What Ray Serve runs: an application a pinned version, and one a stage that decides which of them answers.

The config file that the target ``ray`` renders names ``version`` and ``router`` here. Ray itself is imported when one
of them is called: this module can be imported, and its decisions tested, where Ray is not.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gatehouse.errors import GatehouseError
from gatehouse.pin import Pin
from gatehouse.registry import mlmodel
from gatehouse.runtime import isolation
from gatehouse.runtime.failures import ModelAnswerInvalid, ModelError, ModelRaised
from gatehouse.runtime.limits import Limits as Walls
from gatehouse.runtime.process import ModelProcess
from gatehouse.serve.arms import Decision, NoRoute
from gatehouse.serve.artifact import fetch
from gatehouse.serve.manifests.routes import ARM_HEADER, MODEL_HEADER, VERSION_HEADER
from gatehouse.serve.protocols import scoring
from gatehouse.serve.protocols.errors import TOO_LARGE, Limits, Refused, Reply
from gatehouse.serve.rayroutes import Guide
from gatehouse.serve.segments import Unreadable

# A new version is fetched and loaded while the router waits for it, with the old one answering.
READY_S = 600.0
# How long a request waits for new routes when the version that it was sent to is gone.
SWITCH_S = 30.0
# Copies to the shadow that may be on their way from one replica of the router; more are dropped, and counted.
COPIES = 64
# How long an answer may take, and one of a version that is on its way out.
ANSWER_S, GRACE_S = 60.0, 5.0
_PAUSE_S = 0.5
# A server lives longer than a check: its process ends with it.
_FOREVER_S = 10 * 365 * 86_400


class Version:
    """A replica of one version: its artifact, whose digest is checked before anything of it runs, and its process."""

    def __init__(
        self, *, model: str, version: int, digest: str, artifact: str, isolation: str = "unshare", registry: str = ""
    ) -> None:
        """Raises GatehouseError for an artifact with another digest, and where the sandbox does not work."""
        self.model = model
        self.pin = Pin(version, digest)
        self._failure: ModelError | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="gatehouse-", ignore_cleanup_errors=True)
        try:
            folder = fetch(artifact, Path(self._folder.name) / "model", digest, registry)
            self._scoring = scoring.Reader(mlmodel.read(folder).signature)
            self._process = ModelProcess.start(folder, launcher=_launcher(isolation))
        except BaseException:
            self._folder.cleanup()
            raise

    async def ready(self) -> int:
        """The version's number, once it is loaded: Ray calls nothing before."""
        return self.pin.version

    async def answer(self, body: bytes, content_type: str | None) -> tuple[int, Reply]:
        """The number of this version, and what it says to a request of MLflow's scoring protocol."""
        return self.pin.version, await asyncio.to_thread(self.reply, body, content_type)

    def reply(self, body: bytes, content_type: str | None) -> Reply:
        try:
            rows = self._scoring.read(body, content_type)
            if rows.params:
                raise Refused("this server takes no params", "leave `params` out")
            return scoring.reply(self._process.predict(rows.batch))
        except Refused as refused:
            return scoring.refusal(refused)
        except (ModelRaised, ModelAnswerInvalid):
            # What the model said of its own is not for callers: it may quote other people's rows.
            return scoring.failure(400, "the model could not answer these rows: compare them with its signature")
        except ModelError as error:
            self._failure = error
            return scoring.failure(503, "the model is starting again")
        except GatehouseError as error:
            return scoring.failure(400, error.message)

    def check_health(self) -> None:
        """Raises where the model's process is gone: Ray then puts another replica in this one's place."""
        if self._failure is not None:
            raise self._failure
        if self._process.pid is None or not Path(f"/proc/{self._process.pid}").exists():
            raise GatehouseError(f"the process of {self.model} version {self.pin.version} is gone")

    def close(self) -> None:
        self._process.close()
        self._folder.cleanup()

    def __del__(self) -> None:
        if hasattr(self, "_process"):
            self.close()


def _launcher(level: str) -> Any:
    return isolation.launcher(Walls(seconds=_FOREVER_S), level)


class Router:
    """A replica of a stage's router. What it goes by is replaced as a whole, when every version in it answers."""

    def __init__(self) -> None:
        self._guide: Guide | None = None
        self._handles: Mapping[int, Any] = {}
        self._changed = asyncio.Event()
        self._copying: set[asyncio.Task[None]] = set()
        self.dropped = 0

    async def reconfigure(self, told: Mapping[str, Any]) -> None:
        """Follows new routes. Raises, and stays with the old ones, where a version does not answer in READY_S."""
        guide = Guide.of(told)
        waits = {version: _answering(app, version) for version, app in guide.versions.items()}
        found = await asyncio.wait_for(asyncio.gather(*waits.values()), READY_S)
        self._guide, self._handles = guide, dict(zip(waits, found, strict=True))
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def check_health(self) -> None:
        if self._guide is None:
            raise GatehouseError("the router has no routes yet")

    async def __call__(self, request: Any) -> Any:
        """A request of MLflow's scoring protocol at ``/invocations``; ``/health`` and ``/version`` beside it."""
        from starlette.responses import JSONResponse, Response

        guide = self._guide
        match request.url.path.rpartition("/")[2]:
            case "health" | "ping" | "ready":
                return Response(status_code=200 if guide is not None else 503)
            case "version" if guide is not None:
                return JSONResponse({"model": guide.routing.model, "commit": guide.commit, "dropped": self.dropped})
            case "invocations" if request.method == "POST" and guide is not None:
                reply, headers = await self._invoked(request)
                return Response(reply.body, reply.status, headers, reply.content_type)
        return Response(status_code=404 if guide is not None else 503)

    async def _invoked(self, request: Any) -> tuple[Reply, dict[str, str]]:
        """The answer and its headers. Where the version that was asked goes away, the new routes are asked once."""
        announced = request.headers.get("content-length", "0")
        if not announced.isdecimal() or int(announced[:20]) > Limits().body_bytes:
            return scoring.failure(TOO_LARGE, "the body is too large: send fewer rows at a time"), {}
        body, dice = await request.body(), random.random()  # noqa: S311 # a draw, and no secret
        for _ in range(2):
            guide, handles, changed = self._guide, self._handles, self._changed
            assert guide is not None  # reconfigure comes before the first request
            try:
                decision = guide.decide(request.headers, dice)
            except Unreadable as error:
                return scoring.failure(400, error.message), {}
            except NoRoute as error:
                return scoring.failure(404, error.message), {}
            asked = body, request.headers.get("content-type")
            reply = await _asked(handles[decision.arm.version], decision.arm.version, asked, changed)
            if reply is not None:
                self._copy(decision, handles, asked)
                said = {MODEL_HEADER: guide.routing.model, VERSION_HEADER: str(decision.arm.version)}
                return reply, {**said, ARM_HEADER: str(decision.arm.role)}
        return scoring.failure(503, "the version that answers is not there: try again"), {}

    def _copy(self, decision: Decision, handles: Mapping[int, Any], asked: tuple[bytes, str | None]) -> None:
        """Lets the shadow see the request, when the answer is there; whatever comes of it, no caller feels it."""
        if decision.shadow is None:
            return
        if len(self._copying) >= COPIES:
            self.dropped += 1
            return
        task = asyncio.create_task(_unfelt(handles[decision.shadow.version], asked))
        self._copying.add(task)
        task.add_done_callback(self._copying.discard)


async def _asked(handle: Any, version: int, asked: tuple[bytes, str | None], changed: asyncio.Event) -> Reply | None:
    """What the version answers; None where it is gone, and new routes came.

    Ray takes away at once what a config no longer names, and may let calls to it wait for ever.
    """
    answer = asyncio.ensure_future(handle.answer.remote(*asked))
    switch = asyncio.ensure_future(changed.wait())
    try:
        await asyncio.wait({answer, switch}, timeout=ANSWER_S, return_when=asyncio.FIRST_COMPLETED)
        # It may be at it: a version that leaves finishes what it has begun.
        await asyncio.wait({answer}, timeout=0 if answer.done() else GRACE_S)
        if not answer.done():
            return None if switch.done() else scoring.failure(504, "the model did not answer in time")
        try:
            answered, reply = answer.result()
        except _raised():
            return scoring.failure(500, "the server broke: its log says why")
        except _gone():
            return None if await _within(changed, SWITCH_S) else scoring.failure(503, "the version is not there")
        right: Reply = reply if answered == version else scoring.failure(503, "another version answered: try again")
        return right
    finally:
        answer.cancel()
        switch.cancel()


async def _unfelt(handle: Any, asked: tuple[bytes, str | None]) -> None:
    with contextlib.suppress(*_gone()):
        await handle.answer.remote(*asked)


async def _answering(app: str, version: int) -> Any:
    """The handle of a version's application, once it answers; it may not even be there yet."""
    from ray import serve

    while True:
        try:
            handle = serve.get_app_handle(app)
            if await handle.ready.remote() == version:
                return handle
        except _gone():
            pass
        await asyncio.sleep(_PAUSE_S)


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True


def _gone() -> tuple[type[BaseException], ...]:
    """What Ray raises for an application or a replica that is not there."""
    from ray.exceptions import RayError
    from ray.serve.exceptions import RayServeException

    return RayError, RayServeException


def _raised() -> type[BaseException]:
    """What Ray raises for an exception of ours; it is one of the others too."""
    from ray.exceptions import RayTaskError

    found: type[BaseException] = RayTaskError
    return found


def version(args: dict[str, Any]) -> Any:
    """The application of one version, as its ``args`` in the config file pin it."""
    from ray import serve

    return serve.deployment(Version, name="Version").bind(**args)


def router(_: dict[str, Any]) -> Any:
    """The application of one stage's router; its routes come as ``user_config``."""
    from ray import serve

    return serve.deployment(Router, name="Router").bind()
