"""What main itself declares."""

from __future__ import annotations

from collections.abc import Iterator

from gatehouse.doctor.facts import MAIN, Facts
from gatehouse.doctor.finding import Finding, bad, ok, warn


def valid(facts: Facts) -> Iterator[Finding]:
    """promotions/ on main can be read: where it has a fault, nothing is judged and nothing synced."""
    faults = facts.main.faults
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        yield bad(
            "promotions/valid",
            f"{faults[0]}{more}",
            "`gatehouse validate` lists every fault with its fix",
            facts.page("promotions"),
        )
    else:
        count = len(facts.main.policies)
        yield ok("promotions/valid", f"promotions/ on main is valid: {count} model{'s' * (count != 1)}")


def current(facts: Facts) -> Iterator[Finding]:
    """What is looked at is main as GitHub has it now."""
    tip, here = facts.hub.tip, facts.main.commit
    if tip is not None and facts.hub.host.default != MAIN:
        what = f"the default branch is {facts.hub.host.default}: its workflows judge pull requests to main"
        yield bad("promotions/current", what, "make main the default branch", facts.hub.settings("branches"))
    if tip is None:
        link = facts.hub.settings("branches")
        yield bad("promotions/current", "GitHub has no branch main, which everything here goes by", "make it", link)
    elif tip != here and not facts.main.fetched:
        what = f"main was looked at as it is here, at {here[:12]}; GitHub's is at {tip[:12]}"
        yield warn("promotions/current", what, "let git fetch from the remote, then run it again")


def signed(facts: Facts) -> Iterator[Finding]:
    """Evidence is signed, so that only the report job can have made it."""
    keys = facts.main.stages.evidence_keys
    if keys:
        yield ok("promotions/signed", f"sync takes only evidence that is signed by {' or '.join(keys)}")
    else:
        yield warn(
            "promotions/signed",
            "evidence need not be signed: whoever may push to the branch evidence can make some",
            "`openssl genpkey -algorithm ed25519`: the private key becomes the secret GATEHOUSE_SIGNING_KEY of "
            "registry-write, the public one a file that promotions/stages.yaml names: `evidence: {keys: "
            "[.github/evidence.pem]}`",
        )
