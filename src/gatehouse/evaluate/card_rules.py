"""What a card must say: its sections, its front matter, its age, and nothing that contradicts what is being judged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from gatehouse.declare import duration, formats
from gatehouse.evaluate.cards import Card, normal, written
from gatehouse.verdict import Measure, Outcome, at_most

# Where the card says from when it is, the first that is there.
DATES = ("date", "last_updated", "updated", "reviewed")
# Other names of the usual sections, as ``normal`` has them: those of the papers first, then Hugging Face's templates.
_ALSO: Mapping[str, str] = {
    "model details": "model description|model overview|overview|description|model summary|model information",
    "intended use": "uses|use|intended uses|intended uses limitations|direct use|intended use cases|use cases",
    "factors": "relevant factors|evaluation factors|groups|subgroups|factors groups",
    "metrics": "evaluation metrics|performance metrics|model performance measures|performance measures",
    "evaluation data": "testing data|test data|evaluation dataset|evaluation datasets|testing data factors metrics",
    "training data": "training dataset|training datasets|training details",
    "quantitative analyses": "quantitative analysis|results|evaluation results|evaluation|performance",
    "ethical considerations": "ethics|bias risks limitations|bias|biases|risks|fairness|risks biases|societal impact",
    "caveats recommendations": "caveats|recommendations|limitations|known limitations|limitations recommendations",
    "motivation": "curation rationale|purpose|dataset summary|dataset description|dataset details",
    "composition": "dataset structure|structure|contents|data fields|data instances|dataset composition",
    "collection process": "collection|data collection|source data|data collection processing|dataset creation"
    "|initial data collection normalization",
    "preprocessing": "preprocessing cleaning labeling|preprocessing cleaning labelling|cleaning|labeling|labelling"
    "|annotations|annotation process|data processing",
    "uses": "use|intended use|intended uses|direct use|considerations for using data|bias risks limitations",
    "personal sensitive information": "personal information|privacy|sensitive information|personal data",
    "distribution": "licensing information|license|licence|access|dataset sources|terms",
    "maintenance": "dataset curators|dataset card contact|contact|versioning|updates|dataset card authors",
}
# Which key of the front matter says what, and under which names.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "model": ("model", "model_name", "registered_model"),
    "version": ("version", "model_version"),
    "digest": ("digest", "model_digest"),
    "evaluation data": ("evaluation_digest", "dataset_digest", "evaluation_data_digest"),
}
_WHOLE = re.compile(r"[vV]?0*([0-9]+)")
# As many hex digits name an artifact beyond doubt; fewer are no digest.
_SHORTEST = 12


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A card held against what is asked of it. ``advice`` says for each thing that is missing what to write."""

    measures: tuple[Measure, ...]
    advice: tuple[str, ...]

    @property
    def summary(self) -> str:
        """What is wrong in one line, empty where nothing is."""
        return "; ".join(f"{one.name}: {one.note}" for one in self.measures if one.outcome is Outcome.FAIL)


def wanted(thresholds: Mapping[str, Any]) -> dict[str, str]:
    """The required sections, each with what is to be written there."""
    return {**thresholds["sections"], **thresholds.get("more_sections", {})}


def fields(thresholds: Mapping[str, Any]) -> tuple[str, ...]:
    """The required keys of the front matter."""
    return tuple(dict.fromkeys((*thresholds["fields"], *thresholds.get("more_fields", ()))))


def review(card: Card, thresholds: Mapping[str, Any], today: date) -> Reviewed:
    """Sections, front matter and age; everything that is missing is named at once."""
    sections = {name: hint for name, hint in wanted(thresholds).items() if not _covered(card, name)}
    empty = [name for name in sections if _found(card, name)]
    lacking = [name for name in fields(thresholds) if not _filled(card.meta.get(name))]
    measures = [
        at_most("sections missing", len(sections), 0, note=", ".join(_said(name, empty) for name in sections)),
        at_most("front matter missing", len(lacking), 0, note=", ".join(lacking)),
    ]
    advice = [f"write the section {name!r}: {hint}" for name, hint in sections.items()]
    advice += [f"add `{name}:` to the front matter, the block between two lines `---` at the top" for name in lacking]
    if "max_age" in thresholds:
        aged, fix = _aged(card, duration.parse(thresholds["max_age"]), today)
        measures.append(aged)
        advice += [fix] if aged.outcome is Outcome.FAIL else []
    return Reviewed(tuple(measures), tuple(advice))


