"""Platforms whose accounts creators connect, on loopback: each speaks its own protocol and remembers what it gave."""

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import Message
from itertools import count
from threading import Event, Lock
from typing import Any
from urllib.parse import parse_qsl, quote

from tests.http_server import Answer, served
from tests.oidc_server import SECRET, VERIFIER, challenge_of

REDIRECT = "https://bio.re/social/callback"
CLIENT_ID = "our-client-id"
Fields = dict[str, str]

_numbers = count(1)


@dataclass
class Person:
    """``followers`` is None for who hides them; ``absent``: has an account there, but none of the kind that counts."""

    subject: str
    username: str
    followers: int | None
    absent: bool = False


@dataclass
class SocialPlatform:
    """What is common to them. ``outage`` replaces every answer, ``forbidding`` is what is told to good access tokens.

    ``seen`` are the paths that were asked for, ``life`` how many seconds an access token is good for, as it is told.
    """

    url: str = ""
    people: dict[str, Person] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    outage: Answer | None = None
    forbidding: Answer | None = None
    hangs: bool = False
    released: Event = field(default_factory=Event)
    _codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    keeps_codes: bool = False
    _access: dict[str, str] = field(default_factory=dict)
    _refresh: dict[str, str] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    name = ""
    token_path = ""
    profile_path = ""
    life = 7200
    rotates = True
    pkce = False

    def endpoints(self) -> dict[str, str]:
        """What an admin enters so that we talk to this server."""
        return {"token_endpoint": self.url + self.token_path, "userinfo_endpoint": self.url + self.profile_path}

    def person(self, subject: str = "ada-there", username: str = "ada", followers: int | None = 1200) -> Person:
        return self.people.setdefault(subject, Person(subject, username, followers))

    def code(self, subject: str = "ada-there", redirect_uri: str = REDIRECT) -> str:
        self.person(subject)
        code = f"code-{next(_numbers)}"
        self._codes[code] = {"subject": subject, "redirect_uri": redirect_uri}
        return code

    def body(self, subject: str = "ada-there", **changes: Any) -> dict[str, Any]:
        """What a client sends us after the person has agreed."""
        told = {"platform": self.name, "code": self.code(subject), "redirectUri": REDIRECT}
        return told | ({"codeVerifier": VERIFIER} if self.pkce else {}) | changes

    def end_access(self) -> None:
        """No access token is good any more; refresh tokens are."""
        self._access.clear()

    def withdraw(self) -> None:
        """Nobody permits anything any more."""
        self._access.clear()
        self._refresh.clear()

    def respond(self, method: str, path: str, headers: Message, body: bytes) -> Answer:
        self.seen.append(path)
        if self.hangs:
            self.released.wait()
        if self.outage is not None:
            return self.outage
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
        with self._lock:
            if (method, path) == ("POST", self.token_path):
                assert headers["Content-Type"] == "application/x-www-form-urlencoded"
                return self.token(headers, fields)
            return self.told(path, headers, fields)

    def token(self, headers: Message, form: Fields) -> Answer:
        """RFC 6749, 4.1.3 and 6."""
        if not self.knows_us(headers, form):
            return self.unknown_client()
        if form.get("grant_type") == "refresh_token":
            subject = self._refresh.get(form.get("refresh_token", ""))
            if subject is None:
                return self.bad_token()
            if self.rotates:
                del self._refresh[form["refresh_token"]]
            return answer(self.granted(subject, refresh=self.rotates))
        if form.get("grant_type") != "authorization_code":
            return answer({"error": "unsupported_grant_type"}, 400)
        asked = (self._codes.get if self.keeps_codes else self._codes.pop)(form.get("code", ""), None)
        if asked is None or asked["redirect_uri"] != form.get("redirect_uri") or not self.is_bound(form):
            return self.bad_code()
        return answer(self.granted(asked["subject"]))

    def granted(self, subject: str, *, refresh: bool = True) -> dict[str, Any]:
        access = self.new_access(subject)
        given: dict[str, Any] = {"access_token": access, "token_type": "bearer", "expires_in": self.life}
        if refresh:
            given["refresh_token"] = f"refresh-{next(_numbers)}"
            self._refresh[given["refresh_token"]] = subject
        return given

    def new_access(self, subject: str) -> str:
        access = f"access-{next(_numbers)}"
        self._access[access] = subject
        return access

    def is_bound(self, form: Fields) -> bool:
        """With the verifier of the authorization request, where there was one."""
        verifier = form.get("code_verifier")
        return not self.pkce or (verifier is not None and challenge_of(verifier) == challenge_of(VERIFIER))

    def knows_us(self, headers: Message, form: Fields) -> bool:
        return (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, SECRET)

    def unknown_client(self) -> Answer:
        return answer({"error": "invalid_client", "error_description": "about our-client-id"}, 401)

    def bad_code(self) -> Answer:
        return answer({"error": "invalid_grant", "error_description": "about the code"}, 400)

    def bad_token(self) -> Answer:
        return answer({"error": "invalid_grant", "error_description": "about the token"}, 400)

    def bearer(self, headers: Message) -> Person | None:
        subject = self._access.get((headers["Authorization"] or "").removeprefix("Bearer "))
        return None if subject is None else self.people[subject]

    def told(self, path: str, headers: Message, query: Fields) -> Answer:
        if path != self.profile_path:
            return answer({"error": "no such path"}, 404)
        person = self.bearer(headers)
        if person is None:
            return self.bad_access()
        return self.forbidding or self.profile(person, query)

    def bad_access(self) -> Answer:
        return answer({"error": "unauthorized"}, 401)

    def profile(self, person: Person, query: Fields) -> Answer:
        raise NotImplementedError


