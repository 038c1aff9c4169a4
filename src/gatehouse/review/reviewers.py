"""Who may approve: one function a rule, over one approval. What cannot be told is never to the reviewer's good."""

from __future__ import annotations

from collections.abc import Sequence

from gatehouse.review.case import Case
from gatehouse.review.judgement import Ruled
from gatehouse.review.who import Who, bot, ghost, owning_teams, owns

_ANOTHER = "ask another code owner for a review"


def human(case: Case) -> Ruled:
    """A program cannot answer for a model, and of a deleted account nobody knows who it was."""
    if ghost(case.said.author):
        return case.bad("person", "the account that approved was deleted", _ANOTHER)
    if bot(case.said.author):
        return case.bad("person", f"@{case.login} is a bot", "a person has to approve")
    return case.ok("person", f"@{case.login} is a person")


def owner(case: Case) -> Ruled:
    """By the CODEOWNERS file of the base: the pull request cannot name owners of its own."""
    path = case.asked.slot.path
    if not case.asked.owners:
        return case.bad("owner", f"nobody owns {path}", "give it an owner in CODEOWNERS, in a pull request of its own")
    owned = owns(case.who, case.login, case.asked)
    names = ", ".join(case.asked.owners)
    if owned is None:
        teams = " or ".join(f"@{team}" for team in sorted(owning_teams(case.asked)))
        return case.bad(
            "owner",
            f"nobody may see whether @{case.login} is in {teams}",
            "let the token read the members of the organisation's teams",
        )
    if not owned:
        return case.bad("owner", f"@{case.login} is not a code owner of {path}", f"ask one of {names}")
    return case.ok("owner", f"@{case.login} is a code owner of {path}")


def permitted(case: Case) -> Ruled:
    person = case.who.person(case.login)
    if person is None:
        return case.bad(
            "permission", f"nobody may see what @{case.login} may do in this repository", "let the token read it"
        )
    if not case.who.writes(case.login):
        return case.bad(
            "permission",
            f"@{case.login} may not write to this repository (permission: {person.permission})",
            f"give @{case.login} write access, or {_ANOTHER}",
        )
    return case.ok("permission", f"@{case.login} may write to this repository")


def not_proposer(case: Case) -> Ruled:
    author = case.facts.author
    if ghost(author):
        return case.bad("proposer", "who proposed this cannot be told: the account was deleted", "propose it again")
    if case.who.of(author.login) == case.person:
        return case.bad("proposer", f"@{case.login} proposed this", _ANOTHER)
    return case.ok("proposer", f"@{author.login} proposed this")


def not_committer(case: Case) -> Ruled:
    committers = case.facts.committers
    unknown = any(login.lower() in ("", "ghost") for login in committers)
    if case.person in case.who.all(committers):
        return case.bad("committer", f"@{case.login} made a commit of this pull request", _ANOTHER)
    if unknown or not committers:
        return case.bad(
            "committer",
            "who made some commit of this pull request cannot be told",
            "commit again with an e-mail address that belongs to an account on GitHub",
        )
    return case.ok("committer", f"@{case.login} made none of the commits")


def not_pusher(case: Case) -> Ruled:
    pusher = case.facts.pushed_by
    if pusher is None or ghost(pusher):
        return case.bad("pusher", "who pushed last cannot be told", "push again, to a branch of this repository")
    if case.who.of(pusher.login) == case.person:
        return case.bad("pusher", f"@{case.login} pushed last", _ANOTHER)
    return case.ok("pusher", f"@{pusher.login} pushed last")


def not_trainer(case: Case) -> Ruled:
    version = case.asked.candidate.version
    trainers = case.asked.trained_by
    if case.person in case.who.all(trainers):
        return case.bad("trainer", f"@{case.login} trained version {version}", _ANOTHER)
    if not any(name.strip() for name in trainers):
        return case.bad(
            "trainer",
            f"the registry does not say who trained version {version}",
            f"set the tag mlflow.user on the run of version {version}, and let the gates run again",
        )
    strangers = _strangers(case.who, trainers)
    if strangers:
        return case.bad(
            "trainer",
            f"who is called {strangers[0]!r} in the registry, and trained version {version}, cannot be told",
            f"write whose name {strangers[0]!r} is under `people:` in promotions/stages.yaml",
        )
    known = [name for name in trainers if case.who.known(name)]
    return case.ok("trainer", f"{' and '.join(known)} trained version {version}")


def _strangers(who: Who, names: Sequence[str]) -> list[str]:
    """The names that lead to no account.

    The registry's "ada, carl" is two people or one, and is given in both readings: knowing one of them is enough.
    """
    known = {name for name in names if who.known(name)}
    parts = {name: name.split(", ") for name in names if ", " in name}
    told = {part for name, each in parts.items() if name in known for part in each}
    told |= {name for name, each in parts.items() if all(part in known for part in each)}
    return [name for name in names if name.strip() and name not in known | told]
