"""The five lines that a reviewer reads first, before any format: what changes, what it brings, and what to weigh.

Plain text: whoever writes it into Markdown, HTML or a terminal escapes it there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gatehouse.evaluate.result import Result
from gatehouse.pin import Pin, Slot
from gatehouse.report import figures, unusual
from gatehouse.report.context import Context
from gatehouse.report.reading import (
    card_link,
    gain_in_words,
    peculiar,
    run_link,
    slipped,
    version_link,
    worst_in_words,
)
from gatehouse.report.text import clean, middle

UNUSUAL = "Unusual"
MOST_UNUSUAL = 12
MOST_LIMITATIONS = 20


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a line: where ``url`` is not "", it leads to a page below a trusted address.

    What is ``linked`` says nothing where nobody can follow a link.
    """

    text: str
    url: str = ""
    linked: bool = False
    code: bool = False
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One of the five lines: its name, and one item or several, each in pieces."""

    name: str
    items: tuple[tuple[Part, ...], ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """Each item as plain text, for where there are no links."""
        return tuple("".join(part.text for part in item if not part.linked) for item in self.items)

    @property
    def text(self) -> str:
        """The whole line as plain text."""
        return " · ".join(self.texts)


def brief(result: Result, context: Context) -> tuple[Line, ...]:
    """What changes, the gain, the worst group, what is unusual, and the limitations to acknowledge; always five."""
    return (
        Line("Changes", (tuple(_change(result, context)),)),
        _plain("Gain", [clean(gain_in_words(result), 300)]),
        _plain("Worst group", [clean(worst_in_words(result), 300)]),
        _plain(UNUSUAL, _unusual(result, context)),
        _plain("To acknowledge", _limitations(result, context)),
    )


def _plain(name: str, texts: Sequence[str]) -> Line:
    return Line(name, tuple((Part(text),) for text in texts))


def _change(result: Result, context: Context) -> Iterator[Part]:
    request = result.request
    page = version_link(request.slot, request.candidate.version, context)
    yield from _pin(request.previous, request.slot, context)
    yield Part(" → ")
    yield Part(f"version {request.candidate.version}", page, strong=True)
    yield Part(" (")
    yield Part(request.candidate.short, code=True)
    yield Part(")")
    yield from _origin(result, context)
    card = card_link(result, context) or page
    if card:
        yield from (Part(", ", linked=True), Part("model card", card, linked=True))


def _pin(pin: Pin | None, slot: Slot, context: Context) -> Iterator[Part]:
    if pin is None:
        yield Part("nothing")
        return
    yield Part(f"version {pin.version}", version_link(slot, pin.version, context))
    yield from (Part(" ("), Part(pin.short, code=True), Part(")"))


def _origin(result: Result, context: Context) -> Iterator[Part]:
    subject = result.candidate
    if subject.trained_by:
        yield Part(f", trained by {clean(subject.trained_by, 60)}")
    if subject.created:
        yield Part(f", registered {figures.moment(subject.created)}")
    if subject.run:
        yield Part(", run ")
        yield Part(middle(subject.run, 16), run_link(subject, result.request.slot, context), code=True)


def _unusual(result: Result, context: Context) -> list[str]:
    """What nobody expects, then what is not as it was with the last promotions of the slot, then with the champion."""
    request = result.request
    earlier = context.earlier.get((request.slot, request.role))
    usual = unusual.against(result, earlier) if earlier is not None else ()
    found = [*peculiar(result), *usual, *slipped(result)]
    shown = [clean(text, 220) for text in found[:MOST_UNUSUAL]]
    more = len(found) - len(shown)
    return [*shown, *([f"and {more} more"] if more else [])] or ["nothing that the gates noticed"]


def _limitations(result: Result, context: Context) -> list[str]:
    if not context.limitations:
        # Where models run no policy is at hand.
        return ["what the model's policy lists"]
    listed = context.limitations.get(result.request.slot.model, ())
    shown = [clean(text, 120) for text in listed[:MOST_LIMITATIONS]]
    more = len(listed) - len(shown)
    return [*shown, *([f"and {more} more"] if more else [])] or ["no known limitation is listed"]
