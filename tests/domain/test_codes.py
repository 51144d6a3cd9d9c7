import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.codes import clean_code, clean_phone


class TestCode:
    @pytest.mark.parametrize(
        "typed",
        [
            "287082", " 287 082 ", "287-082", "287\u00a0082", "287\u2009082", "287\u2013082", "287.082",
            "\u200f287082\u200e", "287082\n",
            "\u0662\u0668\u0667\u0660\u0668\u0662", "\u06f2\u06f8\u06f7\u06f0\u06f8\u06f2",
            "\uff12\uff18\uff17\uff10\uff18\uff12",
            "\u0968\u096e\u096d\u0966\u096e\u0968", "2\ufe0f\u20e387082", "\u0662\u0668\u0667 082",
        ],
    )  # fmt: skip
    def test_digits_of_any_script_in_any_grouping(self, typed: str) -> None:
        assert clean_code(typed) == "287082"

    @pytest.mark.parametrize(
        "typed",
        [
            "K7Q2-M9TX",
            "k7q2m9tx",
            " k7q2 - m9tx ",
            "k7q2\u2013m9tx",
            "k7q2\u2011m9tx",
            "k7q2\u00a0m9tx",
            "\uff2b\uff17q2m9tx",
        ],
    )
    def test_backup_codes(self, typed: str) -> None:
        assert clean_code(typed) == "K7Q2M9TX"

    @given(st.text(max_size=64))
    def test_twice_is_as_once(self, typed: str) -> None:
        assert clean_code(clean_code(typed)) == clean_code(typed)


class TestPhone:
    @pytest.mark.parametrize(
        "typed",
        [
            "+905551112212", "+90 555 111 22 12", "+90-555-111-22-12", "+90.555.111.2212", "+90 (555) 111/2212",
            "00905551112212", "00 90 555 111 2212", "\uff0b90 555 1112212", "\u202a+90 555 111 22 12\u202c",
            "+\u0669\u0660\u0665\u0665\u0665\u0661\u0661\u0661\u0662\u0662\u0661\u0662",
            "+90 (0) 555 111 22 12", "+90\u2011555\u20111112212",
        ],
    )  # fmt: skip
    def test_one_form(self, typed: str) -> None:
        assert clean_phone(typed) == "+905551112212"

    @pytest.mark.parametrize("typed", ["05551112212", "+90 555 CALL", "5551112212", "+90+5551112212", "call me"])
    def test_what_is_no_such_number_stays_one(self, typed: str) -> None:
        assert not clean_phone(typed).startswith("+905551112212")

    @pytest.mark.parametrize(
        ("typed", "number"),
        [
            ("+49 0151 12345678", "+4915112345678"),
            ("0049 (0) 151 12345678", "+4915112345678"),
            ("+44 07700 900123", "+447700900123"),
            ("+7 8 916 123 45 67", "+79161234567"),
            ("+54 11 15 2345-6789", "+5491123456789"),
            ("+1 1 202 555 0143", "+12025550143"),
        ],
    )
    def test_what_is_dialled_within_the_country_is_no_part_of_it(self, typed: str, number: str) -> None:
        assert clean_phone(typed) == number

    @pytest.mark.parametrize(
        ("typed", "number"),
        [
            ("+39 06 1234567", "+39061234567"),
            ("+39 (0) 6 1234567", "+39061234567"),
            ("+39 (0) 347 1234567", "+393471234567"),
            ("+225 07 12 34 56 78", "+2250712345678"),
        ],
    )
    def test_a_zero_that_is_a_part_of_it_stays(self, typed: str, number: str) -> None:
        assert clean_phone(typed) == number

    @pytest.mark.parametrize("typed", ["+15550199", "+99912345678", "+120255501433", "+1 202 555 014"])
    def test_what_no_plan_has_room_for_loses_its_plus(self, typed: str) -> None:
        assert clean_phone(typed) == typed.replace(" ", "").removeprefix("+")

    @given(st.text(max_size=80) | st.from_regex(r"\+[0-9]{1,20}", fullmatch=True))
    def test_twice_is_as_once(self, typed: str) -> None:
        cleaned = clean_phone(typed)
        assert clean_phone(cleaned) == cleaned
