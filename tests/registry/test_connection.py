"""What a registry can do wrong, played by the wrong addresses, by a small HTTP server, and by a real one that dies."""

from __future__ import annotations

import os
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from gatehouse.errors import GatehouseError, NotFound, Unreachable
from gatehouse.registry import _connection
from gatehouse.registry.reader import RegistryReader
from gatehouse.registry.writer import RegistryWriter
from tests.support import mlflow as support

# What a person has patience for, and what the commands promise.
BOUND = 15.0


@contextmanager
def answering(status: int, body: bytes = b"", **headers: str) -> Iterator[str]:
    """A server that gives the same answer to everything; its address."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    for method in ("GET", "POST", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    with _serving(Handler) as uri:
        yield uri


@contextmanager
def silent() -> Iterator[str]:
    """A server that takes every request and never answers."""
    over = Event()

    class Handler(BaseHTTPRequestHandler):
        def handle(self) -> None:
            over.wait(60)

    with _serving(Handler) as uri:
        try:
            yield uri
        finally:
            over.set()


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _failing(uri: str, kind: type[GatehouseError]) -> GatehouseError:
    """The error that reading and writing both raise, each within the bound."""
    began = time.monotonic()
    with pytest.raises(kind) as caught:
        RegistryReader(uri).version("churn", 1)
    with pytest.raises(kind):
        RegistryWriter(uri).set_tags("churn", 1, {"a": "b"})
    assert time.monotonic() - began < 2 * BOUND
    return caught.value


def test_nobody_there_is_said_at_once() -> None:
    uri = f"http://127.0.0.1:{_closed_port()}"
    began = time.monotonic()
    error = _failing(uri, Unreachable)
    assert time.monotonic() - began < 8
    assert error.message == f"the registry at {uri} did not answer: connection refused"
    assert "check that it is running" in error.fix


def test_a_host_that_does_not_exist_is_named() -> None:
    assert "no such host" in _failing("http://registry.invalid:5000", Unreachable).message


def test_a_server_that_never_answers_is_given_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (_connection.RETRIES + 1) * _connection.TIMEOUT + 1 < BOUND
    monkeypatch.setattr(_connection, "TIMEOUT", 1)
    with silent() as uri:
        began = time.monotonic()
        with pytest.raises(Unreachable, match="no answer in time"):
            RegistryReader(uri).models()
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    "body", [b"You are not authenticated", b'{"error_code": "PERMISSION_DENIED", "message": "no"}']
)
def test_refused_credentials_say_which_variables_to_set(status: int, body: bytes) -> None:
    with answering(status, body) as uri:
        error = _failing(uri, GatehouseError)
    assert not isinstance(error, Unreachable | NotFound)
    assert "refused the credentials" in error.message
    assert "MLFLOW_TRACKING_TOKEN" in error.fix


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_server_in_trouble_is_unreachable_and_may_not_make_us_wait(status: int) -> None:
    with answering(status, b"oops", Retry_After="3600") as uri:
        error = _failing(uri, Unreachable)
    assert f"it answers {status}" in error.message


_PAGE = b"<html><body>Welcome to nginx</body></html>"


@pytest.mark.parametrize(("status", "body"), [(200, _PAGE), (404, _PAGE), (405, _PAGE), (404, b""), (405, b"")])
def test_another_kind_of_server_is_no_registry(status: int, body: bytes) -> None:
    with answering(status, body, Content_Type="text/html") as uri:
        error = _failing(uri, GatehouseError)
    assert "is not an MLflow server" in error.message
    assert "<html>" not in str(error)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"model_version": {"name": "churn", "version": "x"}}'])
def test_an_answer_without_what_was_asked_for_is_an_error_and_no_version(body: bytes) -> None:
    with answering(200, body) as uri, pytest.raises(Unreachable):
        RegistryReader(uri).version("churn", 1)


def test_a_refusal_is_passed_on_in_one_line() -> None:
    body = b'{"error_code": "INVALID_PARAMETER_VALUE", "message": "Bad name. Names must be good.\\nMore."}'
    with answering(400, body) as uri:
        error = _failing(uri, GatehouseError)
    assert error.message.endswith("INVALID_PARAMETER_VALUE: Bad name.")


def test_passwords_in_the_address_are_never_shown() -> None:
    error = _failing(f"http://ada:hunter2@127.0.0.1:{_closed_port()}/?token=hunter2", Unreachable)
    assert "hunter2" not in str(error)
    assert "ada" not in str(error)


def test_a_database_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    error = _failing(f"sqlite:///{tmp_path}/typo.db", NotFound)
    assert "there is no such file" in error.message
    assert not list(tmp_path.iterdir())


def test_another_programs_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE customers (name TEXT)")
    before = path.read_bytes()
    error = _failing(f"sqlite:///{path}", NotFound)
    assert "no MLflow tables" in error.message
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"not a database" * 100)
    assert "file is not a database" in _failing(f"sqlite:///{tmp_path}/mlflow.db", Unreachable).message


def test_a_database_of_another_mlflow_release_says_how_to_migrate(tmp_path: Path) -> None:
    uri = support.fresh_registry(tmp_path)
    with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '0000'")
    error = _failing(uri, GatehouseError)
    assert "out-of-date database schema" in error.message
    assert "mlflow db upgrade" in error.fix


def test_a_database_server_that_is_down_is_said_at_once() -> None:
    error = _failing(f"postgresql://ada:hunter2@127.0.0.1:{_closed_port()}/mlflow", Unreachable)
    assert "database" in error.message
    assert "hunter2" not in str(error)


def test_a_missing_database_driver_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        uri = f"mysql+nosuchdriver://127.0.0.1:{listening.getsockname()[1]}/mlflow"
        error = _failing(uri, GatehouseError)
    assert "nosuchdriver" in error.message


@pytest.mark.parametrize("uri", ["htp://mlflow.acme.example", "./mlruns", "file:///tmp/mlruns"])
def test_an_address_that_mlflow_does_not_take_is_refused(uri: str) -> None:
    error = _failing(uri, GatehouseError)
    assert uri in error.message
    assert "\n" not in error.message
    assert len(error.message) < 400
    assert "sqlite:///" in error.fix


@pytest.mark.parametrize("uri", ["", "  "])
def test_no_address_at_all_is_refused(uri: str) -> None:
    assert "no registry address" in _failing(uri, GatehouseError).message


def test_making_a_reader_opens_nothing() -> None:
    assert RegistryReader("http://registry.invalid").uri == "http://registry.invalid"


def test_the_environment_of_the_process_stays_as_it_is(sqlite_uri: str) -> None:
    before = dict(os.environ)
    RegistryReader(sqlite_uri).models()
    assert dict(os.environ) == before


def test_a_setting_of_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with silent() as uri:
        began = time.monotonic()
        with pytest.raises(Unreachable):
            RegistryReader(uri).models()
        assert time.monotonic() - began < 3


@pytest.mark.slow
def test_a_server_that_dies_between_two_questions_is_said_at_once(tmp_path: Path) -> None:
    from mlflow import MlflowClient

    with support.server(tmp_path) as running:
        client = MlflowClient(tracking_uri=running.uri, registry_uri=running.uri)
        client.create_registered_model("churn")
        client.create_model_version("churn", "s3://bucket/model")
        reader, writer = RegistryReader(running.uri), RegistryWriter(running.uri)
        writer.set_alias("churn", "champion", 1, expect=None)
        assert reader.aliases("churn") == {"champion": 1}
        running.stop()
        questions: list[Callable[[], object]] = [
            lambda: reader.version("churn", 1),
            lambda: writer.set_alias("churn", "champion", 1, expect=1),
            lambda: writer.delete_alias("churn", "champion", expect=1),
        ]
        for question in questions:
            began = time.monotonic()
            with pytest.raises(Unreachable, match="did not answer"):
                question()
            assert time.monotonic() - began < BOUND