def answer(told: Any, status: int = 200) -> Answer:
    return status, json.dumps(told).encode()


class FakeX(SocialPlatform):
    name = "x"
    token_path, profile_path = "/2/oauth2/token", "/2/users/me"
    pkce = True

    def knows_us(self, headers: Message, form: Fields) -> bool:
        """A confidential client is known by the header alone; a refresh token that is no good is an invalid request."""
        login = base64.b64encode(f"{CLIENT_ID}:{quote(SECRET, safe='')}".encode()).decode()
        return headers["Authorization"] == f"Basic {login}" and "client_secret" not in form

    def unknown_client(self) -> Answer:
        return answer({"error": "unauthorized_client", "error_description": "Missing valid authorization header"}, 401)

    def bad_code(self) -> Answer:
        return answer({"error": "invalid_request", "error_description": "the code was invalid"}, 400)

    bad_token = bad_code

    def profile(self, person: Person, query: Fields) -> Answer:
        user: dict[str, Any] = {"id": person.subject, "name": "Ada Lovelace", "username": person.username}
        if "public_metrics" in query.get("user.fields", "").split(",") and person.followers is not None:
            user["public_metrics"] = {"followers_count": person.followers, "following_count": 7}
        return answer({"data": user})


class FakeYouTube(SocialPlatform):
    name = "youtube"
    token_path, profile_path = "/token", "/youtube/v3/channels"
    rotates = False

    def bad_access(self) -> Answer:
        return self.refusing(401, "authError")

    @staticmethod
    def refusing(status: int, reason: str) -> Answer:
        errors = [{"message": "about ada", "domain": "youtube", "reason": reason}]
        return answer({"error": {"code": status, "message": "about ada", "errors": errors}}, status)

    def profile(self, person: Person, query: Fields) -> Answer:
        if query != {"part": "snippet,statistics", "mine": "true"}:
            return self.refusing(400, "missingRequiredParameter")
        listed: dict[str, Any] = {"kind": "youtube#channelListResponse", "pageInfo": {"totalResults": 1}}
        if person.absent:
            return answer(listed)
        hidden = {"hiddenSubscriberCount": person.followers is None, "subscriberCount": str(person.followers or 0)}
        snippet = {"title": "Ada Lovelace", "customUrl": f"@{person.username}"}
        return answer(listed | {"items": [{"id": person.subject, "snippet": snippet, "statistics": hidden}]})


