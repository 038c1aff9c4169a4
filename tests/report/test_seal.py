"""Signed statements: whoever holds the public key finds every change, and anybody can check them without gatehouse."""

from __future__ import annotations

import base64
import json
import subprocess
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import assume, given
from hypothesis import strategies as st

from gatehouse.errors import GatehouseError
from gatehouse.report import keys, seal
from gatehouse.report.statement import MEDIA_TYPE, statement
from tests.support.keys import CURVES, USABLE, pair
from tests.support.optional import part, program
from tests.support.stated import judged

HASHES: dict[str, hashes.HashAlgorithm] = {
    "P-256": hashes.SHA256(),
    "P-384": hashes.SHA384(),
    "P-521": hashes.SHA512(),
}
MANUAL = Path(__file__).parents[2] / "docs" / "results.md"
DOCUMENT = b'{\n "key": "sha256:...",\n "verdicts": []\n}'


@cache
def envelope(kind: str = "ed25519", number: int = 0, payload: bytes = b"") -> bytes:
    return seal.seal(payload or stated(), keys.signer(pair(kind, number).private))


@cache
def stated(document: bytes = DOCUMENT) -> bytes:
    result, basis = judged()
    return statement(result, document, basis)


def fault(envelope: bytes | None, document: bytes = DOCUMENT, kind: str = "ed25519") -> str:
    return seal.fault(document, envelope, [pair(kind).public])


def loose(change: Any) -> bytes:
    """An envelope with something changed in it, written as the original is."""
    made = json.loads(envelope())
    change(made)
    return json.dumps(made, separators=(",", ":")).encode() + b"\n"


def pae(payload_type: bytes, payload: bytes) -> bytes:
    """The pre-authentication encoding, from the specification and from nobody's code."""
    return b" ".join([b"DSSEv1", b"%d" % len(payload_type), payload_type, b"%d" % len(payload), payload])


# --- what holds


@pytest.mark.parametrize("kind", USABLE)
def test_a_seal_holds_for_the_document_that_it_is_about(kind: str) -> None:
    assert fault(envelope(kind), kind=kind) == ""
    opened = seal.opened(envelope(kind), [pair(kind).public])
    assert opened.payload == stated()
    assert opened.statement.predicate.result == "PASSED"
    assert opened.keyid == keys.public(pair(kind).public).keyid


def test_any_one_of_the_keys_that_count_is_enough_and_is_named() -> None:
    others = [pair(number=1).public, pair("P-256").public]
    assert seal.fault(DOCUMENT, envelope(), [*others, pair().public]) == ""
    assert seal.opened(envelope(), [*others, pair().public]).key == 2
    assert seal.opened(envelope("P-256"), [*others, pair().public]).key == 1


def test_an_ed25519_seal_of_the_same_check_is_always_the_same() -> None:
    assert envelope() == seal.seal(stated(), keys.signer(pair().private))


def test_nothing_is_sealed_that_could_not_be_opened_again() -> None:
    signer = keys.signer(pair().private)
    largest = seal.MAX_ENVELOPE // 4 * 3 - 300
    with pytest.raises(GatehouseError, match="is no statement"):
        seal.opened(seal.seal(b" " * largest, signer), [pair().public])
    with pytest.raises(GatehouseError, match="too many to be sealed"):
        seal.seal(b" " * (largest + 300), signer)


# --- what does not


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (None, "it has no signed statement"),
        (b"", "cannot be read"),
        (b"{}", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b'{"payload":' * 50_000, "more than 500,000"),
        (b"[" * 100_000, "cannot be read"),
        (b" " * 500_001, "the envelope has 500,001 bytes, more than 500,000"),
    ],
    ids=["missing", "empty", "hollow", "binary", "oversized", "deep", "blank"],
)
def test_what_is_no_envelope_is_said(found: bytes | None, said: str) -> None:
    assert said in fault(found)


def test_a_seal_by_another_key_is_said_with_both_identifiers() -> None:
    said = fault(envelope(number=1))
    assert "is by none of the keys that count" in said
    for number in (0, 1):
        assert keys.public(pair(number=number).public).keyid[:12] in said
    assert "no key at all" in seal.fault(DOCUMENT, envelope(), [])


def test_a_seal_under_the_name_of_a_key_that_counts_needs_its_signature() -> None:
    mine = json.loads(envelope(number=1))
    mine["signatures"][0]["keyid"] = keys.public(pair().public).keyid
    assert "none of the keys" in fault(json.dumps(mine, separators=(",", ":")).encode() + b"\n")


def test_a_seal_of_one_kind_of_key_is_none_of_another() -> None:
    assert "none of the keys" in seal.fault(DOCUMENT, envelope("P-384"), [pair("P-256").public, pair().public])


def test_a_document_under_the_seal_of_another_is_found() -> None:
    assert "about another document" in fault(envelope(), DOCUMENT + b"\n")
    assert "about another document" in fault(envelope(payload=stated(b"other")))
    assert fault(envelope(payload=stated(b"other")), b"other") == ""


