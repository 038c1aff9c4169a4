"""What *fetch* hands to *evaluate*: a folder that holds the models and the data, and a manifest that describes it.

Fetch has registry credentials and runs no model code; evaluate runs model code and has no credentials. This folder is
all that passes between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.result import Request, Subject

MANIFEST = "manifest.json"


class Fetched(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model as fetched. ``folder`` is its artifact tree and ``profile`` its training-time feature profile, both
    below the material's folder; ``digest`` is what was found, to be held against the pin's."""

    subject: Subject
    folder: str
    digest: str
    profile: str | None = None


class Staged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That a pin has been in the stage before: since when, and the longest it stayed without a break."""

    since: datetime
    soaked: timedelta


class Paper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A card as fetched: ``origin`` says where it lay, ``path`` is where it is below the material's folder; or it is
    there and cannot be had, for the reason ``problem``."""

    origin: str
    path: str = ""
    problem: str = ""
    fix: str = ""


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One request and what was fetched for it.

    ``problem`` says why it cannot be evaluated at all (an unknown version, say) and ``fix`` what to do; the candidate
    is then None. ``staged`` says how long this very pin was in the stage before, None if never. ``data`` maps
    ``evaluation`` and ``production`` to paths that can be opened here, ``digests`` to what they contain.
    """

    request: Request
    candidate: Fetched | None = None
    champion: Fetched | None = None
    staged: Staged | None = None
    data: Mapping[str, str] = {}
    digests: Mapping[str, str] = {}
    cards: Mapping[str, Paper] = {}
    problem: str = ""
    fix: str = ""


class Material(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``refused`` says why there is nothing to evaluate at all (pins that do not read, say), ``fix`` what to do."""

    cases: tuple[Case, ...]
    fetched: datetime
    refused: str = ""
    fix: str = ""


def write(material: Material, folder: Path) -> None:
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(material), indent=1))


def read(place: Path) -> Material:
    """What a folder of material holds, or what its manifest says that lies by itself at ``place``.

    Raises GatehouseError where there is no manifest, or one of another version.
    """
    file = place if place.is_file() else place / MANIFEST
    try:
        return msgspec.json.decode(file.read_bytes(), type=Material)
    except OSError as error:
        raise GatehouseError(f"{place} holds no {MANIFEST}", "run `gatehouse fetch --out DIR` first") from error
    except msgspec.MsgspecError as error:
        raise GatehouseError(f"{file}: {error}", "fetch again with this version of gatehouse") from error
