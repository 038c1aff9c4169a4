"""When the files ask for a pin and sync refuses: one function a rule, over what is known when the pin arrives.

The same rules ran as gates on the pull request. They run again here because main can be pushed to, and because the
registry can change after a gate has looked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gatehouse.declare import calendar
from gatehouse.declare.freeze import Freeze
from gatehouse.declare.types import Declared, Stage
from gatehouse.pin import ROOT, Pin
from gatehouse.registry.types import Version
from gatehouse.sync.actions import Refusal
from gatehouse.sync.approved import NOBODY, Agreement
from gatehouse.sync.desired import Want
from gatehouse.sync.proof import Finding


@dataclass(frozen=True, slots=True)
class Case:
    """A pin that arrives in a slot, and what is known of it.

    ``version`` is None where the registry has none; ``measured`` is the digest of the artifact as it lies in the
    registry now, or the words that say why it could not be taken (None: not taken). ``known``: the record let this pin
    in before; else ``proof`` is what the evidence branch says of it, and ``agreement`` what people said (None: nobody's
    word is needed, or nobody has asked).
    """

    want: Want
    pin: Pin
    declared: Declared
    version: Version | None
    measured: str | None
    now: datetime
    known: bool = False
    proof: Finding | None = None
    agreement: Agreement | None = None


Rule = Callable[[Case], tuple[str, str] | None]


def frozen(freeze: Freeze, model: str, now: datetime, stage: Stage | None = None) -> str | None:
    """Why nothing of the model may be promoted now, and until when; None when it may.

    Holidays and weekends stop what people must agree to; without a stage, that is what is asked about.
    """
    closed = calendar.closed(freeze, model, now, reviewed=stage is None or stage.review == "required")
    return None if closed is None else str(closed)


def not_held(case: Case) -> tuple[str, str] | None:
    model = case.want.slot.model
    hold = case.declared.held(model, case.pin)
    if hold is None:
        return None
    return (
        f"version {hold.version} is on hold since {hold.since}: {hold.reason}",
        f"pin another version, or take it out of {ROOT}/{model}/hold.yaml in a reviewed change",
    )


def not_frozen(case: Case) -> tuple[str, str] | None:
    slot, declared = case.want.slot, case.declared
    why = frozen(declared.freeze, slot.model, case.now, declared.stages.get(slot.stage))
    # Going back to what served before is how an incident ends; a freeze must not stand in its way.
    if why is None or case.want.returning:
        return None
    # Two people who call an emergency lift the calendar; nobody lifts a stopped line.
    if case.agreement is not None and case.agreement.emergency and declared.freeze.stop_the_line is None:
        return None
    return why, f"wait, or change {ROOT}/freeze.yaml in a reviewed change; the next sync then carries on"


def available(case: Case) -> tuple[str, str] | None:
    if case.version is None:
        return (
            f"the registry has no version {case.pin.version} of {case.want.slot.model}",
            "pin a version that is registered",
        )
    if not case.version.ready:
        return (
            f"version {case.version.number} is not ready: its status is {case.version.status}",
            "wait until its upload is complete, or register the model again; then run `gatehouse sync`",
        )
    return None


def same_digest(case: Case) -> tuple[str, str] | None:
    if case.measured in (None, case.pin.digest):
        return None
    return (
        f"the file pins {case.pin.digest}, the artifact in the registry gives {case.measured}",
        "somebody replaced the artifact after the gates ran: find out who, then register it as a version of its own",
    )


def staged_first(case: Case) -> tuple[str, str] | None:
    slot = case.want.slot
    before = case.declared.stages.before(slot.stage)
    if before is None:
        return None
    if case.want.staged is None:
        return (
            f"this version and digest has never been in {before.name}",
            f"promote it to {before.name} first: gatehouse propose {slot.model} {case.pin.version} --to {before.name}",
        )
    policy = case.declared.policies[slot.model].stages.get(slot.stage)
    if policy is not None and case.want.soaked < policy.soak:
        return (
            f"it has been in {before.name} for {words(case.want.soaked)}, the policy asks for {words(policy.soak)}",
            f"leave it in {before.name}; the first sync after that time carries on by itself",
        )
    return None


def proven(case: Case) -> tuple[str, str] | None:
    """A roll-back does not wait for evidence: what it goes back to has served here before."""
    if case.known or (case.proof is not None and case.proof.result is not None):
        return None
    if case.proof is None:
        return "nobody has looked for its evidence", "run `gatehouse sync` again"
    return case.proof.fault, case.proof.fix


def approved(case: Case) -> tuple[str, str] | None:
    """A roll-back does not wait for people either, and where a stage asks nobody there is nothing to agree to."""
    if case.agreement is not None:
        return (case.agreement.fault, case.agreement.fix) if case.agreement.fault else None
    stage = case.declared.stages.get(case.want.slot.stage)
    if case.known or stage is None or stage.review == "none":
        return None
    return NOBODY.fault, NOBODY.fix


def words(span: timedelta) -> str:
    """A span for people, in its two largest units: ``2 d 4 h``, ``3 min 20 s``."""
    left = max(0, int(span.total_seconds()))
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        parts += [f"{count} {unit}"] if count else []
    return " ".join(parts[:2]) or "0 s"


# In the order in which a person would want to hear of them.
RULES: Mapping[str, Rule] = {
    "held": not_held, "frozen": not_frozen, "available": available, "digest": same_digest, "staged": staged_first,
    "evidence": proven, "approved": approved,
}  # fmt: skip


def judge(case: Case, rules: Iterable[Rule] = tuple(RULES.values())) -> Iterator[Refusal]:
    """Every one of the rules that the case breaks."""
    names = {rule: name for name, rule in RULES.items()}
    for rule in rules:
        said = rule(case)
        if said is not None:
            yield Refusal(case.want.slot, case.want.role, case.pin, names[rule], *said, _passing(case, rule))


def _passing(case: Case, rule: Rule) -> bool:
    """Whether that is no answer yet, because nobody can be asked now; of a frozen calendar an emergency may tell."""
    if rule is not_frozen:
        waits = case.agreement is not None and case.agreement.passing
        return waits and case.declared.freeze.stop_the_line is None
    return rule is approved and (case.agreement or NOBODY).passing
