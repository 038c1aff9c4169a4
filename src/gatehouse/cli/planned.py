"""What the verbs around sync share: where they run, and a plan in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gatehouse.cli.frame import Settings
from gatehouse.errors import NotFound

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gatehouse.sync.actions import Plan, Refusal
    from gatehouse.sync.run import Scene

# A plan over a thousand models is read as JSON.
_SHOWN = 60


def scene(settings: Settings, say: Callable[[str], None]) -> Scene:
    """Where a verb runs, with GitHub to be asked for reviews, which happens only for pins that arrive."""
    from gatehouse.cli.reviews.merged import Reviews
    from gatehouse.sync.run import Scene

    return Scene(settings.repository, settings.environ, datetime.now(UTC), say, reviews=Reviews(settings))


def unknown(model: str, known: Iterable[str]) -> NotFound:
    """The error for a model that nobody ever promoted, with the names that come close."""
    from difflib import get_close_matches

    names = sorted(known)
    near = get_close_matches(model, names, n=3, cutoff=0.5)
    few = ", ".join(names[:10]) + (" …" if len(names) > 10 else "")
    fix = f"did you mean {' or '.join(near)}?" if near else f"known are: {few}" if names else "promote a first version"
    return NotFound(f"main never promoted a model {model!r}", fix)


def moment(time: datetime) -> str:
    """A time as every verb shows it: to the second, in UTC, with its zone."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def lines(plan: Plan, *, done: bool) -> Iterator[RenderableType]:
    """The plan for a person: what changes (or changed), what was refused and why, and what needs a look."""
    from rich.text import Text

    yield f"main is {plan.source}"
    if plan.actions:
        count = f"{len(plan.actions)} change{'s' * (len(plan.actions) != 1)}"
        yield f"{count} made:" if done else f"{count} to make:"
        yield from _some([f"  {action}" for action in plan.actions])
    for refusal in plan.refusals:
        yield from refused(refusal)
    for warning in plan.warnings:
        yield Text(f"! {warning}", style="yellow")
    if plan.in_sync:
        yield Text("in sync: registry and serving config are what main says", style="green")


def refused(refusal: Refusal) -> Iterator[RenderableType]:
    from rich.text import Text

    yield Text(f"✗ {refusal}", style="red")
    yield f"    fix: {refusal.fix}"


def _some(said: Sequence[str]) -> Iterator[str]:
    yield from said[:_SHOWN]
    if len(said) > _SHOWN:
        yield f"  … and {len(said) - _SHOWN} more (all of them with --format json)"
