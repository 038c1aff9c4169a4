"""The marks that every drawing of measured figures shares: the candidate's dot, the champion's diamond, their looks."""

from __future__ import annotations

from gatehouse.report.plots.svg import Svg, element
from gatehouse.verdict import Outcome

# The stylesheet's class of a figure by its outcome; what could not be judged is faint, not alarming.
LOOKS = {
    Outcome.PASS: "",
    Outcome.WARN: " warned",
    Outcome.INSUFFICIENT: " unsure",
    Outcome.FAIL: " wrong",
    Outcome.ERROR: " wrong",
}


def dot(x: float, y: float, kind: str) -> Svg:
    return element("circle", cx=x, cy=y, r=4.5, class_=f"mark {kind}")


def diamond(x: float, y: float) -> Svg:
    return element("path", d=f"M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5-5z", class_="mark champion")
