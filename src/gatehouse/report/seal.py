"""Statements in signed envelopes, and what is wrong with one: DSSE 1.0, checked offline with public keys alone.

A signature covers the payload and its type (``PAE`` in
https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md), so that nothing signed for another purpose passes
for a statement. securesystemslib signs and checks; which keys count, and that an envelope is taken only in the one form
in which it is written here, is decided in this file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from gatehouse.errors import GatehouseError
from gatehouse.report import keys as pem
from gatehouse.report.document import MAX_BYTES
from gatehouse.report.statement import MEDIA_TYPE, Statement, read
from gatehouse.report.text import clean

if TYPE_CHECKING:
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import CryptoSigner, SSlibKey

# A statement names at most a few hundred gates; what is larger was not written here.
MAX_ENVELOPE = 500_000
AGAIN = "run the check again, so that its evidence is written anew"


class Opened(msgspec.Struct, frozen=True):
    """An envelope whose signature holds: what it says, and which of the keys it was checked with has signed it.

    ``payload`` is what was signed, byte for byte; ``key`` the index of the key, ``keyid`` its identifier as in-toto and
    TUF have it.
    """

    statement: Statement
    payload: bytes
    key: int
    keyid: str


class _Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    keyid: str
    sig: str


class _Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    payload: str
    payload_type: str
    signatures: tuple[_Signature, ...]


def seal(statement: bytes, signer: CryptoSigner) -> bytes:
    """The signed envelope of a statement, one line of JSON; ``keys.signer`` makes the signer.

    Raises GatehouseError for a statement whose envelope would be too large to be opened again.
    """
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import Signature

    envelope = Envelope(statement, MEDIA_TYPE, {})
    made = envelope.sign(signer)
    one = pem.settled(bytes.fromhex(made.signature), signer.public_key)
    envelope.signatures[made.keyid] = Signature(made.keyid, one.hex())
    written = _written(envelope)
    if len(written) > MAX_ENVELOPE:
        raise GatehouseError(f"the statement has {len(statement):,} bytes, too many to be sealed", "name fewer gates")
    return written


def opened(envelope: bytes, keys: Sequence[bytes]) -> Opened:
    """What an envelope says, where one of the public keys (PEM) has signed it.

    Raises GatehouseError for an envelope that is too large, not in the form that ``seal`` writes, signed by none of the
    keys, or about something else than a check; and for a key that is no public key.
    """
    known = [pem.public(key) for key in keys]
    found = _parsed(envelope)
    number = next((at for at, key in enumerate(known) if _signed(found, key)), None)
    if number is None:
        signed = " or ".join(clean(keyid, 70)[:12] for keyid in found.signatures)
        asked = ", ".join(key.keyid[:12] for key in known) or "no key at all"
        raise GatehouseError(f"the signature (key {signed}) is by none of the keys that count ({asked})", AGAIN)
    if found.payload_type != MEDIA_TYPE:
        raise GatehouseError(f"the signed payload is {clean(found.payload_type, 100)}, not {MEDIA_TYPE}", AGAIN)
    return Opened(read(found.payload), found.payload, number, known[number].keyid)


def fault(document: bytes, envelope: bytes | None, keys: Sequence[bytes]) -> str:
    """Why an envelope does not vouch for a document of the evidence branch, in half a sentence; "" where it does.

    ``keys`` are the public keys that count, PEM; one of them must have signed. Raises GatehouseError for a key that is
    no public key: then nothing can be said about the envelope.
    """
    for key in keys:
        pem.public(key)
    if envelope is None:
        return "it has no signed statement"
    if len(document) > MAX_BYTES:
        return f"it has {len(document):,} bytes, more than {MAX_BYTES:,}"
    try:
        found = opened(envelope, keys)
    except GatehouseError as error:
        return f"of its signed statement: {error.message}"
    digest = found.statement.predicate.gatehouse.document.digest.get("sha256")
    if digest != hashlib.sha256(document).hexdigest():
        return "its signed statement is about another document, or it was changed after it was signed"
    return ""


def _parsed(envelope: bytes) -> Envelope:
    """The envelope, where it is byte for byte what ``seal`` would write of its payload and its one signature.

    What is signed leaves freedom around it (key identifiers, base64 in two alphabets, blanks, fields that nobody
    reads); evidence that is kept for years has no use for any of it.
    """
    from securesystemslib.dsse import Envelope

    if len(envelope) > MAX_ENVELOPE:
        raise GatehouseError(f"the envelope has {len(envelope):,} bytes, more than {MAX_ENVELOPE:,}", AGAIN)
    try:
        found = msgspec.json.decode(envelope, type=_Envelope)
        made = Envelope.from_dict(msgspec.to_builtins(found))
        same = _written(made) == envelope
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise GatehouseError(f"the envelope cannot be read: {clean(str(error))}", AGAIN) from error
    if len(found.signatures) != 1:
        raise GatehouseError(f"the envelope has {len(found.signatures)} signatures, not one", AGAIN)
    if not same:
        raise GatehouseError("the envelope is not written as gatehouse writes it", AGAIN)
    return made


def _signed(envelope: Envelope, key: SSlibKey) -> bool:
    """Whether a key has signed, and the signature is in the form that counts."""
    from securesystemslib.exceptions import VerificationError

    (signature,) = (bytes.fromhex(each.signature) for each in envelope.signatures.values())
    try:
        envelope.verify([key], threshold=1)
        return pem.settled(signature, key) == signature
    except (VerificationError, ValueError):
        return False


def _written(envelope: Envelope) -> bytes:
    return msgspec.json.encode(envelope.to_dict()) + b"\n"
