"""The sign-up walk through the generated Python client. Arguments: API base URL, address of the mailbox query."""

import re
import sys
import time
from uuid import UUID

from bio_re_api_client import AuthenticatedClient, Client
from bio_re_api_client.api.auth import auth_login, auth_me, auth_register, auth_verify_email
from bio_re_api_client.api.dev import dev_mailbox
from bio_re_api_client.models import (
    AccessToken,
    ApiResponseOfLoginResult,
    ApiResponseOfMailbox,
    ApiResponseOfRegistration,
    ApiResponseOfUserIdentity,
    LoginRequest,
    RegisterRequest,
    SuccessOnly,
    VerifyEmailRequest,
)

EMAIL, PASSWORD = "python-client@example.com", "Correct-Horse-7"
base_url = sys.argv[1]
client = Client(base_url=base_url)
# Development takes any token here; the contract speaks of staging too.
developer = AuthenticatedClient(base_url=base_url, token="none", auth_header_name="X-Dev-Token", prefix="")

account = RegisterRequest(email=EMAIL, password=PASSWORD, accepted_terms=True, accepted_privacy=True)
registered = auth_register.sync(client=client, body=account)
assert isinstance(registered, ApiResponseOfRegistration), registered


def newest_token() -> str | None:
    mailbox = dev_mailbox.sync(client=developer, to=EMAIL)
    assert isinstance(mailbox, ApiResponseOfMailbox), mailbox
    match = re.search(r"token=([0-9a-f-]{36})", mailbox.data.messages[0].text) if mailbox.data.messages else None
    return match[1] if match else None


deadline = time.monotonic() + 20
while (token := newest_token()) is None:
    assert time.monotonic() < deadline, "no mail"
    time.sleep(0.1)

verified = auth_verify_email.sync(client=client, body=VerifyEmailRequest(token=UUID(token)))
assert isinstance(verified, SuccessOnly), verified
login = auth_login.sync(client=client, body=LoginRequest(email=EMAIL, password=PASSWORD))
assert isinstance(login, ApiResponseOfLoginResult), login
assert isinstance(login.data, AccessToken), login.data
me = auth_me.sync(client=AuthenticatedClient(base_url=base_url, token=login.data.access_token))
assert isinstance(me, ApiResponseOfUserIdentity), me
assert me.data.email == EMAIL
sys.stdout.write(f"python: signed in as {me.data.email}\n")
