"""The files a person writes, as frozen values. Nothing above ``declare`` touches a raw dict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Literal

import msgspec

from gatehouse.declare.freeze import Freeze
from gatehouse.declare.levels import Level
from gatehouse.pin import Pin, Role, Slot


class Traffic(msgspec.Struct, frozen=True):
    """A pin beside the champion: on its way in, in an experiment, or in the shadow. ``percent`` is 0 to 100."""

    pin: Pin
    percent: float
    experiment: str | None = None


class Promotion(msgspec.Struct, frozen=True):
    """One promotion file: what one slot is to hold. ``pin`` is its champion."""

    slot: Slot
    pin: Pin
    canary: Traffic | None = None
    challenger: Traffic | None = None
    shadow: Traffic | None = None

    def pins(self) -> Iterator[tuple[Role, Pin]]:
        """Each role that is filled, the champion first."""
        yield Role.CHAMPION, self.pin
        for role in (Role.CANARY, Role.CHALLENGER, Role.SHADOW):
            traffic: Traffic | None = getattr(self, role)
            if traffic is not None:
                yield role, traffic.pin

    def get(self, role: Role) -> Pin | None:
        return dict(self.pins()).get(role)


class Banding(msgspec.Struct, frozen=True):
    """A group column made from a numeric one: ``edges`` [25, 65] gives the bands "< 25", "25 to 65", ">= 65"."""

    name: str
    column: str
    edges: tuple[float, ...]


WHERES = ("path", "table", "query")
_SHOWN = 60


class Where(msgspec.Struct, frozen=True):
    """Where a table is: at a path or URL, under a name that the policy's engine knows, or what a query answers."""

    text: str
    kind: Literal["path", "table", "query"] = "path"

    @property
    def named(self) -> str:
        """How errors and reports call the table: on one line, as the policy does."""
        if self.kind == "path":
            return self.text
        text = " ".join(self.text.split())
        return f"{self.kind} {text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}"


class Evaluation(msgspec.Struct, frozen=True):
    """The labelled rows on which candidate and champion are both scored.

    ``positive`` names the label value that counts as 1 in a binary task (default: 1 or true); ``groups`` are the
    columns whose values make the protected groups; ``cluster`` names rows that belong together (one customer's loans).
    """

    where: Where
    label: str
    digest: str | None = None
    id: str | None = None
    groups: tuple[str | Banding, ...] = ()
    positive: str | int | float | bool | None = None
    cluster: str | None = None

    @property
    def named(self) -> str:
        return self.where.named


class Table(msgspec.Struct, frozen=True):
    """What the feature pipeline produces in production now; no labels needed."""

    where: Where

    @property
    def named(self) -> str:
        return self.where.named


class Data(msgspec.Struct, frozen=True):
    """``traffic`` is the folder of the logs of live traffic, one folder a model below it (docs/traffic.md)."""

    evaluation: Evaluation | None = None
    production: Table | None = None
    traffic: Table | None = None

    def tables(self) -> Mapping[str, Evaluation | Table]:
        """The tables that the policy names, by ``evaluation`` and ``production``."""
        named = {"evaluation": self.evaluation, "production": self.production}
        return {kind: table for kind, table in named.items() if table is not None}


class Prediction(msgspec.Struct, frozen=True):
    """How the model is asked. ``auto``: probabilities where the model can give them, else what ``predict`` returns.

    ``threshold`` turns a score into a yes for the metrics that need a decision.
    """

    method: Literal["auto", "predict", "predict_proba"] = "auto"
    threshold: float = 0.5


class StagePolicy(msgspec.Struct, frozen=True):
    """What one stage asks of this model: its gates, and how long the version must have been in the stage before."""

    gates: tuple[str, ...]
    soak: timedelta = timedelta()


class Question(msgspec.Struct, frozen=True):
    """What the policy asks a reviewer beside the questions that every review has.

    ``answers`` are what may be answered; empty, the answer is free text.
    """

    id: str
    ask: str
    answers: tuple[str, ...] = ()
    required: bool = True


class Review(msgspec.Struct, frozen=True):
    """What counts as people having agreed.

    ``pool`` are the logins, each with its ``@``, of whom reviewers are asked in turn; empty: the code owners.
    ``teams`` distinct: no two of the approvals that count come from one team alone.
    """

    approvals: int = 1
    block_under: timedelta = timedelta(seconds=30)
    flag_under: timedelta = timedelta(seconds=60)
    limitations: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    pool: tuple[str, ...] = ()
    teams: Literal["any", "distinct"] = "any"


