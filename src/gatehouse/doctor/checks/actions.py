"""What a workflow may do that nobody thought about."""

from __future__ import annotations

from collections.abc import Iterator

from gatehouse.doctor.facts import Facts
from gatehouse.doctor.finding import Finding, Unseen, bad, ok, unknown


def token(facts: Facts) -> Iterator[Finding]:
    """A workflow that asks for no permission gets a token that only reads."""
    hub = facts.hub
    check = "actions/token"
    if isinstance(hub.power, Unseen):
        yield unknown(check, f"what GITHUB_TOKEN may do: {hub.power.why}", hub.power.fix)
    elif hub.power.default == "read":
        yield ok(check, "GITHUB_TOKEN only reads unless a workflow asks for more")
    else:
        yield bad(
            check,
            "GITHUB_TOKEN may write in every workflow that does not ask for less",
            "set Workflow permissions to read repository contents",
            hub.settings("actions"),
            settable=True,
        )


def approvals(facts: Facts) -> Iterator[Finding]:
    """A workflow approves no pull request."""
    hub = facts.hub
    check = "actions/approvals"
    if isinstance(hub.power, Unseen):
        yield unknown(check, f"whether workflows approve: {hub.power.why}", hub.power.fix)
    elif not hub.power.approves:
        yield ok(check, "workflows approve no pull request")
    else:
        yield bad(
            check,
            "a workflow may approve pull requests, and so may whoever writes one",
            "take away: allow GitHub Actions to create and approve pull requests",
            hub.settings("actions"),
            settable=True,
        )
