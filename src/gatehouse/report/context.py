"""What a report knows besides the results: where it is posted, where its links lead, and what the policy says."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Links(msgspec.Struct, frozen=True):
    """Where a reader can go on; "" where there is no such page.

    ``report`` is the HTML report, ``mlflow`` the registry's web interface (links inside a result are followed only
    below it), ``docs`` a page with a ``#name`` anchor for each gate that it documents, ``repository`` the repository's
    page on the web.
    """

    report: str = ""
    mlflow: str = ""
    docs: str = ""
    repository: str = ""


class Context(msgspec.Struct, frozen=True):
    """The surroundings of a report, from trusted sources only: the base commit and the command line.

    ``repository`` is ``owner/name``. ``gates`` maps a gate to the first sentence of its documentation, ``explained`` to
    all of it, and ``documented`` names those with a section in ``links.docs``. ``limitations`` and ``owners`` map a
    model to what its policy asks a reviewer to acknowledge, and to who answers for it.
    """

    repository: str = ""
    pull_request: int | None = None
    links: Links = Links()
    gates: Mapping[str, str] = {}
    explained: Mapping[str, str] = {}
    documented: frozenset[str] = frozenset()
    limitations: Mapping[str, tuple[str, ...]] = {}
    owners: Mapping[str, str] = {}