class Rollout(msgspec.Struct, frozen=True):
    steps: tuple[float, ...] = (5, 25, 100)
    hold: timedelta = timedelta(hours=2)
    abort: Mapping[str, float] = {}


class Sandbox(msgspec.Struct, frozen=True):
    """How the model's process is held: the weakest level accepted, and what all that it starts may use together.

    ``memory_mb`` is MiB, ``seconds`` its whole life.
    """

    minimum: Level = "unshare"
    memory_mb: int = 8192
    processes: int = 64
    seconds: int = 3600


class Policy(msgspec.Struct, frozen=True):
    """One model's policy file. ``gates`` maps a gate's name to its thresholds, as written.

    ``engine`` is a Spark master or a database's URL; empty, the embedded engine reads files alone.
    """

    model: str
    owner: str
    risk: Literal["low", "medium", "high"]
    task: Literal["binary", "multiclass", "regression"]
    reviewed: date
    stages: Mapping[str, StagePolicy]
    review_every: timedelta = timedelta(days=90)
    engine: str = ""
    data: Data = Data()
    prediction: Prediction = Prediction()
    sandbox: Sandbox = Sandbox()
    gates: Mapping[str, Mapping[str, Any]] = {}
    review: Review = Review()
    rollout: Rollout = Rollout()


class Serving(msgspec.Struct, frozen=True):
    """Where a stage's serving config goes: the target that renders it, and the branch that carries it.

    ``options`` are the target's own, as written: it says which there are, and checks them before it renders.
    """

    target: str = "local"
    branch: str = "serving"
    options: Mapping[str, Any] = {}


class Stage(msgspec.Struct, frozen=True):
    """One stage. ``registry`` is an MLflow URI; ``review`` says who must agree; no ``serving``: nothing serves it."""

    name: str
    registry: str
    review: Literal["none", "required"] = "required"
    serving: Serving | None = None
    legacy_stages: bool = False


class Stages(msgspec.Struct, frozen=True):
    """``promotions/stages.yaml``: the stages in order, first to last, and the services around them.

    ``evidence_keys`` are the paths of public keys, one of which must have signed what sync takes for evidence; with
    none, evidence need not be signed. ``people`` maps a login (without ``@``) to the other names of that person: users
    of the registry, e-mail addresses.
    """

    stages: tuple[Stage, ...]
    audit: str = "sqlite:///gatehouse-audit.db"
    evidence_keys: tuple[str, ...] = ()
    people: Mapping[str, tuple[str, ...]] = {}
    notifications: tuple[Mapping[str, Any], ...] = ()
    webhooks: tuple[Mapping[str, Any], ...] = ()

    def get(self, name: str) -> Stage | None:
        return next((stage for stage in self.stages if stage.name == name), None)

    def before(self, name: str) -> Stage | None:
        """The stage that a version must have been in before this one."""
        names = [stage.name for stage in self.stages]
        return self.stages[names.index(name) - 1] if name in names[1:] else None


class Held(msgspec.Struct, frozen=True):
    """A version that nobody may promote. ``digest`` narrows it to one artifact."""

    version: int
    reason: str
    since: date
    digest: str | None = None

    def catches(self, pin: Pin) -> bool:
        """By version, or by digest under whatever number: the same bytes are no better under another one."""
        return self.digest == pin.digest or (self.version == pin.version and self.digest is None)


class Declared(msgspec.Struct, frozen=True):
    """Everything under ``promotions/`` at one revision.

    Every promotion's stage is one of ``stages``, and every promotion's model has a policy. ``lines`` says where in its
    file each pin is written.
    """

    promotions: Mapping[Slot, Promotion]
    policies: Mapping[str, Policy]
    stages: Stages
    holds: Mapping[str, tuple[Held, ...]] = {}
    freeze: Freeze = Freeze()
    lines: Mapping[Slot, Mapping[Role, int]] = {}

    def held(self, model: str, pin: Pin) -> Held | None:
        """The hold that catches a pin, if any."""
        return next((held for held in self.holds.get(model, ()) if held.catches(pin)), None)

    def line(self, slot: Slot, role: Role) -> int:
        """The line of a pin in its file, from 1; 1 where the file does not pin that role."""
        return self.lines.get(slot, {}).get(role, 1)
