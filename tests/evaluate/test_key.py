from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from gatehouse.evaluate.key import Basis, evidence_key
from gatehouse.pin import Pin, Role, Slot
from tests.evaluate import made

REQUEST = made.request(made.pin(3, "a"), made.pin(2, "b"))
BASIS = Basis(REQUEST, "sha256:policy", {"accuracy": "sha256:x", "drift": "sha256:y"}, "sha256:data", "gatehouse 1")


def asked(**more: Any) -> Basis:
    return msgspec.structs.replace(BASIS, request=msgspec.structs.replace(REQUEST, **more))


@pytest.mark.parametrize(
    "other",
    [
        asked(candidate=Pin(3, "sha256:" + "c" * 64)),
        asked(champion=Pin(2, "sha256:" + "c" * 64)),
        asked(champion=None),
        asked(slot=Slot("credit-risk", "staging")),
        asked(slot=Slot("credit-risk", "production", "eu")),
        asked(slot=Slot("other", "production")),
        asked(role=Role.CANARY),
        msgspec.structs.replace(BASIS, policy="sha256:other"),
        msgspec.structs.replace(BASIS, gates={"accuracy": "sha256:x", "drift": "sha256:z"}),
        msgspec.structs.replace(BASIS, gates={"accuracy": "sha256:x"}),
        msgspec.structs.replace(BASIS, data="sha256:other"),
        msgspec.structs.replace(BASIS, engine="gatehouse 2"),
    ],
)
def test_the_key_changes_with_each_of_its_parts(other: Basis) -> None:
    assert evidence_key(other) != evidence_key(BASIS)


@pytest.mark.parametrize(
    "same",
    [
        asked(base="d" * 40),
        asked(head="e" * 40),
        asked(line=7),
        asked(previous=None),
        msgspec.structs.replace(BASIS, gates={"drift": "sha256:y", "accuracy": "sha256:x"}),
    ],
)
def test_the_same_question_at_other_commits_has_the_same_key(same: Basis) -> None:
    assert evidence_key(same) == evidence_key(BASIS)


def test_a_key_is_a_digest() -> None:
    assert re.fullmatch("sha256:[0-9a-f]{64}", evidence_key(BASIS))
