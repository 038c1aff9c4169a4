"""What is judged. A check is a function of the facts that yields findings; its docstring says what must be true."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from gatehouse.doctor.checks import (
    actions,
    branches,
    environments,
    machine,
    main,
    merging,
    owners,
    promotions,
    registries,
    review,
)
from gatehouse.doctor.facts import Facts
from gatehouse.doctor.finding import Finding, Unseen, unknown

Check = Callable[[Facts], Iterator[Finding]]

ON_GITHUB: Mapping[str, Check] = {
    "main/reviews": main.reviews,
    "main/code-owners": main.code_owners,
    "main/last-push": main.last_push,
    "main/stale-reviews": main.stale_reviews,
    "main/check": main.required_check,
    "main/review-check": main.review_check,
    "main/history": main.history,
    "main/bypass": main.bypass,
    "main/queue": main.queue,
    "main/merges-itself": merging.merges,
    "branches/history": branches.history,
    "branches/pushes": branches.pushes,
    "environments/branches": environments.restricted,
    "environments/secrets": environments.secrets,
    "environments/shared-secrets": environments.shared,
    "actions/token": actions.token,
    "actions/approvals": actions.approvals,
    "owners/lines": owners.lines,
    "promotions/current": promotions.current,
    "review/teams": review.members,
    "review/reviewers": review.reviewers,
}
"""What needs GitHub to answer."""

ELSEWHERE: Mapping[str, Check] = {
    "owners/file": owners.file,
    "owners/paths": owners.paths,
    "owners/engine": owners.engine,
    "promotions/valid": promotions.valid,
    "promotions/signed": promotions.signed,
    "review/workflows": review.workflows,
    "review/permissions": review.permissions,
    "review/people": review.people,
    "registry/client": registries.client,
    "registry/server": registries.server,
    "registry/access": registries.access,
    "sandbox/level": machine.sandbox,
}

CHECKS: Mapping[str, Check] = {**ON_GITHUB, **ELSEWHERE}


def judge(facts: Facts) -> tuple[Finding, ...]:
    """Every finding, in the order of the checks; what GitHub would have told is one ``unknown`` where it did not."""
    found: list[Finding] = []
    if isinstance(facts.github, Unseen):
        found.append(unknown("github", facts.github.why, facts.github.fix))
    else:
        for check in ON_GITHUB.values():
            found += check(facts)
    for check in ELSEWHERE.values():
        found += check(facts)
    return tuple(found)
