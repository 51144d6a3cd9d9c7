"""Every fault that a reader of the pages would stumble over, told with file, line and remedy."""

import re
from pathlib import Path

import pytest

from contract.lint import checked, require_true_examples
from contract.loader import Places, load
from contract.policy import ContractError
from contract.readable import check
from tests.contract.test_loader import edited

AUTH = "paths/auth.yaml"
EDITS = {
    "an operation without summary": (AUTH, "    summary: Login\n", "", "POST /auth/login has no summary"),
    "an operation without description": (
        "paths/creators.yaml", "    description: Returns the caller's connected", "    x-nothing: Returns the",
        "GET /creators/social has no description"),
    "a summary that begins with no verb": (
        AUTH, "summary: Verify New Email", "summary: New Email", "'New Email' begins with no known verb"),
    "a refused word in a summary": (
        AUTH, "summary: Verify New Email", "summary: Verify What Email Was Told", "has the word 'What'"),
    "a summary that is no title": (
        AUTH, "summary: Verify New Email", "summary: Verify new email", "has 'new', which is not Title Case"),
    "a summary that is too long": (
        AUTH, "summary: Verify New Email", "summary: Verify the New Email of an Existing Account", "is too long"),
    "a summary that stands twice": (
        "paths/creators.yaml", "summary: List Connected Social Accounts", "summary: Verify New Email",
        "'Verify New Email' belongs to POST /auth/verify-email-change"),
    "a summary of files that is no title": (
        "biore.yaml", "summary: Upload File", "summary: Take a file", "'Take a file' begins with no known verb"),
    "a refused word in a description": (
        AUTH, "Returns an access token", "Answers an access token", "description has the word 'Answers'"),
    "a refused word in a side effect": (
        AUTH, "text: Recorded once per verification.", "text: Told once.", "text has the word 'Told'"),
    "a refused word in a condition": (
        AUTH, "when: reuse is detected,", "when: somebody reuses it,", "when has the word 'somebody'"),
    "a refused word in a field": (
        "schemas/auth.yaml", "The ID of the new account.", "As asked for.", "has the word 'asked for'"),
    "a refused word in a message": (
        "errors/auth.yaml", "message: Please sign in.", "message: Please look at it.", "has the word 'look at'"),
    "a refused word in a meaning": (
        "errors/auth.yaml", "meaning: The account lacks", "meaning: Whoever lacks", "meaning has the word 'Whoever'"),
    "a refused word in a permission": (
        "permissions.yaml", "'Change config keys.'", "'Mend config keys.'", "has the word 'Mend'"),
    "a tag without description": (
        "biore.yaml", "    description: Presigned file uploads.\n", "", "tag upload has no"),
    "a success without description": (
        AUTH, "        description: The address is verified.\n", "        links: {}\n", "200 has no description"),
    "a success without example": (
        AUTH, "            example: {message: Logged out successfully}\n", "", "POST /auth/logout: 200 has no example"),
    "a body without example": (AUTH, "          example: {token: 0f8", "          x-other: {token: 0f8", "no example"),
    "a parameter without description": (
        "paths/dev.yaml", "        description: Returns only", "        x-other: Returns only",
        "parameter to has no description"),
    "a parameter without example": (
        "paths/dev.yaml", "        example: ada@", "        x-other: ada@", "parameter to has no example"),
    "a shared parameter without description": (
        "schemas/common.yaml", "    description: Makes a", "    x-other: Makes a", "IdempotencyKey has no description"),
    "a header without description": (
        "schemas/common.yaml", "    description: The methods of this path.\n", "", "header Allow has no description"),
    "a field without description": (
        "schemas/auth.yaml", ", description: The ID of the new account.", "", "Registration.userId has no description"),
    "a field of a schema without description": (
        "schemas/common.yaml", "  description: |\n    `ACTIVE`", "  x-other: |\n    `ACTIVE`",
        "UserIdentity.status has no"),
    "an enum without description": (
        "schemas/common.yaml", "  description: |\n    `ACTIVE`", "  x-other: |\n    `ACTIVE`", "UserStatus has no"),
    "an unknown extension": (
        AUTH, "x-biore-captcha: {former", "x-biore-capcha: {former",
        "extension x-biore-capcha"),
    "an unknown extension of a schema": (
        "schemas/common.yaml", "x-biore-normalize:", "x-biore-normalise:", "extension x-biore-normalise"),
    "two pages at one address": (
        AUTH, "x-biore-page: auth/logout", "x-biore-page: auth/login",
        "page auth/login belongs to"),
    "a code without message": (
        "errors/auth.yaml", "  message: Please sign in.\n", "",
        "auth.unauthenticated has no message"),
    "a code without meaning": (
        "errors/auth.yaml", "  meaning: The account lacks the scope of the operation.\n", "",
        "auth.forbidden has no meaning"),
    "words in no language": (
        "errors/auth.yaml", "    ar: ", "    arabic: ", "auth.unauthenticated has words in arabic, which is no locale"),
}  # fmt: skip
LIES = {
    "of a request": (AUTH, "example: {email: ada@example.com, pass", "example: {mail: ada@example.com, pass",
                     "email (required)"),
    "of an answer": (AUTH, "expiresIn: 900}", "expiresIn: soon}", "data"),
    "of a parameter": ("paths/auth/otp.yaml", "        example: 3f1c2a8e-", "        example: 3f1c",
                       "the whole (format)"),
    "of a field": ("schemas/otp.yaml", "example: '+905551112212'", "example: '05551112212'", "the whole (pattern)"),
    "of an error": ("errors/common.yaml", "rule: required, message:", "rule: [required], message:", "rule (type)"),
}  # fmt: skip


