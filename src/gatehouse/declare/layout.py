"""Which file under promotions/ is what, and what is wrong with a file that is nothing."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePosixPath

from gatehouse.declare.fault import Complaint, meant
from gatehouse.declare.schema import Kind
from gatehouse.pin import MODEL, NAME, RESERVED, ROOT, Role, Slot

STAGES = f"{ROOT}/stages.yaml"
FREEZE = f"{ROOT}/freeze.yaml"
_TOP: dict[str, Kind] = {STAGES: "stages", FREEZE: "freeze"}
_IN_FOLDER: dict[str, Kind] = {"policy.yaml": "policy", "hold.yaml": "hold"}
# What people write declarations in elsewhere; anything else beside the files (cards, notes, pictures) is theirs.
_LOOKALIKES = (".yml", ".yaml", ".json", ".toml")


def kind_of(path: str) -> Kind | None:
    """What a path declares, or None when nothing reads it."""
    parts = path.split("/")
    if len(parts) == 2:
        return _TOP.get(path)
    if len(parts) != 3 or not path.endswith(".yaml") or parts[2].startswith("."):
        return None
    return _IN_FOLDER.get(parts[2], "promotion")


def misnamed(slot: Slot, stages: Collection[str]) -> Complaint | None:
    """Why a promotion's path names no slot: its model's folder, its segment, or its stage."""
    if not MODEL.fullmatch(slot.model):
        return Complaint((), f"`{slot.model}` cannot be a model's folder", "use letters, digits, `.`, `_` and `-`")
    if slot.segment is not None and not NAME.fullmatch(slot.segment):
        fix = "name it <stage>.<segment>.yaml, the segment in lower-case letters, digits, `_` and `-`"
        return Complaint((), f"`{slot.segment}` cannot be a segment", fix)
    if slot.stage not in stages:
        fix = meant(slot.stage, stages, RESERVED)
        return Complaint((), f"there is no stage `{slot.stage}`", f"{fix} (stages are declared in {STAGES})")
    return None


def stray(path: str, stages: Collection[str]) -> Complaint | None:
    """What to do about a file that looks like a declaration and that nothing reads."""
    name = PurePosixPath(path).name
    if kind_of(path) is not None or name.startswith("."):
        return None
    if _stem(name) not in {*stages, *RESERVED, "stages", "freeze"} and not name.lower().endswith(_LOOKALIKES):
        return None
    return Complaint((), "is not read by gatehouse", _remedy(path, name))


def where(role: Role) -> tuple[str, ...]:
    """The keys that lead to a role's version in a promotion file."""
    return ("version",) if role is Role.CHAMPION else (str(role), "version")


def _remedy(path: str, name: str) -> str:
    parts = path.split("/")
    if not name.endswith(".yaml"):
        bare = name.partition(".yaml")[0] if ".yaml" in name else PurePosixPath(name).stem
        return f"rename it to {bare}.yaml, or take it out of {ROOT}/"
    if len(parts) > 3:
        return f"it is {len(parts) - 3} folder too deep: move it to {ROOT}/<model>/{name}"
    return f"move it to {ROOT}/<model>/{name}; only stages.yaml and freeze.yaml stand in {ROOT}/ itself"


def _stem(name: str) -> str:
    return name.partition(".")[0].lower()