def test_a_document_too_large_to_be_one_is_not_hashed() -> None:
    assert "16,777,217 bytes" in fault(envelope(), b" " * (16 * 1024 * 1024 + 1))


@pytest.mark.parametrize(
    "payload",
    [b"{}", b"null", b"\xff", b'{"a":' * 30_000, stated().replace(b"test-result/v0.1", b"test-result/v0.2")],
    ids=["hollow", "null", "binary", "deep", "another predicate"],
)
def test_something_else_that_was_signed_with_the_same_key_is_no_statement(payload: bytes) -> None:
    assert "is no statement on a check" in fault(envelope(payload=payload))


def test_a_payload_that_was_signed_as_another_type_is_no_statement() -> None:
    """CVE-2022-35929: a signature for one type of attestation passed for one of another."""
    from securesystemslib.dsse import Envelope

    made = Envelope(stated(), "application/vnd.cyclonedx+json", {})
    made.sign(keys.signer(pair().private))
    found = json.dumps(made.to_dict(), separators=(",", ":")).encode() + b"\n"
    assert "the signed payload is application/vnd.cyclonedx+json" in fault(found)
    renamed = json.dumps({**made.to_dict(), "payloadType": MEDIA_TYPE}, separators=(",", ":")).encode() + b"\n"
    assert "none of the keys" in fault(renamed)


def test_a_key_that_is_none_is_no_answer_about_the_envelope() -> None:
    for bad in (b"", pair().private, pair("rsa").public):
        for found in (None, envelope(), b"{}"):
            with pytest.raises(GatehouseError, match="key"):
                seal.fault(DOCUMENT, found, [pair().public, bad])


# --- every change is found


@pytest.mark.parametrize(
    "change",
    [
        lambda made: made.update(more=1),
        lambda made: made["signatures"][0].update(more=1),
        lambda made: made["signatures"].append(made["signatures"][0]),
        lambda made: made["signatures"].append({"keyid": "x", "sig": ""}),
        lambda made: made["signatures"].clear(),
        lambda made: made["signatures"][0].pop("keyid"),
        lambda made: made["signatures"][0].update(keyid=""),
        lambda made: made["signatures"][0].update(sig=""),
        lambda made: made["signatures"][0].update(sig=made["signatures"][0]["sig"].rstrip("=")),
        lambda made: made["signatures"][0].update(sig=made["signatures"][0]["sig"] + "===="),
        lambda made: made.update(payload=made["payload"].replace("=", "")),
        lambda made: made.update(payload=made["payload"][:40] + "\n" + made["payload"][40:]),
        lambda made: made.update(payloadType=MEDIA_TYPE.upper()),
        lambda made: made.update(payload=None),
        lambda made: made.update(payload="é"),
    ],
)
def test_what_the_standard_leaves_open_is_closed(change: Any) -> None:
    assert loose(lambda _: None) == envelope()
    assert loose(change) != envelope()
    assert fault(loose(change))


def test_the_other_alphabet_of_base64_is_found() -> None:
    made = seal.seal(b"???>>>", keys.signer(pair().private))
    assert b'"Pz8/Pj4+"' in made
    with pytest.raises(GatehouseError, match="is no statement"):
        seal.opened(made, [pair().public])
    with pytest.raises(GatehouseError, match="not written as gatehouse writes it"):
        seal.opened(made.replace(b'"Pz8/Pj4+"', b'"Pz8_Pj4-"'), [pair().public])


@pytest.mark.parametrize("kind", CURVES)
def test_the_second_form_that_an_ecdsa_signature_has_is_found(kind: str) -> None:
    """Whoever sees (r, s) can write (r, n - s), which holds as well."""
    made, key = json.loads(envelope(kind)), pair(kind).key
    signed = pae(MEDIA_TYPE.encode(), stated())
    r, s = decode_dss_signature(base64.b64decode(made["signatures"][0]["sig"]))
    other = encode_dss_signature(r, key.curve.group_order - s)
    key.public_key().verify(other, signed, ec.ECDSA(HASHES[kind]))
    made["signatures"][0]["sig"] = base64.b64encode(other).decode()
    assert "none of the keys" in fault(json.dumps(made, separators=(",", ":")).encode() + b"\n", kind=kind)


@pytest.mark.parametrize("kind", CURVES)
def test_what_is_sealed_is_always_in_the_first_form(kind: str) -> None:
    signer = keys.signer(pair(kind).private)
    for _ in range(8):
        assert seal.fault(DOCUMENT, seal.seal(stated(), signer), [pair(kind).public]) == ""


def test_an_envelope_in_other_words_is_found() -> None:
    made = json.loads(envelope())
    for other in (
        json.dumps(made).encode(),
        envelope().rstrip(b"\n"),
        envelope() + b"\n",
        b"\xef\xbb\xbf" + envelope(),
        json.dumps(dict(reversed(made.items())), separators=(",", ":")).encode() + b"\n",
        envelope().replace(b'"payload":', b'"payload":"","payload":', 1),
    ):
        assert "the envelope" in fault(other)


