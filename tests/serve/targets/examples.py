"""Three configs of one model: a champion alone, one with every arm, and one in segments and two stages."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from gatehouse.pin import Role
from gatehouse.serve import targets
from gatehouse.serve.config import Arm, Route, ServingConfig
from tests.support.records import pin

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
MODEL = "credit-risk"
IMAGE = "registry.example.com/gatehouse:1.0"
OPTIONS: Mapping[str, Any] = {"image": IMAGE}


def arm(version: int, role: Role = Role.CHAMPION, percent: float | None = None, **changes: Any) -> Arm:
    """Version n was pinned n days after noon, by a commit of its own."""
    given: dict[str, Any] = {
        "digest": pin(version).digest,
        "artifact": f"s3://models/1/{version}/artifacts/model",
        "commit": f"{version:x}" * 40,
        "since": NOON + timedelta(days=version),
        "experiment": "gbm-q4" if role is Role.CHALLENGER else None,
        "salt": "" if role is Role.CHAMPION else f"{MODEL}/production/{role}/x",
    }
    return Arm(role=role, version=version, percent=percent, **{**given, **changes})


def config(*routes: Route, model: str = MODEL) -> ServingConfig:
    newest = max((arm for route in routes for arm in route.arms), key=lambda arm: arm.since)
    return ServingConfig(model, newest.commit, routes)


def production(*arms: Arm, segment: str | None = None) -> Route:
    return Route("production", segment, arms)


ARMS = (arm(1), arm(2, Role.CANARY, 5), arm(3, Role.CHALLENGER, 2.5), arm(4, Role.SHADOW, 10))
CHAMPION = config(production(arm(1)))
EVERY_ARM = config(production(*ARMS))
SEGMENTS = config(
    Route("staging", None, (arm(5),)),
    production(arm(1)),
    production(arm(2), arm(3, Role.CANARY, 25), segment="eu"),
    production(arm(1), arm(2, Role.SHADOW, 100), segment="us"),
)
CONFIGS = {"champion": CHAMPION, "every-arm": EVERY_ARM, "segments": SEGMENTS}


def files(target: str, config: ServingConfig, **options: Any) -> Mapping[str, str]:
    """What a target renders, each file's path below its folder and its text."""
    rendered = targets.render(target, config, {**OPTIONS, **options})
    return {path.removeprefix(f"{targets.FOLDER}{target}/"): data.decode() for path, data in rendered.items()}


def documents(target: str, config: ServingConfig, **options: Any) -> list[dict[str, Any]]:
    """Every object that a target renders."""
    texts = files(target, config, **options).values()
    return [document for text in texts for document in yaml.safe_load_all(io.StringIO(text))]


def one(kind: str, found: list[dict[str, Any]], name: str = MODEL) -> dict[str, Any]:
    """The object of that kind and name."""
    (document,) = [each for each in found if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return document


def joined(rendered: Mapping[str, str]) -> str:
    """All files as one text, to be looked at."""
    return "".join(f"##### {path}\n{text}" for path, text in sorted(rendered.items()))
