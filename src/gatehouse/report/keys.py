"""Keys that sign evidence, and keys that evidence is checked with: PEM in, securesystemslib's objects out.

Ed25519 and ECDSA on a NIST curve: small keys and signatures, one way to use each, and in reach of openssl and of most
signing services. The words of an error never hold what a key file holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gatehouse.errors import GatehouseError, NotFound

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner, SSlibKey

    from gatehouse.declare.source import Source

MAX_KEY = 10_000
PRIVATE = b"PRIVATE KEY"
_MAKE = "make one: openssl genpkey -algorithm ed25519 -out evidence.key"
_SHOW = "write the public half into it: openssl pkey -in evidence.key -pubout"


def signer(key: bytes) -> CryptoSigner:
    """Who signs with a private key (PEM, without a password).

    Raises GatehouseError for what is no such key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from securesystemslib.signer import CryptoSigner

    try:
        private = load_pem_private_key(key[:MAX_KEY].strip() + b"\n", password=None)
    except TypeError:
        raise GatehouseError("the signing key is locked with a password", _MAKE) from None
    except (ValueError, UnsupportedAlgorithm):
        raise GatehouseError("the signing key is no private key in PEM", _MAKE) from None
    if not _usable(private.public_key()):
        raise GatehouseError("the signing key is neither Ed25519 nor ECDSA on a NIST curve", _MAKE)
    return CryptoSigner(private)


def public(key: bytes) -> SSlibKey:
    """A public key from PEM, under the identifier that in-toto and TUF give it.

    Raises GatehouseError for what is no such key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from securesystemslib.signer import SSlibKey

    if PRIVATE in key:
        fix = "treat it as known to everybody: make a new pair, and write only the public half into the file"
        raise GatehouseError("a private key stands where a public key belongs", fix)
    if key.count(b"-----BEGIN") > 1:
        raise GatehouseError("a key file holds more than one key", "give each key a file of its own")
    try:
        found = load_pem_public_key(key[:MAX_KEY].strip() + b"\n")
    except (ValueError, UnsupportedAlgorithm):
        raise GatehouseError("a key is no public key in PEM", _SHOW) from None
    if not _usable(found):
        raise GatehouseError("a public key is neither Ed25519 nor ECDSA on a NIST curve", _MAKE)
    return SSlibKey.from_crypto(found)


def settled(signature: bytes, key: SSlibKey) -> bytes:
    """A signature of a key in the one form that counts.

    Whoever sees an ECDSA signature (r, s) can write another, (r, n - s), which holds as well; the one with the smaller
    s counts (BIP 62). An Ed25519 signature has one form only (RFC 8032, 5.1.7). Raises ValueError for what is none.
    """
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if key.keytype == "ed25519":
        return signature
    public = load_pem_public_key(key.keyval["public"].encode())
    assert isinstance(public, ec.EllipticCurvePublicKey), "no other kind is let in"
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, min(s, public.curve.group_order - s))


def trusted(base: Source, paths: Sequence[str]) -> tuple[bytes, ...]:
    """The public keys that ``evidence: keys:`` of stages.yaml names, as the trusted base has them.

    Raises NotFound for a path with no file, GatehouseError for a file that holds no public key.
    """
    return tuple(_read(base, path) for path in paths)


def named(file: str, key: bytes) -> bytes:
    """The public key itself. Raises GatehouseError that names the file, for what is none."""
    try:
        public(key)
    except GatehouseError as error:
        raise GatehouseError(f"{file}: {error.message}", error.fix) from error
    return key


def _read(base: Source, path: str) -> bytes:
    key = base.read(path)
    if key is None:
        raise NotFound(f"no file {path}, which promotions/stages.yaml names as a key for evidence", _SHOW)
    return named(path, key)


def _usable(key: Any) -> bool:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    curves = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return isinstance(key.curve, curves)
    return isinstance(key, ed25519.Ed25519PublicKey)
