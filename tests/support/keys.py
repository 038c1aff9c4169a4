"""Key pairs in PEM, made when asked: nothing here is worth stealing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

CURVES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
USABLE = ("ed25519", *CURVES)
USELESS = ("rsa", "dsa", "x25519", "ed448", "secp256k1")


@dataclass(frozen=True)
class Pair:
    """A private key, and its halves as files hold them."""

    key: Any

    @property
    def private(self) -> bytes:
        return self.written(PrivateFormat.PKCS8)

    @property
    def public(self) -> bytes:
        return bytes(self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    def written(self, form: PrivateFormat, password: bytes = b"") -> bytes:
        lock: KeySerializationEncryption = BestAvailableEncryption(password) if password else NoEncryption()
        return bytes(self.key.private_bytes(Encoding.PEM, form, lock))


def pair(kind: str = "ed25519", number: int = 0) -> Pair:
    """The same pair for the same ``kind`` and ``number``, through one run."""
    return _pair(kind, number)


@cache
def _pair(kind: str, number: int) -> Pair:
    del number
    if kind in CURVES:
        return Pair(ec.generate_private_key(CURVES[kind]))
    made: dict[str, Callable[[], Any]] = {
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
        "dsa": lambda: dsa.generate_private_key(1024),
        "x25519": x25519.X25519PrivateKey.generate,
        "ed448": ed448.Ed448PrivateKey.generate,
        "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
    }
    return Pair(made[kind]())
