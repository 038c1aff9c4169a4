"""What a report knows besides the results: where it is posted, where its links lead, and what the policy says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from gatehouse.evaluate.result import Result
from gatehouse.pin import Pin, Role, Slot


class Links(msgspec.Struct, frozen=True):
    """Where a reader can go on; "" where there is no such page.

    ``report`` is the HTML report, ``mlflow`` the registry's web interface (links inside a result are followed only
    below it), ``docs`` a page with a ``#name`` anchor for each gate that it documents, ``repository`` the repository's
    page on the web. ``registries`` are the registries' pages by stage, where several stages have one each.
    """

    report: str = ""
    mlflow: str = ""
    docs: str = ""
    repository: str = ""
    registries: Mapping[str, str] = {}

    def registry(self, stage: str) -> str:
        """The web interface of a stage's registry, or ""."""
        return self.registries.get(stage, self.mlflow)


class Earlier(msgspec.Struct, frozen=True):
    """A check that led to a promotion of a slot, and when the pin came to main.

    ``withdrawn``: the slot went back from it to a pin that it had held before.
    """

    result: Result
    at: datetime
    withdrawn: bool = False


class Consent(StrEnum):
    """Who has to agree to a pin before it is merged."""

    PEOPLE = "people"
    NOBODY = "nobody"  # the stage's gates alone decide
    RETURNING = "returning"  # it served there before: going back needs nobody


class Asking(msgspec.Struct, frozen=True):
    """How people agree to one pin: plain text, from the base commit's policy alone.

    ``token`` is what an approval repeats, ``form`` the questionnaire to fill in; both "" unless people are asked.
    ``approvals`` is how many are needed, ``soonest`` how many seconds of reading are the least that counts.
    """

    slot: Slot
    role: Role
    candidate: Pin
    consent: Consent
    token: str = ""
    form: str = ""
    approvals: int = 1
    soonest: int = 0


class Context(msgspec.Struct, frozen=True):
    """The surroundings of a report, from trusted sources only: the base commit and the command line.

    ``repository`` is ``owner/name``. ``gates`` maps a gate to the first sentence of its documentation, ``explained`` to
    all of it, and ``documented`` names those with a section in ``links.docs``. ``limitations`` and ``owners`` map a
    model to what its policy asks a reviewer to acknowledge, and to who answers for it. ``earlier`` are the promotions
    of a slot and role before this one, oldest first; what was not looked up is not in it. ``asking`` is how people
    agree to the pins of this pull request.
    """

    repository: str = ""
    pull_request: int | None = None
    links: Links = Links()
    gates: Mapping[str, str] = {}
    explained: Mapping[str, str] = {}
    documented: frozenset[str] = frozenset()
    limitations: Mapping[str, tuple[str, ...]] = {}
    owners: Mapping[str, str] = {}
    earlier: Mapping[tuple[Slot, Role], tuple[Earlier, ...]] = {}
    asking: tuple[Asking, ...] = ()
