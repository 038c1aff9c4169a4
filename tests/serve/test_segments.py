from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.errors import GatehouseError
from gatehouse.serve.segments import TEXT_LIMIT, RequestKeys, Said, Unreadable, agreed, read, text
from tests.serve import page

COUNTRY = {"segment": {"header": "X-Country", "values": {"DE": "eu", "US": "us"}}, "unit": {"header": "X-User-Id"}}


def keys(value: object) -> RequestKeys:
    return read(value, "policy.yaml")


class TestWhere:
    def test_the_example_of_the_page_is_read(self) -> None:
        (block,) = page.yaml()
        found = keys(yaml.safe_load(block))
        assert found.segment_of(Said({"x-country": "FR"})) == "eu"
        assert found.unit_of(Said({"x-user-id": "47"})) == "47"

    def test_a_header_is_found_by_its_name_in_any_case_and_its_value_as_it_is(self) -> None:
        assert keys(COUNTRY).segment_of(Said({"x-country": "DE"})) == "eu"
        assert keys(COUNTRY).segment_of(Said({"x-country": "de"})) is None

    def test_a_value_that_is_not_listed_or_not_there_is_no_segment(self) -> None:
        assert keys(COUNTRY).segment_of(Said({"x-country": "JP"})) is None
        assert keys(COUNTRY).segment_of(Said()) is None
        assert keys(COUNTRY).unit_of(Said()) is None

    def test_without_values_the_value_is_the_segment(self) -> None:
        assert keys({"segment": {"header": "x-segment"}}).segment_of(Said({"x-segment": "eu"})) == "eu"

    def test_a_field_is_read_like_a_header(self) -> None:
        found = keys({"segment": {"field": "region", "values": {"1": "eu"}}, "unit": {"field": "user_id"}})
        assert found.segment_of(Said(fields={"region": 1})) == "eu"
        assert found.unit_of(Said(fields={"user_id": 47})) == "47"

    @pytest.mark.parametrize(
        "host", ["eu.example.com", "EU.Example.COM", "eu.example.com:8443", "eu.example.com.", "eu.example.com.:80"]
    )
    def test_a_host_is_found_in_any_case_with_any_port(self, host: str) -> None:
        found = keys({"segment": {"host": True, "values": {"eu.example.com": "eu", "[::1]": "here"}}})
        assert found.segment_of(Said(host=host)) == "eu"
        assert found.segment_of(Said(host="[::1]:80")) == "here"
        assert found.segment_of(Said(host=f"x{host}")) is None
        assert found.segment_of(Said(host="")) is None

    def test_where_nothing_is_configured_there_is_no_segment_and_no_unit(self) -> None:
        said = Said({"x-country": "DE"}, {"user_id": 1}, "eu")
        assert keys({}).segment_of(said) is None
        assert keys({}).unit_of(said) is None


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"segment": {}}, "name one place.*segment"),
        ({"segment": {"header": "a", "field": "b"}}, "name one place.*segment"),
        ({"unit": {"header": "a", "field": "b"}}, "name one place.*unit"),
        ({"unit": {"header": ""}}, "have names"),
        ({"unit": {"host": True}}, "a host name is no unit"),
        ({"unit": {"cookie": "a"}}, "cookie"),
        ({"segment": {"host": True}}, "which values mean which segment"),
        ({"segment": {"header": "a", "values": {}}}, "which values mean which segment"),
        ({"segment": {"header": "a", "values": {"DE": "EU"}}}, "`EU` cannot be a segment"),
        ({"segment": {"host": True, "values": {"EU.example.com": "eu"}}}, "lower case"),
        ({"segment": {"host": True, "values": {"eu.example.com:80": "eu"}}}, "without a port"),
        # What YAML makes of NO without quotes.
        ({"segment": {"header": "a", "values": {False: "eu"}}}, "values"),
        ({"segment": "x-country"}, "segment"),
        ([], "policy.yaml"),
        (None, "policy.yaml"),
    ],
)
def test_a_wrong_config_is_told_with_its_file_and_key(value: object, why: str) -> None:
    with pytest.raises(GatehouseError, match=why) as caught:
        keys(value)
    assert caught.value.message.startswith("policy.yaml: ")
    assert "unit: {header: x-user-id}" in caught.value.fix


class TestText:
    @pytest.mark.parametrize("value", ["47", 47, 47.0, np.int64(47), np.float64(47)])
    def test_a_whole_number_is_one_unit_however_it_came(self, value: Any) -> None:
        assert text(value, "unit") == "47"

    @pytest.mark.parametrize("value", [None, "", float("nan"), np.float64("nan")])
    def test_what_is_missing_is_no_text(self, value: Any) -> None:
        assert text(value, "unit") is None

    @pytest.mark.parametrize("value", [" a ", "é", "0", "-0", "047", "a\0b", "x" * TEXT_LIMIT, "🙂"])
    def test_text_is_as_it_is(self, value: str) -> None:
        assert text(value, "unit") == value

    @pytest.mark.parametrize("value", [-(2**63), 2**64 - 1, 0, -0.0, 2.0**53 - 1])
    def test_whole_numbers_of_64_bits_are_text(self, value: float) -> None:
        assert text(value, "unit") == str(int(value))

    @pytest.mark.parametrize(
        "value",
        [
            True,
            1.5,
            float("inf"),
            -float("inf"),
            2.0**53,
            2**64,
            -(2**63) - 1,
            10**5000,
            b"47",
            ["47"],
            {"id": 47},
            "x" * (TEXT_LIMIT + 1),
            "\ud83d",
        ],
        ids=lambda value: str(type(value).__name__),
    )
    def test_anything_else_is_the_callers_mistake_and_says_where(self, value: object) -> None:
        with pytest.raises(Unreadable, match="header x-user-id") as caught:
            text(value, "header x-user-id")
        assert caught.value.fix
        assert len(str(caught.value)) < 200

    @given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.booleans()))
    def test_whatever_comes_is_text_nothing_or_refused(self, value: object) -> None:
        try:
            found = text(value, "unit")
        except Unreadable:
            return
        assert found is None or (0 < len(found) <= TEXT_LIMIT and found.encode())


class TestRows:
    @pytest.mark.parametrize("rows", [[], [None], [None, float("nan"), ""]])
    def test_rows_that_say_nothing_agree_on_nothing(self, rows: list[object]) -> None:
        assert agreed(rows, "field country") is None

    def test_rows_that_say_the_same_agree(self) -> None:
        assert agreed(iter([47, "47", 47.0]), "field user_id") == "47"

    @pytest.mark.parametrize(("rows", "shown"), [(["a", "b"], "`a` and `b`"), (["a", None], "`a` and nothing")])
    def test_rows_that_differ_are_the_callers_mistake(self, rows: list[object], shown: str) -> None:
        with pytest.raises(Unreadable, match=f"field country: rows of one request say {shown}"):
            agreed(rows, "field country")

    def test_long_values_are_shown_short_and_harmless(self) -> None:
        with pytest.raises(Unreadable) as caught:
            agreed(["\x1b" + "x" * 500, "y" * 500], "f")
        assert len(str(caught.value)) < 250
        assert "\x1b" not in str(caught.value)
