"""What is known of a pull request when its reviews are judged, as frozen values. Every moment carries its zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from gatehouse.declare.freeze import Freeze
from gatehouse.declare.types import Policy
from gatehouse.pin import Pin, Role, Slot


class Account(msgspec.Struct, frozen=True):
    """Who did something. ``bot``: an app or a machine account. A deleted account is called ``ghost``."""

    login: str
    bot: bool = False


class Standing(StrEnum):
    """What somebody's review or comment stands for, as GitHub shows it now."""

    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    COMMENTED = "COMMENTED"
    DISMISSED = "DISMISSED"
    EMERGENCY = "EMERGENCY"


class Said(msgspec.Struct, frozen=True):
    """A submitted review, or a comment that is a command (``by_comment``).

    ``commit`` is the head that it was said of (None: GitHub no longer knows, and always for a comment); ``edited`` is
    when its words were last changed after submission (None: never).
    """

    id: int
    author: Account
    standing: Standing
    body: str
    commit: str | None
    at: datetime
    edited: datetime | None = None
    url: str = ""
    by_comment: bool = False


class Person(msgspec.Struct, frozen=True):
    """What somebody may do in the repository: ``permission`` in GitHub's words (none, read, triage, write, maintain,
    admin), ``teams`` such as ``acme/model-risk``. None: the token may not see them."""

    login: str
    permission: str
    teams: frozenset[str] | None


class Asked(msgspec.Struct, frozen=True):
    """One pin of the pull request whose stage asks for a review.

    ``evidence`` is the key of the gates' results, ``token`` what an approval must repeat; ``owners`` are those of the
    promotion file in the base's CODEOWNERS (``@login``, ``@org/team``); ``trained_by`` names who made the model, as the
    registry does.
    """

    slot: Slot
    role: Role
    candidate: Pin
    evidence: str
    token: str
    owners: tuple[str, ...]
    trained_by: tuple[str, ...]
    policy: Policy


class Facts(msgspec.Struct, frozen=True):
    """One pull request.

    ``evidence_at``: when the gates' results were posted for ``head`` (None: they were not); ``ready_at``: when it was
    last taken out of draft; ``pushed_at`` and ``pushed_by``: its last push (None: GitHub does not say who);
    ``requested``: when the review of a login or ``org/team`` was last asked for; ``committers``: the logins of every
    author and committer of its commits, ``""`` where GitHub knows no account; ``people`` by login; ``names``: other
    names of people (a registry's user, an e-mail address) and the login behind each.
    """

    number: int
    author: Account
    head: str
    draft: bool
    evidence_at: datetime | None
    ready_at: datetime | None
    pushed_at: datetime
    pushed_by: Account | None
    requested: Mapping[str, datetime]
    committers: frozenset[str]
    said: tuple[Said, ...]
    people: Mapping[str, Person]
    asked: tuple[Asked, ...]
    freeze: Freeze
    names: Mapping[str, str]