def line_of(folder: Path, file: str, text: str) -> int:
    lines = (folder / file).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


class TestWords:
    @pytest.mark.parametrize(("file", "old", "new", "told"), EDITS.values(), ids=EDITS)
    def test_of_each_kind_are_missed(self, tmp_path: Path, file: str, old: str, new: str, told: str) -> None:
        with pytest.raises(ContractError) as refusal:
            check(edited(tmp_path, file, old, new))
        (problem,) = [line for line in str(refusal.value).splitlines() if told in line]
        place, _, remedy = problem.partition(told)
        user = "schemas/auth.yaml" if told.startswith("UserIdentity") else file
        assert re.match(rf"openapi/{user}:\d+: ", place)
        assert len(remedy.rpartition(": ")[2]) > 5

    def test_the_line_is_the_one_to_mend(self, tmp_path: Path) -> None:
        folder = edited(tmp_path, AUTH, "x-biore-page: auth/logout", "x-biore-page: auth/login")
        dev = folder / "paths" / "dev.yaml"
        dev.write_text(dev.read_text().replace("        example: ada@example.com\n", "", 1))
        with pytest.raises(ContractError) as refusal:
            check(folder)
        parameter = line_of(folder, "paths/dev.yaml", "parameters:") + 1
        lines = [text for text in (folder / AUTH).read_text().splitlines() if "x-biore-page: auth/login" in text]
        assert len(lines) == 2
        numbers = [n for n, text in enumerate((folder / AUTH).read_text().splitlines(), 1) if text in lines]
        assert str(refusal.value).splitlines() == [
            f"openapi/{AUTH}:{numbers[1]}: POST /auth/logout: page auth/login belongs to POST /auth/login: "
            "give it an address of its own",
            f"openapi/paths/dev.yaml:{parameter}: parameter to has no example: "
            "add `example:`, which the page tries it with",
        ]

    def test_all_faults_are_told_at_once(self, tmp_path: Path) -> None:
        folder = edited(tmp_path, "schemas/auth.yaml", ", description: The ID of the new account.", "")
        (folder / AUTH).write_text((folder / AUTH).read_text().replace("    summary: Login\n", ""))
        with pytest.raises(ContractError) as refusal:
            check(folder)
        assert len(str(refusal.value).splitlines()) == 2


class TestMalformed:
    """What has no shape at all is for the loader to refuse; the lint must live through it, and say what it can."""

    @pytest.mark.parametrize(
        ("file", "old", "new"),
        [
            ("biore.yaml", "$ref: paths/auth.yaml#/login", "$ref: {login: 1}"),
            ("errors/auth.yaml", "auth.forbidden:\n", "auth.forbidden: 7\nauth.other:\n"),
            (
                AUTH,
                "        application/json:\n          schema:",
                "        application/json: [1]\n        x:\n          schema:",
            ),
            (
                "schemas/common.yaml",
                "    schema: {type: string, minLength: 1, max",
                "    schema: [type]\n    x: {type: string, max",
            ),
        ],
    )
    def test_is_lived_through(self, tmp_path: Path, file: str, old: str, new: str) -> None:
        with pytest.raises(ContractError):
            checked(edited(tmp_path, file, old, new))


class TestExamples:
    @pytest.mark.parametrize(("file", "old", "new", "told"), LIES.values(), ids=LIES)
    def test_that_are_none_are_found(self, tmp_path: Path, file: str, old: str, new: str, told: str) -> None:
        folder = edited(tmp_path, file, old, new)
        with pytest.raises(ContractError) as refusal:
            require_true_examples(load(folder), folder)
        assert told in str(refusal.value)
        key = new.partition(":")[0].strip()
        place = str(refusal.value).partition(": ")[0]
        number = int(place.rpartition(":")[2])
        assert place.startswith(f"openapi/{file}:")
        assert key in "\n".join((folder / file).read_text().splitlines()[number - 1 : number + 4])


class TestContract:
    def test_is_worded_and_true(self) -> None:
        assert checked().document == load().document


class TestPlaces:
    def test_tell_the_deepest_line_that_exists(self, tmp_path: Path) -> None:
        file = tmp_path / "x.yaml"
        file.write_text("a:\n  b:\n    - c: 1\n    - d: 2\n")
        places = Places(tmp_path)
        steps = ((), ("a",), ("a", "b"), ("a", "b", 1), ("a", "b", 1, "d"), ("a", "b", 7), ("a", "z"))
        assert [places.line(file, each) for each in steps] == [1, 1, 2, 4, 4, 2, 1]
