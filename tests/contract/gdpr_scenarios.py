"""Successes and conditions of uploads, exports and erasures, for the test of side effects."""

from tests.contract.scenario import PAGES, Act, Conditional, Scenario, calling, of_creators, with_proofs_open
from tests.handlers.auth.test_passwords import reset_token
from tests.handlers.gdpr.test_delete import leaving
from tests.handlers.support import account, insert
from tests.harness import PASSWORD, Api, Tables, bearer


def look_at_export(api: Api, tables: Tables) -> Act:
    account(api, tables)
    headers = bearer(api.sign_in())
    request_id = api.call("gdpr.export", headers=headers).json()["data"]["id"]
    return lambda: api.call("gdpr.export_status", path=f"/gdpr/export/{request_id}/status", headers=headers)


def download(api: Api, tables: Tables) -> Act:
    account(api, tables)
    headers = bearer(api.sign_in())
    request_id = api.call("gdpr.export", headers=headers).json()["data"]["id"]
    api.server.work_off()
    return lambda: api.call("gdpr.export_download", path=f"/gdpr/export/{request_id}/download", headers=headers)


def cancel_by_session(api: Api, tables: Tables) -> Act:
    """Of an account that is active, so that nothing changes but the request."""
    user_id = account(api, tables)
    headers = bearer(api.sign_in())
    insert(tables, "gdpr_requests", user_id=user_id, kind="DELETION")
    return lambda: api.call("gdpr.cancel_deletion", headers=headers)


def cancel_by_token(api: Api, tables: Tables) -> Act:
    headers = {"X-Reactivate-Token": leaving(api, tables)}
    return lambda: api.call("gdpr.cancel_deletion", headers=headers)


def presign_elsewhere(api: Api, tables: Tables) -> Act:
    """With a storage that takes the bytes itself."""
    account(api, tables)
    headers = bearer(api.sign_in())
    prefix = "external.storage."
    values = {"endpoint": "https://s3.example", "bucket": "files", "access_key_id": "x", "secret_access_key": "x"}
    elsewhere = {f"{prefix}s3.{name}": value for name, value in values.items()}
    api.server.configure(**elsewhere, **{f"{prefix}active_provider": "s3"})
    body = {"type": "avatar", "contentType": "image/png", "contentLength": 100}
    return lambda: api.call("upload.presign", body, headers=headers)


def look_at_upload(api: Api, tables: Tables) -> Act:
    account(api, tables)
    headers = bearer(api.sign_in())
    asked = api.call("upload.presign", {"type": "avatar", "contentType": "image/png"}, headers=headers)
    upload_id = asked.json()["data"]["uploadId"]
    return lambda: api.call("upload.status", path=f"/upload/{upload_id}", headers=headers)


def deleting_with_links_open(operation_id: str, body: dict[str, str] | None = None) -> Scenario:
    def prepare(api: Api, tables: Tables) -> Act:
        account(api, tables)
        access = api.sign_in()
        reset_token(api)
        return lambda: api.call(operation_id, body, headers=bearer(access))

    return with_proofs_open(prepare)


LINKS = {"challenges", "email_changes", "password_resets"}
SCENARIOS: dict[str, Scenario] = {
    "upload.status": look_at_upload,
    "upload.presign": calling("upload.presign", {"type": "avatar", "contentType": "image/png"}),
    "gdpr.export": calling("gdpr.export"),
    "gdpr.export_status": look_at_export,
    "gdpr.export_download": download,
    "gdpr.export_legacy": calling("gdpr.export_legacy"),
    "gdpr.delete": calling("gdpr.delete"),
    "gdpr.cancel_deletion": cancel_by_session,
    "gdpr.delete_legacy": calling("gdpr.delete_legacy", {"password": PASSWORD}),
}
CONDITIONAL: Conditional = {
    "gdpr.cancel_deletion": [(of_creators(cancel_by_token), {"users", "reactivation_tokens"} | PAGES)],
    "gdpr.delete": [
        (deleting_with_links_open("gdpr.delete"), LINKS),
        (of_creators(calling("gdpr.delete")), PAGES),
    ],
    "gdpr.delete_legacy": [
        (deleting_with_links_open("gdpr.delete_legacy", {"password": PASSWORD}), LINKS),
        (of_creators(calling("gdpr.delete_legacy", {"password": PASSWORD})), PAGES),
    ],
    "upload.presign": [(presign_elsewhere, {"storage.inspect_upload"})],
}
