"""Commands are followed where somebody gives them, and not where they are talked about."""

from __future__ import annotations

import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.review.commands import Command, Verb, commands
from gatehouse.review.commands import given as followed
from gatehouse.review.lines import MAX_TEXT
from tests.fuzz.corpus import texts
from tests.review.forms import PATIENCE_S, TOKEN

APPROVE = f"/approve-model credit-risk 48 {TOKEN}"
REJECT = "/reject-model credit-risk 48 the data ends in June"
EMERGENCY = f"/emergency credit-risk 48 {TOKEN} version 47 refuses everybody"


def test_each_command_says_what_it_means() -> None:
    assert commands(APPROVE) == (Command(Verb.APPROVE, 1, "credit-risk", 48, TOKEN),)
    assert commands(REJECT) == (Command(Verb.REJECT, 1, "credit-risk", 48, reason="the data ends in June"),)
    assert commands(EMERGENCY) == (
        Command(Verb.EMERGENCY, 1, "credit-risk", 48, TOKEN, "version 47 refuses everybody"),
    )


@pytest.mark.parametrize(
    "typed",
    [
        f"/approve-model   credit-risk  48\t{TOKEN}  ",
        f"/approve-model `credit-risk` `48` `{TOKEN}`",
        f"/approve-model credit-risk v48 {TOKEN}\r\n",
        f"I have read it all.\r\n\r\n/approve-model credit-risk 48 {TOKEN}\r\nThanks!",
        f"\ufeff/approve-model credit-risk 48 {TOKEN}",
    ],
)
def test_it_is_understood_as_people_type_it(typed: str) -> None:
    (found,) = followed(typed)
    assert (found.model, found.version, found.token, found.reason) == ("credit-risk", 48, TOKEN, "")


def test_a_reason_goes_on_below() -> None:
    (found,) = followed("/reject-model m 1 stale:\r\n\r\n- the data *ends* in June\r\n- R&amp;D has it\r\n\r\n")
    assert found.reason == "stale:\n\n- the data *ends* in June\n- R&D has it"
    (found,) = followed("/reject-model m 1\nstale")
    assert found.reason == "stale"


def test_several_are_given_in_order_each_with_its_own_reason() -> None:
    found = followed(f"{REJECT}\n\nand more\n\n{APPROVE}\n\n**gain**: x\n\n{EMERGENCY}")
    assert [(each.verb, each.line) for each in found] == [(Verb.REJECT, 1), (Verb.APPROVE, 5), (Verb.EMERGENCY, 9)]
    assert found[0].reason == "the data ends in June\n\nand more"


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("/approve-model", "model"),
        ("/approve-model credit-risk", "version"),
        (f"/approve-model {TOKEN}", "version"),
        (f"/approve-model credit-risk latest {TOKEN}", "version"),
        (f"/approve-model credit-risk 0 {TOKEN}", "version"),
        (f"/approve-model credit-risk -1 {TOKEN}", "version"),
        (f"/approve-model credit-risk 1e3 {TOKEN}", "version"),
        (f"/approve-model credit-risk ٤٨ {TOKEN}", "version"),
        (f"/approve-model credit-risk 9999999999 {TOKEN}", "version"),
        ("/approve-model credit-risk 48", "token"),
        ("/approve-model credit-risk 48 LGTM", "token"),
        (f"/approve-model credit-risk 48 {TOKEN}0", "token"),
        (f"/approve-model credit-risk 48 {TOKEN[:-1]}", "token"),
        (f"{APPROVE} great work", "behind its token"),
        ("/reject-model credit-risk 48", "reason"),
        ("/reject-model credit-risk 48 …", "reason"),
        ("/reject-model credit-risk 48 <!-- because -->", "reason"),
        ("/reject-model credit-risk 48 \u3164", "reason"),
        (f"/emergency credit-risk 48 {TOKEN}", "reason"),
        (f"/emergency credit-risk 48 {TOKEN} \n\n---", "reason"),
        ("/emergency credit-risk 48 production is down", "token"),
    ],
)
def test_one_that_lacks_something_is_not_followed_and_says_what(typed: str, fault: str) -> None:
    (found,) = commands(typed)
    assert fault in found.fault
    assert followed(typed) == ()
    assert found.usage.startswith(f"/{found.verb} MODEL VERSION")


@pytest.mark.parametrize("command", [APPROVE, REJECT, EMERGENCY])
@pytest.mark.parametrize(
    "around",
    [
        *(" {}", "please {}", "`{}`", "```\n{}\n```", "    {}", "> {}", "> a\n{}", "- {}", "- a\n{}", "1. {}", "# {}"),
        *("<!-- {} -->", "<!--\n{}\n-->", "<details>\n\n{}\n\n</details>", "<pre>\n{}\n</pre>", "~~a\n{}~~", "**{}**"),
        *("`a\n{}`", "[a]({})", "| {} |\n|--|", "{}\n---", "\\{}", "\u200b{}", "a <!--\n{}\n-->"),
    ],
)
def test_talking_about_a_command_is_not_giving_it(around: str, command: str) -> None:
    assert commands(around.replace("{}", command)) == ()


@pytest.mark.parametrize(
    "other", ["/approve", "/approve-models a 1 b", "/approve-model-now", "/emergency!", "/help", "/", "//"]
)
def test_other_words_behind_a_slash_are_nobodys_business(other: str) -> None:
    assert commands(other) == ()


@given(
    st.one_of(texts, st.text(f"/approve-model reject emergency 48 {TOKEN}\n`>")), st.sampled_from((APPROVE, REJECT, ""))
)
def test_whatever_is_written_is_read(text: str, command: str) -> None:
    for found in commands(f"{text}\n\n{command}"):
        msgspec.json.encode(found)
        assert bool(found.fault) or (found.model and found.version)


def test_giants_come_to_an_end() -> None:
    started = time.monotonic()
    for part in ("/reject-model a 1 b\n", "[", "/approve-model ", "<a ", "`", " "):
        commands(APPROVE + "\n\n" + (part * MAX_TEXT)[:MAX_TEXT])
    commands("/reject-model a 1 " + "<!--" * 16_000)
    assert time.monotonic() - started < PATIENCE_S