@pytest.mark.parametrize("kind", ["ed25519", "P-256"])
def test_each_byte_of_an_envelope_counts(kind: str) -> None:
    whole = envelope(kind)
    for at in range(len(whole)):
        changed = whole[at] ^ (0x01, 0x20, 0x80)[at % 3]
        assert fault(whole[:at] + bytes([changed]) + whole[at + 1 :], kind=kind), at


@given(data=st.data())
def test_every_edit_of_an_envelope_is_found(data: st.DataObject) -> None:
    whole = envelope()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 30)))
    piece = data.draw(
        st.binary(max_size=30) | st.sampled_from([whole[at : at + 20] for at in range(0, len(whole), 97)])
    )
    changed = whole[:start] + piece + whole[end:]
    assume(changed != whole)
    assert fault(changed)


@given(data=st.data())
def test_every_edit_of_a_document_is_found(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(DOCUMENT)))
    end = data.draw(st.integers(start, len(DOCUMENT)))
    changed = DOCUMENT[:start] + data.draw(st.binary(max_size=30)) + DOCUMENT[end:]
    assume(changed != DOCUMENT)
    assert (
        fault(envelope(), changed)
        == "its signed statement is about another document, or it was changed after it was signed"
    )


TEXTS = st.text(max_size=8) | st.sampled_from(["e30=", "e30", "\ud800", MEDIA_TYPE, "=", "a" * 4])
SIGNATURES = st.lists(st.fixed_dictionaries({"keyid": TEXTS, "sig": TEXTS}) | TEXTS, max_size=3)
SHAPES = st.fixed_dictionaries({"payload": TEXTS, "payloadType": TEXTS, "signatures": SIGNATURES | TEXTS})


@given(st.binary(max_size=200) | SHAPES.map(lambda shape: json.dumps(shape, separators=(",", ":")).encode() + b"\n"))
def test_nothing_that_somebody_puts_there_does_more_than_being_refused(found: bytes) -> None:
    assert fault(found)


# --- without gatehouse


@pytest.mark.parametrize("kind", USABLE)
def test_plain_cryptography_verifies_what_was_sealed(kind: str) -> None:
    made = json.loads(envelope(kind))
    signed = pae(made["payloadType"].encode(), base64.b64decode(made["payload"]))
    signature, public = base64.b64decode(made["signatures"][0]["sig"]), pair(kind).key.public_key()
    public.verify(signature, signed, *([ec.ECDSA(HASHES[kind])] if kind in HASHES else []))


def test_the_encoding_that_is_signed_is_that_of_the_specification() -> None:
    """The test vector of protocol.md."""
    from securesystemslib.dsse import Envelope

    vector = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert pae(b"http://example.com/HelloWorld", b"hello world") == vector
    assert Envelope(b"hello world", "http://example.com/HelloWorld", {}).pae() == vector


def test_securesystemslib_verifies_it_as_in_toto_and_tuf_name_keys() -> None:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import SSlibKey

    key: Any = load_pem_public_key(pair().public)
    assert Envelope.from_dict(json.loads(envelope())).verify([SSlibKey.from_crypto(key)], threshold=1)


def test_sigstore_verifies_it() -> None:
    part("sigstore.dsse", "sigstore")
    dsse = import_module("sigstore.dsse")
    found = dsse.Envelope._from_json(envelope("P-256"))
    assert dsse._verify(pair("P-256").key.public_key(), found) == stated()
    dsse.Statement(stated())


@pytest.mark.parametrize("kind", USABLE)
def test_the_commands_of_the_documentation_verify_it_without_gatehouse(kind: str, tmp_path: Path) -> None:
    for name in ("openssl", "jq", "bash"):
        program(name, name)
    (block,) = (text for text in MANUAL.read_text().split("```") if "openssl pkeyutl" in text)
    more = {"ed25519": "", "P-256": " -digest sha256", "P-384": " -digest sha384", "P-521": " -digest sha512"}[kind]
    script = "set -euo pipefail\n" + block.replace("<key>", "it").rstrip() + more + "\n"
    (tmp_path / "evidence.pem").write_bytes(pair(kind).public)

    def run(found: bytes) -> subprocess.CompletedProcess[str]:
        (tmp_path / "it.intoto.json").write_bytes(found)
        return subprocess.run(("bash", "-c", script), cwd=tmp_path, capture_output=True, text=True)

    done = run(envelope(kind))
    assert (done.returncode, done.stdout.strip()) == (0, "Signature Verified Successfully"), done.stderr
    other = json.loads(envelope(kind))
    other["payload"] = base64.b64encode(stated(b"other")).decode()
    assert run(json.dumps(other).encode()).returncode != 0
