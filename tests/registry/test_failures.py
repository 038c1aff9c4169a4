from __future__ import annotations

import pytest
import requests
from mlflow.exceptions import MlflowException

from gatehouse.errors import GatehouseError, NotFound, Unreachable
from gatehouse.registry._failures import translate, without_credentials

WHERE = "https://mlflow.acme.example"


def _http(status: int, text: str) -> requests.HTTPError:
    answer = requests.Response()
    answer.status_code = status
    return requests.HTTPError(text, response=answer)


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (
            ModuleNotFoundError("No module named 'boto3'", name="boto3"),
            GatehouseError,
            "needs the Python package boto3",
        ),
        (_http(401, "401 Client Error"), GatehouseError, r"refused the credentials \(401\)"),
        (_http(404, "404 Client Error"), GatehouseError, "is not an MLflow server"),
        (_http(404, '404. Response text: {"error_code":"RESOURCE_DOES_NOT_EXIST"}'), NotFound, "says: 404"),
        (_http(500, "500 Server Error"), Unreachable, "failed: 500 Server Error"),
        (requests.ConnectionError("Connection aborted."), Unreachable, "it hung up"),
        (requests.Timeout("read timed out"), Unreachable, "no answer in time"),
        (MlflowException("CERTIFICATE_VERIFY_FAILED"), Unreachable, "its certificate is not trusted"),
        (MlflowException("Strange. Very strange."), Unreachable, r"failed: Strange\.\n"),
        (KeyError("version"), Unreachable, "failed: 'version'"),
        (ValueError(), Unreachable, "failed: ValueError"),
    ],
)
def test_each_failure_becomes_the_error_that_says_what_to_do(
    error: Exception, kind: type[GatehouseError], said: str
) -> None:
    translated = translate(error, WHERE)
    assert type(translated) is kind
    with pytest.raises(kind, match=said):
        raise translated
    assert WHERE in translated.message
    assert translated.fix


def test_the_reason_is_found_below_other_errors() -> None:
    error = RuntimeError("upload failed")
    error.__cause__ = ConnectionRefusedError("Connection refused")
    assert "did not answer: connection refused" in translate(error, WHERE).message


def test_pages_of_text_are_cut() -> None:
    assert len(translate(MlflowException("x" * 10_000), WHERE).message) < 400


def test_an_address_inside_a_failure_loses_its_password() -> None:
    error = _http(500, "500 Server Error for url: http://ada:hunter2@mlflow.acme.example/api?token=hunter2 again")
    assert translate(error, WHERE).message.endswith("for url: http://mlflow.acme.example/api again")


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("https://mlflow.acme.example/base", "https://mlflow.acme.example/base"),
        ("https://ada:p@ss@mlflow.acme.example", "https://mlflow.acme.example"),
        ("postgresql+psycopg2://ada:x@db:5432/mlflow?sslpassword=y", "postgresql+psycopg2://db:5432/mlflow"),
        ("sqlite:////srv/mlflow.db", "sqlite:////srv/mlflow.db"),
        ("sqlite:///mlflow.db", "sqlite:///mlflow.db"),
        ("databricks://profile", "databricks://profile"),
        ("./mlruns", "./mlruns"),
    ],
)
def test_an_address_is_shown_without_what_is_secret(uri: str, shown: str) -> None:
    assert without_credentials(uri) == shown
