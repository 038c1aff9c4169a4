"""Asking for reviews of a proposal: who there is, who may not, whose turn it is, and what GitHub says to it.

Whose turn it is cannot be read from GitHub's own record of requests: it asks every code owner by itself, and puts that
down as if the proposer had. So whom ``propose`` chose is written into the pull request's body, and read from the bodies
of the last 90 days: one request for each 100 pull requests, two at most. Who reviewed, asked or not, is told by the
reviews on record in git. Whoever may edit a body can change whose turn it is, and nothing more: which approvals count
is judged without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from gatehouse.errors import GatehouseError
from gatehouse.pin import ROOT, Role
from gatehouse.report.proposal import AskedFor, Proposal, asked_for, with_asked
from gatehouse.review.facts import Account
from gatehouse.review.place import needed
from gatehouse.review.rotation import WINDOW, Barred, Candidate, Choice, Turn, Wanted, choose, sift
from gatehouse.review.who import WRITES, Names, bot

if TYPE_CHECKING:
    from gatehouse.audit.record import Approval, Rejection
    from gatehouse.declare.types import Declared, Policy
    from gatehouse.github import GitHubWriter, Pull
    from gatehouse.sync.trunk import Trunk

_YOURSELF = "or ask somebody yourself, on the pull request's page"


class Named(msgspec.Struct, frozen=True):
    """Somebody (``@login``, ``@org/team``, or an owner's address), and why they were asked, or were not."""

    who: str
    why: str


class Reviewers(msgspec.Struct, frozen=True):
    """Whose review was asked for: ``needed`` is how many people must approve, ``left_out`` who could not be asked.

    ``note`` says what is wrong where fewer could be asked than are needed, and ``fix`` what to do.
    """

    needed: int
    asked: tuple[Named, ...] = ()
    left_out: tuple[Named, ...] = ()
    note: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A proposal whose pull request is open, and what main says about it."""

    github: GitHubWriter
    trunk: Trunk
    declared: Declared
    proposal: Proposal
    pull: Pull

    @property
    def policy(self) -> Policy:
        return self.declared.policies[self.proposal.slot.model]


@dataclass(frozen=True, slots=True)
class _There:
    """Who there is to ask; ``teams`` are those of which nobody may see who is in them."""

    people: tuple[Candidate, ...]
    teams: tuple[str, ...]
    out: tuple[Barred, ...]


def required(trunk: Trunk, declared: Declared, proposal: Proposal) -> bool:
    """Whether people have to agree: not in a stage that asks for none, and not to a champion that comes back."""
    from gatehouse.declare.history import history

    slot = proposal.slot
    stage = declared.stages.get(slot.stage)
    if stage is None or stage.review == "none":
        return False
    past = history(trunk.repository, trunk.commit, slot.model) if proposal.role is Role.CHAMPION else ()
    held = (change.after for change in past if change.slot == slot)
    return not any(promotion is not None and promotion.pin == proposal.pin for promotion in held)


def request(case: Case, now: datetime) -> Reviewers:
    """Asks as many people as have to approve, and writes into the body whom. Never raises: a pull request is open
    whether or not anybody could be asked for a review of it."""
    people = needed(case.policy)
    try:
        return _request(case, people, now)
    except GatehouseError as error:
        # Whoever was asked before it failed comes first again when it is proposed again.
        fix = f"{error.fix}; {_YOURSELF}" if error.fix else _YOURSELF
        return Reviewers(people, note=f"asking for reviews failed: {error.message}", fix=fix)


def _request(case: Case, people: int, now: datetime) -> Reviewers:
    names = Names({name: login for login, others in case.declared.stages.people.items() for name in others})
    before = asked_for(case.pull.body)
    wanted = Wanted(
        slot=case.proposal.slot,
        version=case.proposal.pin.version,
        people=people,
        now=now,
        distinct=case.policy.review.teams == "distinct",
        kept=before.names if before else (),
    )
    there = _there(case, names)
    asked, out = _in_turn(case, there, wanted, names)
    teams, refused = _as_teams(case, there.teams) if len(asked) < people else ((), ())
    _remember(case, before, [each.who for each in (*asked, *teams)])
    left_out = tuple(Named(_at(each.who), each.why) for each in (*there.out, *out)) + refused
    found = Reviewers(people, (*asked, *teams), left_out)
    return found if len(asked) >= people or teams else _short(case, found)


def _in_turn(case: Case, there: _There, wanted: Wanted, names: Names) -> tuple[tuple[Named, ...], tuple[Barred, ...]]:
    """Asks one after the other; whoever cannot be asked leaves the turn to the next."""
    turns, barred = list(_turns(case, wanted.now)), list(_barred(case, there.people))
    asked: dict[str, Choice] = {}
    while True:
        free, out = sift(there.people, barred, names)
        chosen = choose(free, turns, replace(wanted, kept=(*wanted.kept, *asked)), names)
        after = [one for one in chosen if one.login not in asked]
        if not after or len(asked) == wanted.people:
            return tuple(Named(f"@{one.login}", one.why) for one in asked.values()), out
        why = _refused(case, after[0].login)
        if why:
            barred.append(Barred(after[0].login, why))
        else:
            asked[after[0].login] = after[0]


def _refused(case: Case, login: str) -> str:
    """Asks somebody; why that cannot be, "" where it was done. Raises Forbidden where the token may ask nobody."""
    from gatehouse.github import Forbidden, Refused

    with suppress(Forbidden):
        may = case.github.reader.people.permission(login)
        if may not in WRITES:
            return f"may not write to this repository (permission: {may})"
    try:
        case.github.pulls.request(case.pull, [login])
    except Forbidden:
        raise
    except Refused as error:
        return error.message
    return ""


def _as_teams(case: Case, teams: Sequence[str]) -> tuple[tuple[Named, ...], tuple[Named, ...]]:
    from gatehouse.github import Forbidden, Refused

    asked, refused = [], []
    for team in teams:
        try:
            case.github.pulls.request(case.pull, [team])
            asked.append(Named(f"@{team}", "nobody may see who is in this team, so all of it was asked"))
        except Forbidden:
            raise
        except Refused as error:
            refused.append(Named(f"@{team}", error.message))
    return tuple(asked), tuple(refused)


def _remember(case: Case, before: AskedFor | None, names: Sequence[str]) -> None:
    """For the turns of others; what is not remembered was asked all the same."""
    now = AskedFor(case.proposal.slot.model, tuple(names))
    if names and now != before:
        with suppress(GatehouseError):
            case.github.pulls.describe(case.pull.number, with_asked(case.pull.body, now))


def _short(case: Case, found: Reviewers) -> Reviewers:
    slot = case.proposal.slot
    place = f"review.pool in {ROOT}/{slot.model}/policy.yaml" if case.policy.review.pool else "CODEOWNERS"
    note = f"{len(found.asked)} of the {found.needed} people who have to approve it could be asked for a review"
    fix = f"name more people in {place} who own {slot.path}, may write here, and had no part in this"
    return msgspec.structs.replace(found, note=note, fix=f"{fix}; {_YOURSELF}")


def _there(case: Case, names: Names) -> _There:
    """The policy's pool, as far as it may own the promotion file; without a pool, its code owners."""
    from gatehouse.cli.reviews.pins import code_owners

    path = case.proposal.slot.path
    owners = code_owners(case.trunk.repository, case.trunk.commit).of(path)
    members = {owner[1:]: case.github.reader.people.members(owner[1:]) for owner in owners if "/" in owner}
    unseen = tuple(team for team, there in members.items() if there is None)
    seen = {team: names.all(there) for team, there in members.items() if there is not None}
    by_name, strangers = _alone(case, [owner for owner in owners if "/" not in owner], names)
    everybody = dict.fromkeys([*by_name, *(login for there in members.values() for login in sorted(there or ()))])
    pool = [login.removeprefix("@") for login in case.policy.review.pool]
    people = tuple(
        Candidate(login, frozenset(team.lower() for team, there in seen.items() if names.of(login) in there))
        for login in pool or everybody
    )
    if not pool:
        return _There(people, unseen, strangers)
    own = names.all(everybody)
    why = f"is not a code owner of {path}" if owners else f"nobody owns {path}, so that no approval would count"
    out = tuple(Barred(one.login, why) for one in people if not unseen and names.of(one.login) not in own)
    return _There(tuple(one for one in people if one.login not in {each.who for each in out}), (), out)


def _alone(case: Case, owners: Sequence[str], names: Names) -> tuple[list[str], tuple[Barred, ...]]:
    """The logins of those who own the file by themselves, and the addresses that lead to no login."""
    known = {names.of(login): login for login in case.declared.stages.people}
    found, strangers = [], []
    for owner in owners:
        if owner.startswith("@"):
            found.append(owner[1:])
        elif names.of(owner) in known:
            found.append(known[names.of(owner)])
        else:
            why = f"nobody knows whose address it is: write it under `people:` in {ROOT}/stages.yaml"
            strangers.append(Barred(owner, why))
    return found, tuple(strangers)


def _barred(case: Case, people: Sequence[Candidate]) -> Iterator[Barred]:
    """Whose approval would not count, whatever they said."""
    for login in (case.github.login, case.pull.author.login):
        yield Barred(login, "proposed this")
    for commit in case.github.reader.timeline.commits(case.pull.number):
        for signed in (commit.author, commit.committer):
            yield Barred(signed.login or signed.email, "made a commit of this pull request")
    version = case.proposal.pin.version
    yield from (Barred(name, f"trained version {version}") for name in _trainers(case))
    yield from (Barred(one.login, "is a bot") for one in people if bot(Account(one.login)))


def _trainers(case: Case) -> tuple[str, ...]:
    """Everyone whom the registry names; a name may have commas of its own, so both readings count."""
    from gatehouse.registry.reader import RegistryReader

    stage = case.declared.stages.get(case.proposal.slot.stage)
    assert stage is not None, "what was proposed has a stage"
    reader = RegistryReader(stage.registry)
    version = reader.ready(case.proposal.slot.model, case.proposal.pin.version)
    run = reader.run(version.run_id) if version.run_id else None
    told = run.trained_by if run else (version.registered_by or "",)
    return tuple(dict.fromkeys(name for each in told for name in (each, *each.split(", ")) if name.strip()))


def _turns(case: Case, now: datetime) -> Iterator[Turn]:
    """By what the bodies and the reviews on record say; of this pull request itself neither counts."""
    opened: dict[int, datetime] = {}
    for pull in case.github.reader.pulls.since(now - WINDOW):
        opened[pull.number] = pull.created
        found = asked_for(pull.body) if pull.number != case.pull.number else None
        for name in found.names if found else ():
            yield Turn(name, found.model if found else "", pull.number, pull.created)
    yield from (
        replace(turn, at=opened.get(turn.pull, turn.at))
        for turn in _reviews(case, now)
        if turn.pull != case.pull.number
    )


def _reviews(case: Case, now: datetime) -> Iterator[Turn]:
    from gatehouse.sync.places import BRANCH
    from gatehouse.sync.rejected import credible
    from gatehouse.sync.reviews import kept

    commit = case.trunk.writer().fetch(BRANCH)
    # Whoever may write here may write to that branch.
    for reviewed in credible(kept(case.trunk.repository, commit) if commit else (), now):
        for place in reviewed.places:
            said: tuple[Approval | Rejection, ...] = (*place.approvals, *place.rejections)
            yield from (Turn(each.who, place.slot.model, reviewed.number, each.when) for each in said)


def _at(name: str) -> str:
    return name if "@" in name else f"@{name}"
