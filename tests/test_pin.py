from __future__ import annotations

import pytest

from gatehouse.pin import Pin, Role, Slot

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("version", "digest"), [(0, DIGEST), (-1, DIGEST), (1, ""), (1, "sha256:abc"), (1, DIGEST + "0")]
)
def test_a_pin_that_is_no_pin_is_refused(version: int, digest: str) -> None:
    with pytest.raises(ValueError, match=r"a version is|a digest is"):
        Pin(version, digest)


@pytest.mark.parametrize(
    ("path", "slot"),
    [
        ("promotions/churn/production.yaml", Slot("churn", "production")),
        ("promotions/churn/production.eu.yaml", Slot("churn", "production", "eu")),
        ("promotions/churn/policy.yaml", None),
        ("promotions/churn/hold.yaml", None),
        ("promotions/stages.yaml", None),
        ("promotions/churn/deep/production.yaml", None),
        ("elsewhere/churn/production.yaml", None),
        ("promotions/churn/production.yml", None),
    ],
)
def test_the_path_is_the_identity(path: str, slot: Slot | None) -> None:
    assert Slot.from_path(path) == slot
    if slot is not None:
        assert slot.path == path


@pytest.mark.parametrize(
    ("slot", "role", "alias"),
    [
        (Slot("m", "production"), Role.CHAMPION, "champion"),
        (Slot("m", "production", "eu"), Role.CHAMPION, "champion-eu"),
        (Slot("m", "production"), Role.SHADOW, "shadow"),
        (Slot("m", "production", "eu"), Role.CHALLENGER, "challenger-eu"),
        (Slot("m", "staging"), Role.CHAMPION, "staging"),
        (Slot("m", "staging"), Role.SHADOW, "staging-shadow"),
    ],
)
def test_aliases_mirror_slots(slot: Slot, role: Role, alias: str) -> None:
    assert slot.alias(role) == alias
