"""What operations of the staff about providers leave behind, and the tools of development that try them."""

from typing import Any

from tests.contract.scenario import Act, Conditional, Scenario, as_staff
from tests.harness import Api, Tables

REASON = "A test of what it leaves behind."
PHONE = "+905551112212"
FIRST = {"If-Match": '"0"'}
ORDER = {"active": "mailbox", "failover": [], "reason": REASON}
SETTINGS = {"values": [{"key": "path", "value": "/nowhere.mmdb"}], "reason": REASON}
PLATFORM = {"clientId": "our-client-id", "reason": REASON}


def of(operation_id: str, place: str, body: Any = None, headers: dict[str, str] | None = None) -> Scenario:
    return as_staff(operation_id, body, path=f"/admin/providers/{place}", headers=headers or {})


def trying(operation_id: str, body: Any) -> Scenario:
    def prepare(api: Api, tables: Tables) -> Act:
        return lambda: api.call(operation_id, body)

    return prepare


SCENARIOS: dict[str, Scenario] = {
    "admin.providers.oauth.list": as_staff("admin.providers.oauth.list"),
    "admin.providers.oauth.set": as_staff(
        "admin.providers.oauth.set", PLATFORM, path="/admin/oauth-providers/google", headers=FIRST
    ),
    "admin.providers.list": as_staff("admin.providers.list"),
    "admin.providers.get": of("admin.providers.get", "email"),
    "admin.providers.order": of("admin.providers.order", "email/order", ORDER, FIRST),
    "admin.providers.settings": of("admin.providers.settings", "geoip/maxmind/settings", SETTINGS, FIRST),
    "admin.providers.probe": of("admin.providers.probe", "geoip/maxmind/probe"),
    "admin.providers.test": of("admin.providers.test", "storage/local/test", {}),
    "dev.captcha": trying("dev.captcha", {"token": "a-token"}),
    "dev.geoip": trying("dev.geoip", {"address": "192.0.2.7"}),
    "dev.mail": trying("dev.mail", {"to": "ada@example.com", "provider": "smtp"}),
    "dev.sms": trying("dev.sms", {"to": PHONE, "provider": "twilio"}),
    "dev.storage": trying("dev.storage", {}),
}
CONDITIONAL: Conditional = {
    "admin.providers.probe": [(of("admin.providers.probe", "email/mailbox/probe"), {"provider_probes"})],
    "admin.providers.test": [(of("admin.providers.test", "email/mailbox/test", {}), {"mailbox_messages"})],
    "dev.mail": [(trying("dev.mail", {"to": "ada@example.com"}), {"mailbox_messages"})],
    "dev.sms": [(trying("dev.sms", {"to": PHONE}), {"mailbox_messages"})],
}