class FakeInstagram(SocialPlatform):
    """A code gives a short token, that one a long one, which renews itself."""

    name = "instagram"
    token_path, profile_path = "/oauth/access_token", "/v25.0/me"
    life = 5_184_000

    def unknown_client(self) -> Answer:
        return answer({"error_type": "OAuthException", "code": 400, "error_message": "Invalid platform app"}, 400)

    def bad_code(self) -> Answer:
        message = "This authorization code has been used"
        return answer({"error_type": "OAuthException", "code": 400, "error_message": message}, 400)

    def granted(self, subject: str, *, refresh: bool = True) -> dict[str, Any]:
        access = self.new_access(subject)
        return {"data": [{"access_token": access, "user_id": subject, "permissions": "instagram_business_basic"}]}

    def bad_access(self) -> Answer:
        return self.refusing(190)

    @staticmethod
    def refusing(code: int, status: int = 400) -> Answer:
        return answer({"error": {"message": "about ada", "type": "OAuthException", "code": code}}, status)

    def told(self, path: str, headers: Message, query: Fields) -> Answer:
        subject = self._access.get(query.get("access_token", ""))
        if subject is None:
            return self.bad_access()
        if self.forbidding is not None:
            return self.forbidding
        if path == "/access_token":
            if (query["grant_type"], query["client_secret"]) != ("ig_exchange_token", SECRET):
                return self.refusing(1)
            return self.long(query["access_token"])
        if path == "/refresh_access_token" and query["grant_type"] == "ig_refresh_token":
            return self.long(query["access_token"])
        return self.profile(self.people[subject], query)

    def long(self, former: str) -> Answer:
        access = self.new_access(self._access.pop(former))
        return answer({"access_token": access, "token_type": "bearer", "expires_in": self.life})

    def profile(self, person: Person, query: Fields) -> Answer:
        known = {"user_id": person.subject, "username": person.username, "followers_count": person.followers}
        wanted = query["fields"].split(",")
        return answer({"id": "of the app", **{name: value for name, value in known.items() if name in wanted}})


class FakeTikTok(SocialPlatform):
    name = "tiktok"
    token_path, profile_path = "/v2/oauth/token/", "/v2/user/info/"

    def knows_us(self, headers: Message, form: Fields) -> bool:
        return (form.get("client_key"), form.get("client_secret")) == (CLIENT_ID, SECRET)

    def granted(self, subject: str, *, refresh: bool = True) -> dict[str, Any]:
        return super().granted(subject, refresh=refresh) | {"open_id": subject, "refresh_expires_in": 31_536_000}

    def bad_access(self) -> Answer:
        return self.refusing("access_token_invalid", 401)

    @staticmethod
    def refusing(code: str, status: int) -> Answer:
        return answer({"data": {}, "error": {"code": code, "message": "about ada", "log_id": "1"}}, status)

    def profile(self, person: Person, query: Fields) -> Answer:
        known: dict[str, Any] = {"open_id": person.subject, "username": person.username, "display_name": "Ada Lovelace"}
        known |= {} if person.followers is None else {"follower_count": person.followers}
        user = {name: known[name] for name in query["fields"].split(",") if name in known}
        return answer({"data": {"user": user}, "error": {"code": "ok", "message": "", "log_id": "1"}})


class FakeTwitch(SocialPlatform):
    name = "twitch"
    token_path, profile_path = "/oauth2/token", "/helix/users"

    def unknown_client(self) -> Answer:
        return answer({"status": 403, "message": "invalid client secret"}, 403)

    def bad_code(self) -> Answer:
        return answer({"status": 400, "message": "Invalid authorization code"}, 400)

    def bad_token(self) -> Answer:
        return answer({"error": "Bad Request", "status": 400, "message": "Invalid refresh token"}, 400)

    def bearer(self, headers: Message) -> Person | None:
        return super().bearer(headers) if headers["Client-Id"] == CLIENT_ID else None

    def told(self, path: str, headers: Message, query: Fields) -> Answer:
        person = self.bearer(headers)
        if path != "/helix/channels/followers" or person is None:
            return super().told(path, headers, query)
        if query.get("broadcaster_id") != person.subject:
            return answer({"error": "Bad Request", "status": 400, "message": "about ada"}, 400)
        return answer({"total": person.followers, "data": [], "pagination": {}})

    def profile(self, person: Person, query: Fields) -> Answer:
        return answer({"data": [{"id": person.subject, "login": person.username, "display_name": "Ada"}]})


PLATFORMS: dict[str, type[SocialPlatform]] = {
    platform.name: platform for platform in (FakeInstagram, FakeX, FakeYouTube, FakeTikTok, FakeTwitch)
}


@contextmanager
def social_platform(name: str) -> Iterator[SocialPlatform]:
    platform = PLATFORMS[name]()
    with served(platform) as platform.url:
        yield platform


@contextmanager
def social_platforms() -> Iterator[dict[str, SocialPlatform]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(social_platform(name)) for name in PLATFORMS}
