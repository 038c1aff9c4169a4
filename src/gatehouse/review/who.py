"""Who is who: one person may have several names, and GitHub writes a login in whatever case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from gatehouse.review.facts import Account, Asked, Facts, Person

GHOST = "ghost"
"""What GitHub calls an account that was deleted; nobody knows who it was."""
WRITES = frozenset({"write", "maintain", "admin"})
_BOT = "[bot]"


class Names:
    """Who has several names. A person is compared by ``of``: the same text for all names of one person."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._first = _groups(names)

    def of(self, name: str) -> str:
        """One text for everything that somebody is called: a login with or without ``@``, a user, an address."""
        plain = _plain(name)
        return self._first.get(plain, plain)

    def all(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset(self.of(name) for name in names)


class Who(Names):
    """The people of one pull request."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts.names)
        self._facts = facts
        self._people = {_plain(login): person for login, person in facts.people.items()}

    def person(self, login: str) -> Person | None:
        """What is known of an account; permissions and teams belong to an account, not to a person."""
        return self._people.get(_plain(login))

    def writes(self, login: str) -> bool | None:
        """Whether an account may write to the repository; None: nobody said."""
        person = self.person(login)
        return None if person is None else person.permission.lower() in WRITES

    def teams(self, login: str) -> frozenset[str] | None:
        """The teams of an account, ``org/team`` in lower case; None: the token may not see them."""
        person = self.person(login)
        return None if person is None or person.teams is None else frozenset(map(_plain, person.teams))

    def known(self, name: str) -> bool:
        """Whether a name leads to an account on GitHub that the pull request or a reviewed file names."""
        return self.of(name) in self._accounts

    @cached_property
    def _accounts(self) -> frozenset[str]:
        facts = self._facts
        there = [facts.author, *([facts.pushed_by] if facts.pushed_by else [])]
        logins = {account.login for account in there} | set(facts.people) | facts.committers
        named = [*facts.freeze.oncall, *facts.requested]
        for asked in facts.asked:
            named += [owner for owner in asked.owners if owner.startswith("@")]
            named += asked.policy.review.pool
        logins |= {name for name in named if "/" not in name}
        return self.all((logins - {"", GHOST}) | set(facts.names.values()))


def bot(account: Account) -> bool:
    return account.bot or account.login.lower().endswith(_BOT)


def ghost(account: Account) -> bool:
    return account.login.lower() in ("", GHOST)


def owning_teams(asked: Asked) -> frozenset[str]:
    """The teams among the owners of the promotion file, ``org/team`` in lower case."""
    return frozenset(_plain(owner) for owner in asked.owners if owner.startswith("@") and "/" in owner)


def owns(who: Who, login: str, asked: Asked) -> bool | None:
    """Whether an account is an owner of the promotion file; None: it may be by its teams, which nobody may see."""
    logins = {_plain(owner) for owner in asked.owners if owner.startswith("@") and "/" not in owner}
    addresses = [owner for owner in asked.owners if "@" in owner[1:]]
    if _plain(login) in logins or who.of(login) in who.all(addresses):
        return True
    wanted, teams = owning_teams(asked), who.teams(login)
    if teams is None:
        return None if wanted else False
    return bool(wanted & teams)


def _plain(name: str) -> str:
    return name.strip().removeprefix("@").lower()


def _groups(names: Mapping[str, str]) -> Mapping[str, str]:
    """The first name of the group that each name is in; ``a: b`` and ``b: c`` make one person of all three."""
    first: dict[str, str] = {}

    def find(name: str) -> str:
        while first.setdefault(name, name) != name:
            name = first[name]
        return name

    for other, login in names.items():
        one, two = sorted((find(_plain(other)), find(_plain(login))))
        first[two] = one
    return {name: find(name) for name in list(first)}
