"""The report as one HTML file: no script, no network, light and dark, phone and paper.

The content security policy in the page forbids everything but its own stylesheet, which is named by its hash.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from gatehouse.evaluate.result import Result
from gatehouse.report import basis, figures, howto, plots, reading, weight
from gatehouse.report.brief import brief
from gatehouse.report.context import Context
from gatehouse.report.plots import bullet
from gatehouse.report.text import SAFE_LINK, below, clean, middle
from gatehouse.verdict import Exhibit, Measure, Outcome, Rows

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
# Beyond these a page helps nobody; whoever needs the rest reads the JSON document.
MAX_RESULTS, MAX_GATES, MAX_MEASURES, MAX_EXHIBITS = 30, 40, 400, 8


def page(results: Sequence[Result], context: Context) -> str:
    """The whole page. Everything from the results is escaped and bounded in length."""
    style = (TEMPLATES / "style.css").read_text()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    template = _environment().get_template("page.html.j2")
    shown, left = results[:MAX_RESULTS], results[MAX_RESULTS:]
    asked, notes = howto.people(results, context), howto.notes(results, context)
    return template.render(
        results=shown, left=left, context=context, style=style, digest=digest, asked=asked, notes=notes
    )


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"clean": clean, "middle": middle}
    made.globals |= {
        "figures": figures,
        "reading": reading,
        "howto": howto,
        "brief": brief,
        "remarks": weight.remarks,
        "basis": basis.basis,
        "next_steps": basis.next_steps,
        "FACES": reading.FACES,
        "Outcome": Outcome,
        "bullet": bullet.draw,
        "drawings": drawings,
        "folded": folded,
        "link": _link,
        "below": below,
        "limits": {"gates": MAX_GATES, "measures": MAX_MEASURES, "exhibits": MAX_EXHIBITS},
        "columns": columns,
        "present": _present,
        "deciding": lambda verdicts: [reading.deciding(verdict) for verdict in verdicts],
    }
    return made


def drawings(exhibit: Exhibit) -> tuple[Markup, Markup]:
    """The exhibit for a wide page and for a narrow one."""
    return plots.draw(exhibit, plots.WIDE), plots.draw(exhibit, plots.NARROW)


def folded(exhibit: Exhibit) -> tuple[int, tuple[Markup, Markup] | None]:
    """How many rows do not fit into the first look, and the drawings of them."""
    rest = plots.rows.rest(exhibit) if isinstance(exhibit, Rows) else ()
    if not isinstance(exhibit, Rows) or not rest:
        return 0, None
    return len(rest), (plots.rows.draw(exhibit, rest, plots.WIDE), plots.rows.draw(exhibit, rest, plots.NARROW))


def columns(measures: Sequence[Measure | None]) -> frozenset[str]:
    """Which columns of a table of measures would hold anything."""
    known = _present(measures)
    return frozenset(
        name
        for name in ("limit", "champion", "interval", "rows")
        if any(getattr(measure, name) is not None for measure in known)
    )


def _present(measures: Sequence[Measure | None]) -> list[Measure]:
    return [measure for measure in measures if measure]


def _link(url: str) -> str:
    """The URL where it is a plain http(s) one, else ""."""
    return url if SAFE_LINK.fullmatch(url) else ""
