"""``gatehouse review PR --answers``: a questionnaire that was filled in elsewhere, held against the pull request."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from gatehouse.cli.reviews import told
from gatehouse.cli.reviews.submitting import Session, Written, cleared, send
from gatehouse.cli.reviews.terminal import answerable
from gatehouse.cli.reviews.told import PinTold, Told
from gatehouse.cli.reviews.whence import whence
from gatehouse.errors import GatehouseError
from gatehouse.review import body
from gatehouse.review.judgement import Place
from gatehouse.review.lines import MAX_TEXT
from gatehouse.review.questions import missing
from gatehouse.review.quoting import says_something
from gatehouse.review.sheet import Decision, Sheet
from gatehouse.review.would import YET, hindered, perfect, would

_STDIN = Path("-")


def read(answers: Path) -> str:
    """The text of a filled-in form. Raises GatehouseError for a file that is none."""
    name = "standard input" if answers == _STDIN else str(answers)
    try:
        raw = sys.stdin.buffer.read() if answers == _STDIN else answers.read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise GatehouseError(
            f"{name} cannot be read: {error.strerror}", "name a file with the filled-in form"
        ) from error
    except UnicodeDecodeError as error:
        raise GatehouseError(f"{name} is no text in UTF-8", "save it as UTF-8") from error
    if len(text) > MAX_TEXT:
        raise GatehouseError(
            f"{name} has {len(text):,} characters, and {MAX_TEXT:,} fit into a review",
            "shorten the longest answer: a link to where it is told in full is enough",
        )
    return text


def handed(session: Session, text: str) -> Told:
    """Submits the form, or says everything that it lacks, each by name, and submits nothing."""
    seen = session.seen
    sheets = body.read(text)
    if not sheets:
        raise GatehouseError(
            "there is no questionnaire in it",
            f"print one with `gatehouse review {session.number} --template`, and leave its headings as they are",
        )
    if seen.mine:
        return session.nothing("You opened it, and GitHub takes no verdict on one's own pull request")
    if all(sheet.decision is Decision.REJECT for sheet in sheets):
        return _rejected(session, text, sheets)
    found = _held(session, text, sheets)
    if any(pin.open for pin in found):
        return session.nothing("Nothing was submitted: mend what is named here, and submit it again", pins=found)
    written = _written(session, text)
    return cleared(session, body.write(written)) or send(session, Decision.APPROVE, written)


def _rejected(session: Session, text: str, sheets: Sequence[Sheet]) -> Told:
    reason = body.reason(text)
    if not says_something(reason):
        return session.nothing("Nothing was submitted: the rejection gives no reason; write it below the heading")
    if strangers := tuple(_strangers(session, sheets)):
        return session.nothing("Nothing was submitted: it rejects something else", pins=strangers)
    return send(session, Decision.REJECT, _written(session, text))


def _written(session: Session, text: str) -> Written:
    """The forms of this pull request's pins, as they are submitted."""
    asked = [each for each in session.seen.facts.asked if each.token]
    found = [(body.find(text, each.token), each.policy) for each in asked]
    return [(sheet, policy) for sheet, policy in found if sheet is not None]


def _held(session: Session, text: str, sheets: Sequence[Sheet]) -> tuple[PinTold, ...]:
    """Each pin that this reviewer can answer for, with what the form lacks of it, and each form of something else."""
    seen = session.seen
    ahead = would(seen.facts, seen.me, perfect(seen.facts), seen.now)
    may = answerable(ahead)
    pins = told.pins(ahead, seen.facts, seen.me.login, YET)
    found = []
    for pin, place in zip(pins, would(seen.facts, seen.me, text, seen.now).places, strict=True):
        sheet = body.find(text, place.asked.token) if place.asked.token else None
        if sheet is not None or not may or place.asked in may:
            open_ = tuple(dict.fromkeys(_open(session, place, sheet)))
            found.append(msgspec.structs.replace(pin, open=open_))
    return (*found, *_strangers(session, sheets))


def _open(session: Session, place: Place, sheet: Sheet | None) -> Iterator[str]:
    """What the form lacks of one pin."""
    asked = place.asked
    if sheet is None:
        if asked.token:
            form = f"`gatehouse review {session.number} --template`"
            yield f"there is no form of it here: {form} prints it, with the token {asked.token}"
        return
    faults = missing(sheet, asked.policy)
    yield from faults
    # Two forms of one pin may contradict each other, and a heading its token.
    told_so = ("evidence",) if faults else ("evidence", "questions", "limitations")
    yield from (rule.said for rule in hindered(place) if rule.rule in told_so)


def _strangers(session: Session, sheets: Sequence[Sheet]) -> Iterator[PinTold]:
    """The forms that are about no pin of this pull request as it is now, each with where it comes from."""
    known = {asked.token for asked in session.seen.facts.asked if asked.token}
    for sheet in sheets:
        if sheet.token not in known and (sheet.token or sheet.decision is Decision.APPROVE):
            said = (
                f"{whence(session.seen, sheet)}; `gatehouse review {session.number} --template` prints the form of now"
            )
            yield PinTold(sheet.promotion or "?", sheet.role, sheet.version, sheet.token, open=(said,))
