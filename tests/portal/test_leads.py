"""What the rows of a list lead to, and whose version an operation takes: told by the paths of the contract."""

from pathlib import Path

from portal.leads import leads, list_of, row_of
from portal.model import Operation, Site, read
from tests.extended.guarding.kit import sampled
from tests.extended.reading.shelf import contract_of


def of(site: Site, operation_id: str) -> Operation:
    return next(operation for operation in site.operations if operation.id == operation_id)


class TestLists:
    def test_are_what_answers_rows(self, site: Site) -> None:
        assert list_of(of(site, "users.blocks.list")) == "items"
        assert list_of(of(site, "auth.sessions.list")) == "sessions"
        assert list_of(of(site, "users.consents.list")) == ""  # the data itself
        assert list_of(of(site, "users.profile")) is None
        assert list_of(of(site, "auth.login")) is None

    def test_have_the_name_that_a_walked_one_gives_them(self, tmp_path: Path) -> None:
        shelf = read(contract_of(tmp_path, alone=True))
        assert list_of(of(shelf, "shelf.authors")) == "authors"
        assert list_of(of(shelf, "shelf.feed")) is None  # no envelope


class TestLeads:
    def test_lead_to_what_takes_the_id_of_a_row(self, site: Site) -> None:
        (lead,) = leads(site, of(site, "auth.sessions.list"))
        assert (lead["field"], lead["parameter"]) == ("id", "id")
        assert (lead["method"], lead["title"], lead["page"]) == (
            "DELETE",
            "Revoke Session",
            "/docs/auth/session-revoke",
        )
        assert "row" not in lead  # it takes no version

    def test_there_are_none_where_nothing_takes_it(self, site: Site) -> None:
        assert list(leads(site, of(site, "users.consents.list"))) == []
        assert list(leads(site, of(site, "users.profile"))) == []


class TestRows:
    def test_a_version_is_that_of_the_row_which_is_read_there(self) -> None:
        site = read(sampled())
        assert row_of(site, of(site, "samples.rename_room")) == "/samples/rooms/{roomId}"
        assert row_of(site, of(site, "samples.make_room")) == "/samples/rooms"

    def test_what_has_no_version_is_its_own(self, site: Site) -> None:
        assert row_of(site, of(site, "gdpr.export_status")) == "/gdpr/export/{id}/status"
