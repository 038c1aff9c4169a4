"""A registry server as a stranger sees it: real MLflow, and servers that are not what they should be."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from mlflow.version import VERSION

from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.registry.server import Server, look, shown
from tests.support.web import Site, certified, served

SEARCH = "/api/2.0/mlflow/registered-models/search"
INFO = "/api/3.0/mlflow/server-info"


def test_a_real_server_tells_its_release_and_store_and_lists_models_to_anybody(server_uri: str) -> None:
    assert look(server_uri, {}) == Server(server_uri, True, VERSION, "SqlStore", open=True, private=True)


def test_a_file_is_no_server_and_is_not_opened(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    assert look(uri, {}) == Server(uri, http=False)
    assert not (tmp_path / "mlflow.db").exists()


@contextmanager
def behind_a_login(users: Mapping[str, str]) -> Iterator[str]:
    """A server that answers as MLflow with basic-auth does: its release too is for users alone."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.headers.get("Authorization") in users.values()
            self.send_response(200 if known else 401)
            body = VERSION.encode() if known else b"You are not authenticated."
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


BASIC = "Basic " + b64encode(b"ada:p@ss").decode()


@pytest.mark.parametrize(
    ("userinfo", "environ"),
    [
        ("", {"MLFLOW_TRACKING_TOKEN": "t0ken"}),
        ("", {"MLFLOW_TRACKING_USERNAME": "ada", "MLFLOW_TRACKING_PASSWORD": "p@ss"}),
        ("ada:p%40ss@", {}),
        ("ada:p%40ss@", {"MLFLOW_TRACKING_TOKEN": "stale"}),
    ],
)
def test_a_server_behind_a_login_asks_who_comes_and_tells_users_its_release(
    userinfo: str, environ: dict[str, str]
) -> None:
    with behind_a_login({"a": BASIC, "b": "Bearer t0ken"}) as place:
        found = look(f"http://{userinfo}{place}", environ)
    assert found == Server(f"http://{place}", True, VERSION, "", open=False, private=True)


@pytest.mark.parametrize("environ", [{}, {"MLFLOW_TRACKING_TOKEN": "revoked"}, {"MLFLOW_TRACKING_USERNAME": "ada"}])
def test_without_good_credentials_the_release_stays_unknown(environ: dict[str, str]) -> None:
    with behind_a_login({"a": BASIC}) as place:
        assert look(f"http://{place}", environ).release == ""


def test_whether_a_server_is_open_is_asked_as_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login ada password p@ss\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with served() as site:
        site.bodies = {"/version": b"3.17.2", SEARCH: b'{"registered_models": []}'}
        assert look(site.url, {"MLFLOW_TRACKING_TOKEN": "t0ken"}).open
        assert {who for _, who in site.asked} == {None}


@pytest.mark.parametrize(
    ("answer", "open_to_all"),
    [
        (lambda site: site.bodies.update({SEARCH: b"{}"}), True),
        (lambda site: site.codes.update({SEARCH: 401}), False),
        (lambda site: site.codes.update({SEARCH: 403}), False),
        (lambda site: site.moved.update({SEARCH: "/login"}), False),
        (lambda site: site.bodies.update({SEARCH: b"<html>log in</html>"}), False),
        (lambda site: site.codes.update({SEARCH: 500}), None),
        (lambda site: site.codes.update({SEARCH: 404}), None),
    ],
    ids=["json", "401", "403", "redirect", "login page", "500", "404"],
)
def test_open_is_what_answers_a_stranger_with_models(answer: object, open_to_all: bool | None) -> None:
    with served() as site:
        site.bodies["/version"] = b"3.11.0"
        assert callable(answer)
        answer(site)
        assert look(site.url, {}).open is open_to_all


@pytest.mark.parametrize("told", [b"", b"[]", b"null", b"{", b'{"store_type": null}', b"\xff"])
def test_an_odd_word_about_the_store_is_none(told: bytes) -> None:
    with served() as site:
        site.bodies = {"/version": b"3.11.0", INFO: told}
        assert look(site.url, {}).store == ""


def test_what_is_no_mlflow_server_is_said() -> None:
    with served() as site:
        site.bodies["/version"] = b"<html>welcome to nginx</html>"
        with pytest.raises(GatehouseError, match="is not an MLflow server"):
            look(site.url, {})


def test_nobody_there_is_unreachable_without_the_password() -> None:
    with pytest.raises(Unreachable, match=r"at http://127\.0\.0\.1:9/ did not answer: connection refused"):
        look("http://ada:p4ss@127.0.0.1:9/?token=x", {})
    assert shown("http://ada:p4ss@127.0.0.1:9/?token=x") == "http://127.0.0.1:9/"


def test_a_server_that_hangs_up_is_unreachable() -> None:
    with served() as site:
        site.bodies["/version"] = b"3.11.0"
        site.short = 10
        with pytest.raises(Unreachable, match="did not answer"):
            look(site.url, {})


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[Site, Path]]:
    certificate = certified(tmp_path / "localhost.pem")
    with served(certificate) as site:
        site.bodies["/version"] = b"3.11.0"
        yield site, certificate


def test_a_certificate_that_nobody_trusts_is_said(secure: tuple[Site, Path]) -> None:
    with pytest.raises(Unreachable, match="certificate is not trusted"):
        look(secure[0].url, {})


def test_the_certificates_that_mlflow_trusts_are_trusted(secure: tuple[Site, Path]) -> None:
    assert look(secure[0].url, {"MLFLOW_TRACKING_SERVER_CERT_PATH": str(secure[1])}).private


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_a_certificate_that_is_not_checked_keeps_nothing_private(secure: tuple[Site, Path]) -> None:
    site = secure[0]
    found = look(site.url.replace("localhost", "127.0.0.1"), {"MLFLOW_TRACKING_INSECURE_TLS": "true"})
    # On this machine's own loopback nobody listens anyway.
    assert found.private
    assert found.release == "3.11.0"


@pytest.mark.parametrize(
    ("host", "private"),
    [("localhost", True), ("127.0.0.1", True), ("[::1]", True), ("mlflow.example", False), ("10.0.0.7", False)],
)
def test_only_a_loopback_is_private_without_encryption(
    host: str, private: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gatehouse.registry import server

    monkeypatch.setattr(server._Line, "__call__", lambda self, path: (200, "3.11.0"))
    assert look(f"http://{host}:5000", {}).private is private
    assert look(f"https://{host}:5000", {}).private
    assert look(f"https://{host}:5000", {"MLFLOW_TRACKING_INSECURE_TLS": "1"}).private is private
