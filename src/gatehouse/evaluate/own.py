"""A team's own metrics, found in its repository: ``gates/metrics/<name>.py``, at the commit that judges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatehouse.evaluate.statistics.own import NONE, Own, Source

if TYPE_CHECKING:
    from gatehouse.declare import source

FOLDER = "gates/metrics/"


def discover(found: source.Source) -> Own:
    """Every metric of a revision or working tree, loaded once so that a broken one is told before a model is asked.

    Files in deeper folders, and those whose name starts with an underscore, are left alone. Raises GatehouseError for
    a metric that does not load, or takes a built-in name.
    """
    files = []
    for path in sorted(found.paths(FOLDER)):
        name = path.removeprefix(FOLDER).removesuffix(".py")
        code = found.read(path) if path.endswith(".py") and "/" not in name and not name.startswith("_") else None
        if code is not None:
            files.append(Source(name, path, code))
    if not files:
        return NONE
    from gatehouse.evaluate.statistics import metrics

    own = Own(tuple(files))
    metrics.added(own)
    return own
