"""Results made of whatever hypothesis and an attacker can think of."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from gatehouse.evaluate.result import Request, Result, Subject
from gatehouse.pin import Pin, Role, Slot
from gatehouse.verdict import Curve, Interval, Measure, Outcome, Points, Relation, Row, Rows, Verdict
from tests.fuzz.corpus import EVERYTHING

# What has broken other reports: markup, links, mentions, table cells, direction marks, stacked accents, giants.
FRAGMENTS = (
    *("<script>alert(1)</script>", "</td></table></details>", "<!--", "-->", "<img src=x onerror=y>", "&lt;", "&#64;x"),
    *(
        "|",
        "\\|",
        "\\",
        "`",
        "``",
        "```",
        "*",
        "**",
        "_",
        "__",
        "~~",
        "[a](https://evil.example)",
        "![a](http://evil/p)",
    ),
    *(
        "@acme/team",
        "@someone",
        "a@evil.example",
        "#12",
        "GH-12",
        "acme/x#3",
        "https://evil.example",
        "www.evil.example",
    ),
    *(
        "http://evil",
        "ftp://evil",
        "\n",
        "\r\n",
        "\n\n# Head",
        "\n- item",
        "\n    code",
        "\n| a |\n|--|",
        "\u2028",
        "\u0000",
    ),
    *(
        "\u202e",
        "\u200b",
        "\u2060",
        "\ufeff",
        "é" + "\u0301" * 40,
        "\ufdfd",
        "漢字" * 30,
        "W" * 120,
        "$x$",
        ":tada:",
        "[^1]",
        "[ ]",
    ),
    *(
        "javascript:alert(1)",
        "{{ 7*7 }}",
        "{% raw %}",
        "%s",
        "\x1b[31mred",
        "[red]",
        "'\"><svg onload=x>",
        "ＷＷＷ．",
        "𝟙",
        "",
    ),
    *EVERYTHING,
)
texts = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=12)), max_size=6).map("".join)
# In whole results one fragment a field is enough, and keeps examples quick to make.
words = st.sampled_from(FRAGMENTS) | st.text(max_size=8)
numbers = st.one_of(
    st.floats(),
    st.sampled_from([0.0, -0.0, 1e-320, 1e308, -1e308, 1e15, -1e-9, 0.05, 100.0, 99.9]),
    st.integers(-(10**6), 10**6).map(float),
)
maybe = st.none() | numbers
outcomes = st.sampled_from(Outcome)
intervals = st.none() | st.builds(Interval, numbers, numbers, numbers)
measures = st.builds(
    Measure,
    words,
    maybe,
    outcomes,
    maybe,
    st.none() | st.sampled_from(Relation),
    intervals,
    maybe,
    unit=words,
    note=words,
)
rows = st.builds(Row, words, maybe, intervals, maybe, st.none() | st.integers(-5, 10**12), outcomes, words)
series = st.dictionaries(words, st.lists(st.tuples(numbers, numbers), max_size=4), max_size=3)
limits = st.dictionaries(words, numbers, max_size=3)
axes = st.one_of(words, st.just("percentile"))
exhibits = st.one_of(
    st.builds(Curve, words, axes, words, series, st.booleans(), st.booleans(), st.booleans(), limits),
    st.builds(
        Rows,
        words,
        words,
        st.lists(rows, max_size=4).map(tuple),
        st.sampled_from(["points", "bars", "x"]),
        limits,
        maybe,
    ),
    st.builds(Points, words, words, words, series),
)
gates = st.one_of(words, st.sampled_from(["accuracy", "fairness", "drift"]))
verdicts = st.builds(
    Verdict,
    gates,
    outcomes,
    words,
    st.lists(measures, max_size=3).map(tuple),
    st.lists(words, max_size=2).map(tuple),
    st.lists(words, max_size=2).map(tuple),
    st.lists(exhibits, max_size=2).map(tuple),
)
pins = st.builds(
    lambda number, digit: Pin(number, "sha256:" + digit * 64), st.integers(1, 10**9), st.sampled_from("0f")
)
requests = st.builds(
    Request,
    st.builds(Slot, words, words, st.none() | words),
    st.sampled_from(Role),
    pins,
    st.none() | pins,
    st.none() | pins,
    words,
    words,
    st.integers(-5, 10**6),
)
subjects = st.builds(Subject, pins, st.none() | words, st.none() | words, flavor=words, link=words)
results = st.builds(
    Result,
    requests,
    words,
    st.lists(verdicts, max_size=3).map(tuple),
    subjects,
    st.none() | subjects,
    st.just(datetime(2026, 11, 24, tzinfo=UTC)),
    numbers,
    words,
    words,
    st.dictionaries(words, words, max_size=3),
    st.integers(0, 10**12),
    st.integers(-5, 10**12),
    st.lists(words, max_size=7).map(tuple),
    reused=st.none() | st.just(datetime(2026, 11, 23, tzinfo=UTC)),
)
