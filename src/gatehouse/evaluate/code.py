"""Python files of the base commit, run from their bytes: gates, and a team's own metrics.

They are never imported by name, so that nothing on the import path, and no pull request, can stand in for them.
"""

from __future__ import annotations

import sys
from types import ModuleType

from gatehouse.errors import GatehouseError


def run(name: str, origin: str, code: bytes, what: str) -> ModuleType:
    """The module ``name`` that the code makes. ``origin`` names the file for people, ``what`` says what it is to be.

    Raises GatehouseError with file and line for whatever goes wrong on the way, a call of sys.exit included.
    """
    module = ModuleType(name)
    module.__file__ = origin
    # Classes with annotations look their module up by name while they are being made.
    sys.modules[name] = module
    try:
        exec(compile(code, origin, "exec"), module.__dict__)  # noqa: S102  (base commit's own code, reviewed there)
    except (Exception, SystemExit) as error:
        raise GatehouseError(
            f"{line_in(origin, origin, error)}: the {what} does not load: {type(error).__name__}: {error}",
            f"mend the {what} file",
        ) from error
    return module


def line_in(origin: str, file: str, error: BaseException) -> str:
    """``gates/x.py:12``, the deepest line of that file on the way to the error; ``file`` is what its code is called."""
    line, trace = (error.lineno or 0) if isinstance(error, SyntaxError) else 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"{origin}:{line}" if line else origin
