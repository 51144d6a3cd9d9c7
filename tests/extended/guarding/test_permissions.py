"""Who of the staff may call what: the file, the loader, every role at every operation, and the page."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import html5lib
import httpx
import pytest

from contract.changes import compare
from contract.lint import checked
from contract.loader import OPENAPI, load
from contract.permissions import Permission, Permissions
from contract.policy import ContractError, Fresh
from contract.texts import Texts
from domain.admin import FRESH_MINUTES, STAFF, Standing
from domain.clock import utc_now
from domain.users import Principal
from portal.model import Site
from portal.words import Words
from proof.managed import keys_of
from tests.extended.guarding.kit import MODULE, STARTED, SWITCHED, THROWN, documented, edited, refusal, sampled
from tests.handlers.support import change, somebody
from tests.harness import CHEAP, Api, Server, bearer, code_of
from tests.portal.conftest import BUILT
from tests.staff import FACTOR

FILE, PATHS = "permissions.yaml", "paths/samples.yaml"
DENIED, AGAIN = "admin.permission_denied", "admin.reauthentication_required"
CONTRACT = sampled()
# Those of this folder; ours are asked in tests/handlers/admin/test_access.py.
OPERATIONS = sorted(
    name for name, policy in CONTRACT.policies.items() if policy.scope == "admin" and policy.module == MODULE
)
ROLES = tuple(CONTRACT.permissions.roles)
BODIES = {"samples.suspend": {"name": "Eve"}}
READ = "samples.read: {meaning: Read the samples., roles: [SUPPORT, AUDITOR]}"
OF_FILE = {
    "a role that nobody declares": ("roles: [SUPPORT, AUDITOR]", "roles: [SUPPORT, AUDITORS]", "['AUDITORS'] are not"),
    "a role that has it already": ("roles: [SUPPORT, AUDITOR]", "roles: [OWNER, AUDITOR]", "['OWNER'] have it already"),
    "a role that stands twice": ("roles: [SUPPORT, AUDITOR]", "roles: [SUPPORT, SUPPORT]", "['SUPPORT'] have it alr"),
    "a role without a permission": ("roles:\n", "roles:\n  GUEST: {meaning: Nothing.}\n", "it has no permission"),
    "roles of another kind": ("roles: [SUPPORT, AUDITOR]", "roles: SUPPORT", "it needs `roles`, a list"),
    "no meaning": ("{meaning: Read the samples., roles", "{roles", "it needs a `meaning`"),
    "an unknown key": (READ, READ.replace("roles", "for: x, roles"), "unknown keys ['for']"),
    "a plan of another kind": (READ, READ.replace("roles", "planned: later, roles"), "`planned` must be true"),
    "a plan that came true": (READ, READ.replace("roles", "planned: true, roles"), "take out `planned`"),
    "what is asked for and needed": (READ, READ.replace("roles", "asked: true, roles"), "take out `asked`"),
    "a permission that no operation needs": (", planned: true", "", "no operation needs it"),
    "what every role has": (READ, f"{READ}\n  staff: {{meaning: Any., roles: [SUPPORT]}}", "whoever has a role has it"),
}  # fmt: skip
OF_OPERATIONS = {
    "staff without a permission": ("    x-biore-permission: samples.write\n", "", "scope admin needs x"),
    "a permission that is no name": ("permission: samples.write", "permission: [samples.write]", "scope admin needs x"),
    "a permission that nobody declares": ("permission: samples.write", "permission: samples.wirte", "'samples.wirte'"),
    "a permission of somebody else": (
        "x-biore-page: samples/enabled\n", "x-biore-page: samples/enabled\n    x-biore-permission: staff\n", "alone"),
    "a change without a trace": ("action: admin.samples.suspend", "action: samples.suspend", "action: admin.samples.s"),
    "a proof in the body": ("x-biore-fresh: true", "x-biore-fresh: body", "true, false or {when: …} in scope admin"),
    "a password as the proof": ("x-biore-fresh: true", "x-biore-fresh: password", "{when: …} in scope admin"),
}  # fmt: skip


class Staff:
    """Roles of accounts, in place of the table; ``asked`` counts."""

    def __init__(self) -> None:
        self.roles: dict[UUID, tuple[str, ...]] = {}
        self.asked = 0

    async def standing_of(self, principal: Principal) -> Standing:
        self.asked += 1
        now = utc_now()
        return Standing(self.roles.get(principal.user_id, ()), now, now, now)


@pytest.fixture(scope="module")
def staff() -> Staff:
    return Staff()


@pytest.fixture(scope="module")
def server(start_server: Callable[..., Server], staff: Staff) -> Server:
    return start_server(**STARTED, standing_of=staff.standing_of)


@pytest.fixture
def api(server: Server) -> Iterator[Api]:
    server.reset()
    with server.client(event_hooks={"response": [documented()]}) as client:
        yield client


def hired(server: Server, staff: Staff, *roles: str, **columns: str) -> dict[str, str]:
    token = somebody(server, **(FACTOR | columns))
    staff.roles[server.on_loop(server.app.tokens.read_access(token)).user_id] = roles
    return bearer(token)


def call(api: Api, name: str, headers: dict[str, str] | None = None) -> httpx.Response:
    policy = CONTRACT.policies[name]
    return api.request(policy.method, f"/api/v1{policy.path}", json=BODIES.get(name), headers=headers)


class TestFile:
    def test_ours_is_good(self) -> None:
        ours = load().permissions
        assert next(iter(ours.roles)) == "OWNER"
        assert {name for name in ours.known if "OWNER" not in ours.known[name].roles} == set()
        assert ours.known["users.suspend"].roles == ("OWNER", "ADMIN", "MODERATOR")

    def test_only_owners_give_roles_away(self) -> None:
        ours = load().permissions.known
        assert ours["staff.manage"].roles == ("OWNER",)
        assert "ADMIN" not in ours["finance.write"].roles + ours["audit.export"].roles

    def test_an_auditor_reads_everything_and_writes_nothing(self) -> None:
        may = load().permissions.of(["AUDITOR"]) - {STAFF}
        assert may == {name for name in load().permissions.known if name.endswith(".read")} | {"audit.export"}

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_the_rules_of_roles(self, operation: str) -> None:
        needed = CONTRACT.policies[operation].permission
        assert needed is not None
        for role in ROLES:
            assert (needed in CONTRACT.permissions.of([role])) == (role in CONTRACT.permissions.roles_with(needed))

    def test_nobody_has_anything_by_a_role_that_there_is_not(self) -> None:
        permissions = Permissions({"A": "a"}, {"x": Permission("x", ("A",), planned=False)})
        assert [permissions.of(roles) for roles in ((), ("B",), ("B", "A"))] == [set(), set(), {"x", STAFF}]

    @pytest.mark.parametrize(("old", "new", "words"), OF_FILE.values(), ids=OF_FILE)
    def test_refuses(self, tmp_path: Path, old: str, new: str, words: str) -> None:
        told = refusal(tmp_path, FILE, old, new)
        assert words in told
        assert re.match(r"openapi/permissions\.yaml:\d+: (roles|permissions): \S+: ", told)

    def test_the_line_is_the_one_to_mend(self, tmp_path: Path) -> None:
        told = refusal(tmp_path, FILE, "roles: [SUPPORT, AUDITOR]", "roles: [AUDITORS]")
        lines = (tmp_path / "openapi" / FILE).read_text().splitlines()
        number = next(number for number, line in enumerate(lines, 1) if "AUDITORS" in line)
        assert told.startswith(f"openapi/{FILE}:{number}: permissions: samples.read: ")

    @pytest.mark.parametrize("content", ["[]", "roles: {}\n", "roles: []\npermissions: {}\n", "a: {}\nb: {}\n"])
    def test_has_two_parts(self, tmp_path: Path, content: str) -> None:
        folder = edited(tmp_path, FILE, "roles:", "roles:")
        (folder / FILE).write_text(content)
        with pytest.raises(ContractError, match="roles and permissions, and nothing else"):
            load(folder, switches=SWITCHED)

    def test_is_published_with_each_operation(self) -> None:
        assert CONTRACT.operation("samples.suspend")["x-biore-permission"] == "samples.write"
        assert CONTRACT.policies["samples.suspend"].permission == "samples.write"
        assert CONTRACT.policies["samples.enabled"].permission is None


class TestLoader:
    @pytest.mark.parametrize(("old", "new", "words"), OF_OPERATIONS.values(), ids=OF_OPERATIONS)
    def test_refuses(self, tmp_path: Path, old: str, new: str, words: str) -> None:
        told = refusal(tmp_path, PATHS, old, new)
        assert words in told
        assert re.match(rf"openapi/{PATHS}:\d+: [A-Z]+ /samples/", told)

    def test_who_writes_credentials_of_others_says_whether_a_proof_is_needed(self, tmp_path: Path) -> None:
        audited = "      - {kind: audit, action: admin.samples.suspend"
        ends = f"      - {{kind: write, tables: [sessions], text: They end.}}\n{audited}"
        folder = edited(tmp_path, PATHS, audited, ends)
        file = folder / PATHS
        assert load(folder, switches=SWITCHED).policies["samples.suspend"].fresh == Fresh(always=True)
        written = file.read_text()
        file.write_text(written.replace("x-biore-fresh: true", "x-biore-fresh: false"))
        assert load(folder, switches=SWITCHED).policies["samples.suspend"].fresh == Fresh()
        file.write_text(written.replace("    x-biore-fresh: true\n", ""))
        with pytest.raises(ContractError, match=r"writes \['sessions'\]: say x-biore-fresh"):
            load(folder, switches=SWITCHED)

    def test_an_id_that_says_admin_is_the_action_itself(self, tmp_path: Path) -> None:
        folder = edited(tmp_path, PATHS, "operationId: samples.suspend", "operationId: admin.samples.suspend")
        root = folder / "biore.yaml"
        root.write_text(
            root.read_text().replace(
                "  - name: samples\n", "  - {name: admin, description: Staff.}\n  - name: samples\n", 1
            )
        )
        assert load(folder, switches=SWITCHED).policies["admin.samples.suspend"].permission == "samples.write"

    def test_lint_names_the_line_too(self, tmp_path: Path) -> None:
        folder = edited(tmp_path, "paths/users/blocks.yaml", "x-biore-scope: user", "x-biore-scope: admin")
        told = r"openapi/paths/users/blocks\.yaml:\d+: GET /users/blocked: scope admin needs"
        with pytest.raises(ContractError, match=told):
            checked(folder)

    def test_codes_follow(self) -> None:
        codes = {name: CONTRACT.policies[name].codes for name in OPERATIONS}
        assert all("auth.forbidden" in found for found in codes.values())
        assert [name for name, found in codes.items() if DENIED in found] == ["samples.reports", "samples.suspend"]
        assert [name for name, found in codes.items() if AGAIN in found] == ["samples.suspend"]
        assert not any("auth.confirmation_required" in found for found in codes.values())


class TestEverybody:
    @pytest.mark.parametrize("name", OPERATIONS)
    @pytest.mark.parametrize("role", ROLES)
    def test_each_role_reaches_what_it_may_and_nothing_else(self, api: Api, staff: Staff, name: str, role: str) -> None:
        policy = CONTRACT.policies[name]
        answer = call(api, name, hired(api.server, staff, role))
        assert policy.permission is not None
        if role in CONTRACT.permissions.roles_with(policy.permission):
            assert answer.status_code == 200
            return
        assert (answer.status_code, code_of(answer)) == (403, DENIED)
        error = answer.json()["error"]
        assert error["i18nVars"] == {"permission": policy.permission}
        assert error["details"] == [
            {"field": "", "rule": "permission", "message": f"Requires the permission {policy.permission}."}
        ]

    @pytest.mark.parametrize("name", OPERATIONS)
    def test_who_is_no_staff_learns_nothing(self, api: Api, staff: Staff, name: str) -> None:
        nobody, gone = hired(api.server, staff), hired(api.server, staff, "FORMER_ROLE")
        for headers in (nobody, gone):
            refused = call(api, name, headers)
            assert (refused.status_code, code_of(refused)) == (403, "auth.forbidden")
            assert "RateLimit" not in refused.headers
            assert {"i18nVars", "details"} & refused.json()["error"].keys() == set()

    @pytest.mark.parametrize("name", OPERATIONS)
    def test_the_anonymous_are_asked_to_sign_in(self, api: Api, staff: Staff, name: str) -> None:
        asked = staff.asked
        assert code_of(call(api, name)) == "auth.unauthenticated"
        assert staff.asked == asked

    @pytest.mark.parametrize("status", ["SUSPENDED", "BANNED", "DEACTIVATED"])
    def test_staff_that_may_not_act_may_nothing(self, api: Api, staff: Staff, status: str) -> None:
        refused = call(api, "samples.staff", hired(api.server, staff, "OWNER", status=status))
        assert code_of(refused) == f"auth.account_{status.lower()}"

    def test_several_roles_add_up(self, api: Api, staff: Staff) -> None:
        both = hired(api.server, staff, "SUPPORT", "MODERATOR")
        assert [call(api, name, both).status_code for name in OPERATIONS] == [200] * len(OPERATIONS)

    def test_a_handler_sees_what_the_caller_may(self, api: Api, staff: Staff) -> None:
        told = call(api, "samples.staff", hired(api.server, staff, "TRANSLATOR")).json()["data"]["permissions"]
        assert told == ["i18n.read", "i18n.write", STAFF]

    def test_a_lost_role_ends_with_the_next_call(self, api: Api, staff: Staff) -> None:
        headers = hired(api.server, staff, "SUPPORT")
        assert call(api, "samples.reports", headers).status_code == 200
        staff.roles.clear()
        assert code_of(call(api, "samples.reports", headers)) == "auth.forbidden"

    def test_nobody_else_is_looked_up(self, api: Api, staff: Staff) -> None:
        asked = staff.asked
        assert api.call("auth.me", headers=hired(api.server, staff, "OWNER")).status_code == 200
        assert staff.asked == asked


class TestClosed:
    def test_to_who_has_no_role(self, start_server: Callable[..., Server]) -> None:
        server = start_server(**STARTED)
        with server.client() as api:
            for name in OPERATIONS:
                assert code_of(call(api, name, bearer(somebody(server)))) == "auth.forbidden"


class TestFreshness:
    def test_a_proof_of_the_last_minutes_opens_it(self, api: Api, staff: Staff) -> None:
        headers = hired(api.server, staff, "MODERATOR")
        self.prove(api, headers, minutes=9)
        assert call(api, "samples.suspend", headers).status_code == 200
        self.prove(api, headers, minutes=11)
        refused = call(api, "samples.suspend", headers)
        assert (refused.status_code, code_of(refused)) == (403, AGAIN)
        api.server.configure(**{FRESH_MINUTES.name: 20})
        assert call(api, "samples.suspend", headers).status_code == 200

    def test_without_any_proof_it_is_closed(self, api: Api, staff: Staff) -> None:
        headers = hired(api.server, staff, "OWNER")
        self.prove(api, headers, minutes=None)
        assert code_of(call(api, "samples.suspend", headers)) == AGAIN
        assert call(api, "samples.reports", headers).status_code == 200

    def test_the_minutes_of_others_do_not_matter(self, api: Api, staff: Staff) -> None:
        headers = hired(api.server, staff, "OWNER")
        self.prove(api, headers, minutes=9)
        api.server.configure(**{"auth.confirmation_minutes": 1})
        assert call(api, "samples.suspend", headers).status_code == 200

    def test_the_limit_counts_those_who_must_confirm(self, api: Api, staff: Staff) -> None:
        headers = hired(api.server, staff, "OWNER")
        self.prove(api, headers, minutes=None)
        api.server.configure(**{"ratelimit.samples.suspend": "2/hour"})
        told = [code_of(call(api, "samples.suspend", headers)) for _ in range(3)]
        assert told == [AGAIN, AGAIN, "rate_limit.exceeded"]

    def test_it_comes_before_the_body_is_looked_at(self, api: Api, staff: Staff) -> None:
        headers = hired(api.server, staff, "OWNER")
        self.prove(api, headers, minutes=None)
        assert code_of(api.post("/api/v1/samples/suspensions", json={}, headers=headers)) == AGAIN

    def prove(self, api: Api, headers: dict[str, str], minutes: int | None) -> None:
        token = headers["Authorization"].removeprefix("Bearer ")
        session = api.server.on_loop(api.server.app.tokens.read_access(token)).session_id
        at = None if minutes is None else datetime.now(UTC) - timedelta(minutes=minutes)
        change(api.server.tables, "sessions", session, confirmed_at=at)

    def test_is_told_as_a_key_that_shapes_it(self) -> None:
        assert FRESH_MINUTES.name in keys_of(CONTRACT.policies["samples.suspend"])
        assert FRESH_MINUTES.name not in keys_of(CONTRACT.policies["samples.reports"])


class TestOrder:
    def test_a_thrown_switch_is_told_to_those_who_may(self, start_server: Callable[..., Server]) -> None:
        staff = Staff()
        server = start_server(contract=CONTRACT, standing_of=staff.standing_of, defaults=CHEAP | {THROWN.name: True})
        told = {}
        with server.client() as api:
            for roles in ((), ("AUDITOR",), ("MODERATOR",)):
                told[roles] = code_of(call(api, "samples.suspend", hired(server, staff, *roles)))
        assert told == {(): "auth.forbidden", ("AUDITOR",): DENIED, ("MODERATOR",): "samples.closed"}


class TestChanges:
    def test_another_permission_breaks(self) -> None:
        old, new = sampled().document, sampled().document
        path = new["paths"]["/samples/reports"]
        moved = path | {"get": path["get"] | {"x-biore-permission": "samples.write"}}
        new = new | {"paths": new["paths"] | {"/samples/reports": moved}}
        (change,) = compare(old, new)
        assert (change.kind, change.breaking) == ("permission.changed", True)
        assert change.text == "required permission changed from `samples.read` to `samples.write`"


class TestPages:
    def test_tell_permission_roles_and_proof_in_every_language(self, site: Site, built: Path) -> None:
        words = Texts(site.contract.errors)
        for locale in BUILT:
            say = Words(locale, words).plain
            folder = built / ("" if locale == "en" else locale) / "docs" / "samples"
            told = text_of(folder / "suspend" / "index.html")
            text = say("facts.permissionText", roles="OWNER, MODERATOR", code=DENIED, status=403)
            assert f"samples.write: Write the samples. {text}" in told
            fresh = say("facts.freshAlways", key="admin.fresh_minutes", code=AGAIN, status=403)
            assert fresh.replace("`", "") in told
            assert f"staff: {say('facts.permissionStaff')}" in text_of(folder / "staff" / "index.html")
            assert say("facts.permission") not in text_of(folder / "enabled" / "index.html").split()

    def test_so_does_markdown(self, built: Path) -> None:
        told = (built / "docs" / "samples" / "suspend.md").read_text()
        assert "Permission: `samples.write`: Write the samples. Roles: `OWNER`, `MODERATOR`; for other staff" in told
        assert f"`admin.fresh_minutes` minutes old; otherwise the response is `{AGAIN}` (403)" in told
        assert "Permission: `staff`: anyone with a role" in (built / "docs" / "samples" / "staff.md").read_text()

    def test_other_portals_get_a_badge(self, built: Path) -> None:
        assert '"name": "samples.write"' in (built / "docs" / "exports" / "openapi.enriched.json").read_text()


def text_of(page: Path) -> str:
    return " ".join("".join(html5lib.parse(page.read_text(), namespaceHTMLElements=False).itertext()).split())


def test_the_file_is_shipped() -> None:
    assert (OPENAPI / FILE).is_file()
