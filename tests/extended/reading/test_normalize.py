"""The steps `plain` and `upper` of `x-biore-normalize`, as a caller meets them."""

from typing import Any

import orjson
import pytest

from tests.extended.reading.shelf import BASE
from tests.harness import Server
from tests.runtime.web.wire import Answer, request


def leave(server: Server, **note: Any) -> Answer:
    return request(server, "POST", f"{BASE}/notes", orjson.dumps(note))


class TestPlain:
    def test_is_what_the_handler_gets(self, shelf_server: Server) -> None:
        answer = leave(shelf_server, text=" <b>Tom</b> &amp; Jerry, a < b ")
        assert answer.json()["data"] == {"text": "Tom & Jerry, a < b"}

    def test_rules_hold_for_what_is_left(self, shelf_server: Server) -> None:
        assert leave(shelf_server, text="<script>x</script>").broken_rules == [("text", "minLength")]

    def test_a_text_that_is_too_long_is_not_cleaned(self, shelf_server: Server) -> None:
        assert leave(shelf_server, text="<b>" * 6667).broken_rules == [("text", "maxLength")]
        assert leave(shelf_server, text="<b>" * 900 + "x").json()["data"]["text"] == "x"

    @pytest.mark.parametrize("text", [7, None, ["<b>"]])
    def test_what_is_no_text_breaks_the_type(self, shelf_server: Server, text: Any) -> None:
        assert leave(shelf_server, text=text).broken_rules == [("text", "type")]


def test_upper_makes_good_what_was_typed_small(shelf_server: Server) -> None:
    assert leave(shelf_server, text="x", mark=" tr ").json()["data"]["mark"] == "TR"
    assert leave(shelf_server, text="x", mark="ß").json()["data"]["mark"] == "SS"
    assert leave(shelf_server, text="x", mark="t1").broken_rules == [("mark", "pattern")]
