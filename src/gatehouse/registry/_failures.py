"""What MLflow and the clients below it raise, as errors that a person can act on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatehouse.errors import GatehouseError, NotFound, Unreachable

_CHECK = "check that it is running, and that `registry:` in promotions/stages.yaml is right"
# What the transport says, and what that means; the first that is found anywhere in the chain of causes counts.
_REASONS = (
    (re.compile(r"connection refused", re.IGNORECASE), "connection refused"),
    (re.compile(r"too many (\d{3}) error responses"), r"it answers {0}"),
    (re.compile(r"certificate_verify_failed|sslerror", re.IGNORECASE), "its certificate is not trusted"),
    (
        re.compile(r"name or service not known|name resolution|failed to resolve|nodename nor servname", re.I),
        "no such host",
    ),
    (re.compile(r"timed out|timeout", re.IGNORECASE), "no answer in time"),
    (
        re.compile(r"remote end closed|connection aborted|connection reset|broken pipe|incompleteread", re.I),
        "it hung up",
    ),
    (re.compile(r"unable to open database file|file is not a database|database is locked"), "{0}"),
)


def translate(error: Exception, where: str) -> GatehouseError:
    """The error to raise instead; ``where`` is the registry's address, without credentials.

    NotFound for what the registry does not have, Unreachable when it did not answer or answered with a fault of its
    own, and GatehouseError for the rest: refused credentials, an address that is no MLflow, a missing driver.
    """
    if isinstance(error, ImportError):
        package = error.name or str(error)
        return GatehouseError(f"the registry at {where} needs the Python package {package}", f"pip install {package}")
    status, said = _status(error), _first_line(error)
    if status in (401, 403):
        return GatehouseError(
            f"the registry at {where} refused the credentials ({status})",
            "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, to a user who may",
        )
    # The artifact service says it in the body of an answer alone.
    if "RESOURCE_DOES_NOT_EXIST" in (getattr(error, "error_code", ""), *str(error).split('"')):
        return NotFound(f"the registry at {where} says: {said}", "check the name")
    if status in (404, 405) or "not in a valid JSON format" in said:
        return GatehouseError(f"what answers at {where} is not an MLflow server", _CHECK)
    if "got unsupported URI" in said or "filesystem tracking backend" in said:
        return GatehouseError(
            f"{where} is no registry that MLflow keeps: {said}",
            "name an https://, sqlite:/// or postgresql:// address under `registry:` in promotions/stages.yaml",
        )
    if "out-of-date database schema" in said:
        return GatehouseError(
            f"the database at {where} belongs to another release of MLflow: {said}",
            "install the release that the team uses, or back it up and run `mlflow db upgrade`",
        )
    if why := reason(error):
        return Unreachable(f"the registry at {where} did not answer: {why}", _CHECK)
    if status is not None and 400 <= status < 500 and status != 429:
        return GatehouseError(f"the registry at {where} says: {said}")
    return Unreachable(f"the registry at {where} failed: {said}", "look at its log, then run it again")


def _status(error: Exception) -> int | None:
    """The HTTP status behind an exception of MLflow or requests, None where there is none."""
    # MLflow keeps a status that it has no word for in the text alone.
    if found := re.search(r"failed with error code (\d{3}) ", str(error)):
        return int(found[1])
    response = getattr(error, "response", None)
    if response is not None:
        return getattr(response, "status_code", None)
    if getattr(error, "error_code", None) is not None and hasattr(error, "get_http_status_code"):
        return int(error.get_http_status_code())
    return None


def reason(error: Exception) -> str | None:
    """What the transport says went wrong, in a few words; None where nothing is recognised."""
    text = "\n".join(f"{type(one).__name__}: {one}" for one in _causes(error))
    for pattern, meaning in _REASONS:
        if found := pattern.search(text):
            return meaning.format(*(found.groups() or (found.group(),)))
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    while one is not None:
        yield one
        one = one.__cause__ or one.__context__


def _first_line(error: Exception) -> str:
    """The first sentence or line, at most 300 characters: MLflow adds paragraphs of advice, and whole HTML pages."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return without_credentials(re.split(r"(?<=[.!]) (?=[A-Z])", lines[0], maxsplit=1)[0])[:300]


def without_credentials(text: str) -> str:
    """An address, or a text with addresses in it, as it may be shown: without users, passwords and queries."""
    return re.sub(r"(\w+://)[^/\s]*@", r"\1", re.sub(r"(\w+://[^\s?#]*)[?#][^\s]*", r"\1", text))
