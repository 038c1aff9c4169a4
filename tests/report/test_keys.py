"""Which keys sign evidence and vouch for it, in which files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import PrivateFormat

from gatehouse.errors import GatehouseError, NotFound
from gatehouse.report import keys
from tests.declare.helpers import Files
from tests.support.keys import CURVES, USABLE, USELESS, pair
from tests.support.optional import program

# OpenSSL's old format has no Ed25519.
WRITTEN = [(kind, PrivateFormat.PKCS8) for kind in USABLE]
WRITTEN += [(kind, PrivateFormat.TraditionalOpenSSL) for kind in CURVES]


@pytest.mark.parametrize(("kind", "form"), WRITTEN)
def test_both_halves_of_a_pair_have_one_identifier(kind: str, form: PrivateFormat) -> None:
    made = pair(kind)
    signer = keys.signer(made.written(form))
    assert signer.public_key.keyid == keys.public(made.public).keyid
    assert signer.public_key.keyid != keys.public(pair(kind, 1).public).keyid


@pytest.mark.parametrize("kind", USELESS)
def test_other_kinds_of_keys_neither_sign_nor_vouch(kind: str) -> None:
    with pytest.raises(GatehouseError, match="neither Ed25519 nor ECDSA"):
        keys.signer(pair(kind).private)
    with pytest.raises(GatehouseError, match="neither Ed25519 nor ECDSA"):
        keys.public(pair(kind).public)


@pytest.mark.parametrize("ending", [b"", b"\n\n", b"\r\n", b" \n"])
def test_a_key_that_went_through_a_clipboard_is_still_one(ending: bytes) -> None:
    made = pair()
    for text in (made.private.strip() + ending, b"\n" + made.private.replace(b"\n", b"\r\n")):
        assert keys.signer(text).public_key.keyid == keys.public(made.public.strip() + ending).keyid


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\0",
        b"-----BEGIN PRIVATE KEY-----",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        b"x" * 99999,
    ],
    ids=["empty", "null", "begun", "hollow", "long"],
)
def test_what_is_no_key_is_said_with_how_to_make_one(text: bytes) -> None:
    with pytest.raises(GatehouseError, match="no private key in PEM") as private:
        keys.signer(text)
    assert "openssl genpkey -algorithm ed25519" in private.value.fix
    with pytest.raises(GatehouseError, match=r"no public key in PEM|private key stands") as public:
        keys.public(text)
    assert public.value.fix


def test_a_public_key_signs_nothing_and_a_private_one_never_vouches() -> None:
    with pytest.raises(GatehouseError, match="no private key in PEM"):
        keys.signer(pair().public)
    for text in (
        pair().private,
        pair().public + pair().private,
        pair("P-256").written(PrivateFormat.TraditionalOpenSSL),
    ):
        with pytest.raises(GatehouseError, match="a private key stands where a public key belongs"):
            keys.public(text)


def test_two_keys_in_one_file_are_refused_rather_than_the_second_passed_over() -> None:
    with pytest.raises(GatehouseError, match="more than one key"):
        keys.public(pair().public + pair("P-256").public)


def test_a_key_with_a_password_is_said_to_be_locked() -> None:
    with pytest.raises(GatehouseError, match="locked with a password"):
        keys.signer(pair().written(PrivateFormat.PKCS8, b"secret"))


@pytest.mark.parametrize(
    "spoilt", [lambda text: text[:-40], lambda text: text.replace(b"A", b"B"), lambda text: text[30:]]
)
def test_no_error_says_anything_of_a_private_key(spoilt: object) -> None:
    assert callable(spoilt)
    for made in (pair(), pair("P-256"), pair("rsa")):
        text = spoilt(made.private)
        for read in (keys.signer, keys.public):
            try:
                read(text)
            except GatehouseError as error:
                said = f"{error.message} {error.fix} {error!r} {error.__cause__!r}".encode()
                inside = text.split(b"-----")[2] if text.count(b"-----") > 2 else text
                pieces = [inside[at : at + 12] for at in range(0, len(inside) - 12, 4)]
                assert not [piece for piece in pieces if piece.strip() and piece in said]


def test_the_keys_that_count_are_those_of_the_base() -> None:
    files = Files({".github/new.pem": pair().public, "gates/old.pem": pair("P-384").public})
    assert keys.trusted(files, (".github/new.pem", "gates/old.pem")) == (pair().public, pair("P-384").public)
    assert keys.trusted(files, ()) == ()


def test_a_path_without_a_public_key_is_named() -> None:
    with pytest.raises(NotFound, match=r"no file \.github/e\.pem, which promotions/stages\.yaml names"):
        keys.trusted(Files({}), (".github/e.pem",))
    with pytest.raises(GatehouseError, match=r"^\.github/e\.pem: a private key stands"):
        keys.trusted(Files({".github/e.pem": pair().private}), (".github/e.pem",))


@pytest.mark.parametrize(
    "command",
    [
        ("genpkey", "-algorithm", "ed25519"),
        ("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
        ("ecparam", "-name", "secp384r1", "-genkey"),
    ],
)
def test_openssl_makes_keys_that_are_usable_as_they_are(command: tuple[str, ...], tmp_path: Path) -> None:
    program("openssl", "openssl")
    key = tmp_path / "evidence.key"
    subprocess.run(("openssl", *command, "-out", key), check=True, capture_output=True)
    public = subprocess.run(("openssl", "pkey", "-in", key, "-pubout"), check=True, capture_output=True).stdout
    assert keys.signer(key.read_bytes()).public_key.keyid == keys.public(public).keyid
