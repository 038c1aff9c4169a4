"""The machine that doctor runs on, as one that might judge a model."""

from __future__ import annotations

from collections.abc import Iterator

from gatehouse.declare.levels import LEVELS, reaches
from gatehouse.doctor.facts import Facts
from gatehouse.doctor.finding import Finding, bad, ok, warn
from gatehouse.doctor.words import listed


def sandbox(facts: Facts) -> Iterator[Finding]:
    """Models can be walled off here as well as their policies ask; where they cannot, checks refuse."""
    check, machine = "sandbox/level", facts.machine
    best = next((probed.level for probed in machine.sandboxes if probed.works), "none")
    minimum = {model: policy.sandbox.minimum for model, policy in facts.main.policies.items()}
    # A cluster's workers are not this machine.
    asked = {model: level for model, level in minimum.items() if level != "cluster"}
    beyond = sorted(model for model, level in asked.items() if not reaches(best, level))
    failing = next((probed for probed in machine.sandboxes if not probed.works), None)
    fix = failing.fix if failing else ""
    if beyond:
        strictest = max((asked[model] for model in beyond), key=LEVELS.index)
        why = "; ".join(f"{probed.level}: {probed.why}" for probed in machine.sandboxes if not probed.works)
        what = f"checks of {listed(beyond)} refuse to run here: no sandbox reaches {strictest} ({why})"
        # On somebody's laptop that is a nuisance; where checks are to run, it stops them.
        yield bad(check, what, fix) if machine.runner else warn(check, what, fix)
    elif best == "none":
        yield warn(check, "models are not walled off here at all", fix)
    else:
        yield ok(check, f"models run in {best} here")
    weak = sorted(model for model, level in minimum.items() if level == "none")
    if weak:
        yield warn(
            check,
            f"the policy of {listed(weak)} accepts no sandbox at all",
            "take `minimum: none` out of its `sandbox:`: a model is code that somebody else wrote",
        )
