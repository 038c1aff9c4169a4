"""The ``MLmodel`` file of an artifact, read without MLflow and without running anything of the model.

The file is a stranger's: its size and depth are bounded, and its YAML is read as plain text values, so that no tag,
merge key, date or number in it is ever interpreted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from gatehouse.errors import GatehouseError, NotFound
from gatehouse.registry import signature
from gatehouse.registry.signature import Signature

NAME = "MLmodel"
# Ten thousand columns take less than 1 MB.
SIZE_LIMIT = 4_000_000
_MAX_DEPTH = 50
_FIX = "log the model again with MLflow"


class MLModel(msgspec.Struct, frozen=True):
    """What the file says, and nothing that it would make anybody do.

    ``flavors`` are MLflow's names for the ways to load it (``sklearn``, ``python_function``); ``loader`` is the Python
    module that loads the ``python_function`` one; ``signature`` is None where the model was logged without; ``bytes``
    is the size that MLflow recorded, None where it did not; ``id`` is the logged model (``m-…``) of MLflow 3.
    """

    flavors: tuple[str, ...]
    loader: str | None = None
    signature: Signature | None = None
    bytes: int | None = None
    mlflow_version: str | None = None
    python_version: str | None = None
    uuid: str | None = None
    id: str | None = None
    run_id: str | None = None
    created: str | None = None

    @property
    def flavor(self) -> str:
        """The library's flavor: the one that is not the generic ``python_function``, where there is such a one."""
        return next((name for name in self.flavors if name != "python_function"), self.flavors[0])


def read(folder: Path) -> MLModel:
    """The file of an artifact folder. Raises NotFound where there is none, GatehouseError where it is not sound."""
    path = folder / NAME
    if path.is_symlink() or not path.is_file():
        raise NotFound(f"no {NAME} file in {folder}: this is not an MLflow model", _FIX)
    with path.open("rb") as stream:
        data = stream.read(SIZE_LIMIT + 1)
    if len(data) > SIZE_LIMIT:
        raise GatehouseError(f"{path} has more than {SIZE_LIMIT:,} bytes", "log the model with a smaller signature")
    return parse(data, str(path))


def parse(data: bytes, where: str = NAME) -> MLModel:
    """The file's content, decoded. Raises GatehouseError that begins with ``where``."""
    raw = _yaml(data, where)
    flavors = _mapping(raw, "flavors", where)
    if not flavors:
        raise GatehouseError(f"{where}: names no flavor to load the model by", _FIX)
    function = _mapping(flavors, "python_function", where)
    return MLModel(
        flavors=tuple(flavors),
        loader=_text(function, "loader_module", where),
        signature=_signature(raw, where),
        bytes=_count(raw, "model_size_bytes", where),
        mlflow_version=_text(raw, "mlflow_version", where),
        python_version=_text(function, "python_version", where),
        uuid=_text(raw, "model_uuid", where),
        id=_text(raw, "model_id", where),
        run_id=_text(raw, "run_id", where),
        created=_text(raw, "utc_time_created", where),
    )


def _yaml(data: bytes, where: str) -> Mapping[str, Any]:
    try:
        text = data.decode()
        _bounded(text, where)
        raw = yaml.load(text, Loader=_Plain)  # noqa: S506 # a BaseLoader makes only str, list and dict
    except UnicodeDecodeError as error:
        raise GatehouseError(f"{where}: is not UTF-8 text", _FIX) from error
    except yaml.YAMLError as error:
        mark: Any = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise GatehouseError(f"{where}{line}: is not YAML: {getattr(error, 'problem', error)}", _FIX) from error
    if not isinstance(raw, dict):
        raise GatehouseError(f"{where}: is not a YAML mapping", _FIX)
    return raw


# The C parser is ten times faster, and is not built everywhere.
_Plain: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def _bounded(text: str, where: str) -> None:
    """Refuses nesting that would exhaust the stack of the reader, before the reader sees it."""
    depth = 0
    for event in yaml.parse(text, Loader=_Plain):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MAX_DEPTH:
            mark: Any = event.start_mark
            raise GatehouseError(f"{where}:{mark.line + 1}: is nested too deep", _FIX)


def _signature(raw: Mapping[str, Any], where: str) -> Signature | None:
    texts = _mapping(raw, "signature", where)
    parts = [_text(texts, name, where) for name in ("inputs", "outputs", "params")]
    if parts == [None, None, None]:
        return None
    try:
        return signature.parse(*parts)
    except signature.Malformed as error:
        raise GatehouseError(f"{where}: signature: {error.message}", _FIX) from error


def _mapping(raw: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    """A mapping below ``name``, empty where there is none."""
    value = raw.get(name)
    if _nothing(value):
        return {}
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise GatehouseError(f"{where}: {name} is not a mapping", _FIX)
    return value


def _text(raw: Mapping[str, Any], name: str, where: str) -> str | None:
    value = raw.get(name)
    if _nothing(value):
        return None
    if not isinstance(value, str):
        raise GatehouseError(f"{where}: {name} is not a text", _FIX)
    return value


def _count(raw: Mapping[str, Any], name: str, where: str) -> int | None:
    value = _text(raw, name, where)
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", value):
        raise GatehouseError(f"{where}: {name} is not a number of bytes", _FIX)
    return int(value)


def _nothing(value: Any) -> bool:
    """YAML's ways to write null, which arrive here as text."""
    return value is None or value in ("", "~", "null", "Null", "NULL")