def _said(name: str, empty: Sequence[str]) -> str:
    return f"{name} (there, and says nothing)" if name in empty else name


def _found(card: Card, name: str) -> list[bool]:
    """Whether each section that goes by that name, or another one for it, says something."""
    key = normal(name)
    names = {key, *_ALSO.get(key, "").split("|")} - {""}
    return [section.says_something for section in card.sections if normal(section.heading) in names]


def _covered(card: Card, name: str) -> bool:
    return any(_found(card, name))


def _filled(value: Any) -> bool:
    """Whether a value of the front matter says anything."""
    if isinstance(value, Mapping):
        return any(_filled(part) for part in value.values())
    if isinstance(value, list):
        return any(_filled(part) for part in value)
    return value is not None and written(str(value))


# --- age


def _aged(card: Card, limit: timedelta, today: date) -> tuple[Measure, str]:
    """The card's age in days, and what to do about it."""
    name = next((name for name in DATES if name in card.meta), DATES[0])
    day = _day(card.meta.get(name))
    days = None if day is None else (today - day).days
    note = ""
    if days is None:
        note = f"`{name}` is no day" if name in card.meta else "the front matter has no `date`"
    elif days < 0:
        note, days = f"{day} is still to come", None
    elif timedelta(days=days) > limit:
        note = f"from {day}, {days:,} days ago"
    fix = f"read the card again, mend it, and write today's date as `{name}: {today}`"
    return at_most("age of the card", days, limit / timedelta(days=1), unit="d", note=note), fix


def _day(value: Any) -> date | None:
    if not isinstance(value, str):
        return None
    if formats.is_date(value):
        return date.fromisoformat(value)
    return datetime.fromisoformat(value).astimezone(UTC).date() if formats.is_moment(value) else None


# --- contradictions


def contradictions(card: Card, facts: Mapping[str, str | None]) -> tuple[Measure, list[str]]:
    """Front matter against what is being judged, and notes on what could not be compared.

    ``facts`` are ``model``, ``version``, ``digest`` and ``evaluation data``, None for one that there is none of.
    """
    against, notes = [], []
    for fact, key in _named(card):
        value, actual = str(card.meta[key]).strip(), facts.get(fact)
        same = None if actual is None else _same(fact, value, actual)
        if same is None:
            notes.append(f"`{key}: {value:.80}` was not compared: it is no {_WORDS[fact]}")
        elif not same:
            against.append(f"{key} is {value:.80}, not {actual}")
    return at_most("contradictions", len(against), 0, note=", ".join(against)), notes


_WORDS = {
    "model": "registered name",
    "version": "whole number, as the registry has them",
    "digest": "sha256 digest",
    "evaluation data": "digest that the evaluated table has one to compare with",
}


def _named(card: Card) -> Iterator[tuple[str, str]]:
    for fact, keys in _NAMES.items():
        for key in keys:
            if _filled(card.meta.get(key)):
                yield fact, key


def _same(fact: str, value: str, actual: str) -> bool | None:
    """Whether a value agrees; None for one that is of another kind, such as a version 2.1."""
    if fact == "model":
        return normal(value) == normal(actual)
    if fact == "version":
        number = _WHOLE.fullmatch(value)
        return None if number is None else number[1] == actual
    digits = value.lower().removeprefix("sha256:").rstrip("…")
    if len(digits) < _SHORTEST or not re.fullmatch("[0-9a-f]+", digits):
        return False
    return actual.removeprefix("sha256:").startswith(digits)
