"""What a reader gets without scripts: every page of every language, as files."""

import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import html5lib
import pytest

from benchmarks.portal_build import large
from contract.loader import OPENAPI, ROOT, load, read_yaml
from contract.policy import ContractError
from contract.texts import LOCALES as TEXTS
from contract.texts import RIGHT_TO_LEFT, Texts
from domain.locales import LOCALES
from domain.switches import REGISTRATION_ENABLED
from domain.users.usernames import is_name
from portal import markup
from portal.actions import ACTIONS
from portal.build import MARK, Options, build
from portal.evidence import Badge, Count, Evidence, Gap
from portal.flows import FLOWS, flows
from portal.model import Operation, Site
from portal.pages import (
    config_anchor,
    config_path,
    error_anchor,
    error_path,
    groups,
    module_path,
    operation_path,
    pages,
    shaped,
)
from portal.render import ASSETS, TEMPLATES
from portal.source import KINDS, Source, Sources
from portal.words import Words, code
from runtime.web.pages import PATHS
from tests.portal.conftest import BUILT, ENGLISH, ORIGIN
from tests.portal.reading import Document, documents, leads_somewhere

# In the order of the document: what is called stands beside the text, and on narrow screens before it.
PARTS = ["top", "samples", "answers", "try", "request", "response", "errors", "effects", "source"]
LIMIT = 100_000
# How many rows a list must have room for; of 500 operations, so many would be the staff's.
LISTS = {"config": 300, "errors": 500, "operations": 500, "admin": 260}
SITE_OPERATIONS = sorted(load().policies)
of_each_operation = pytest.mark.parametrize("name", SITE_OPERATIONS)


@pytest.fixture(scope="session")
def read(built: Path) -> dict[str, Document]:
    return documents(built)


@pytest.fixture(scope="session")
def operations(site: Site) -> dict[str, Operation]:
    return {operation.id: operation for operation in site.operations}


def test_nobody_can_be_called_as_a_page_is(built: Path) -> None:
    """Bio pages stand beside the portal, so that whatever it serves at the root is no username."""
    served = {path.split("/")[1] for path in PATHS}
    assert [f.name for f in built.iterdir() if f.name not in served and is_name(f.name)] == []


def address(path: str, locale: str) -> str:
    return path if locale == "en" else f"/{locale}{path}"


class TestOperationPages:
    @of_each_operation
    def test_have_all_parts_in_their_order_in_every_language(
        self, name: str, operations: dict[str, Operation], read: dict[str, Document]
    ) -> None:
        for locale in BUILT:
            page = read[address(operation_path(operations[name]), locale)]
            assert page.main.get("data-operation") == name
            assert [ident for ident in page.ids if ident in PARTS] == PARTS
            assert page.find("try").get("data-locale") == locale

    def test_a_parameter_says_what_it_is_for_and_what_its_values_are(self, operations: dict[str, Operation]) -> None:
        told = {parameter.name: parameter.description for parameter in operations["admin.users.list"].parameters}
        assert told["createdTo"] == "Only accounts that were created before this time. A time in ISO 8601, in UTC."
        (slug, *_) = operations["content.pages.find"].parameters
        assert slug.description.count("The name in the URL") == 1

    @of_each_operation
    def test_every_field_and_every_error_has_an_address(
        self, name: str, operations: dict[str, Operation], read: dict[str, Document]
    ) -> None:
        operation = operations[name]
        page = read[operation_path(operation)]
        links = set(page.links())
        bodies = [success.body for success in operation.successes if success.body]
        fields = [*operation.parameters, *(operation.body.fields if operation.body else ())]
        fields += [field for body in bodies for field in body.fields]
        fields += [field for body in bodies for variant in body.variants for field in variant.fields]
        anchors = [field.anchor for top in fields for field in top.walk()]
        anchors += [refusal.anchor for refusal in operation.refusals]
        assert anchors
        assert [anchor for anchor in anchors if anchor not in page.ids or f"#{anchor}" not in links] == []

    @of_each_operation
    def test_tell_every_rule(
        self, name: str, operations: dict[str, Operation], read: dict[str, Document], texts: Texts
    ) -> None:
        operation = operations[name]
        page = read[operation_path(operation)]
        english = Words("en", texts)
        for top in (*operation.parameters, *(operation.body.fields if operation.body else ())):
            for field in top.walk():
                told = page.text(field.anchor)
                wanted = [english.rule(rule).striptags() for rule in field.rules] + [json.dumps(v) for v in field.enum]
                assert [rule for rule in wanted if " ".join(rule.split()) not in told] == []
                assert ("required" in told.split()) == field.required

    @of_each_operation
    def test_every_error_has_an_example_of_its_own(
        self, name: str, operations: dict[str, Operation], read: dict[str, Document], texts: Texts
    ) -> None:
        operation = operations[name]
        for locale in BUILT:
            page = read[address(operation_path(operation), locale)]
            for refusal in operation.refusals:
                article = page.find(refusal.anchor).getparent()
                example = json.loads(article.xpath(".//pre")[0].text_content())
                message = texts.say(locale, "errors", refusal.code, **refusal.variables)
                assert example["error"]["code"] == example["error"]["i18nKey"] == refusal.code
                assert example["error"]["message"] == message
                assert locale != "en" or example == refusal.example
                assert str(refusal.status) in article.xpath(".//h3")[0].text_content()

    def test_answers_that_differ_have_an_example_each(
        self, operations: dict[str, Operation], read: dict[str, Document]
    ) -> None:
        several = [o for o in operations.values() if o.success.body and o.success.body.variants]
        assert [o.id for o in several] == ["auth.login", "auth.oauth.login"]
        for operation in several:
            shown = [
                json.loads(pre.text_content())
                for pre in read[operation_path(operation)].find("answers").xpath(".//pre")
            ]
            assert operation.success.body is not None
            assert shown == [variant.example for variant in operation.success.body.variants]
            keys = [set(example["data"]) for example in shown]
            names = [{field.name for field in variant.fields} for variant in operation.success.body.variants]
            assert keys == names

    def test_tell_the_policy(self, read: dict[str, Document]) -> None:
        page = read["/docs/auth/register"]
        told = " ".join(page.text(part) for part in ("top", "glance", "operators"))
        for text in ("/api/v1/auth/register", "10 calls in 1 h", "IP address", "captchaToken", "Idempotency-Key",
                     "platform.registration_enabled; while it is off", "auth.register.closed (403)",
                     "bcrypt cost"):  # fmt: skip
            assert text in told

    @pytest.mark.parametrize(
        ("page", "counted"),
        [("register", "IP address"), ("me", "session and account"),
         ("login", "device named by the cookie, otherwise IP address"),
         ("refresh", "session named by the cookie, otherwise IP address")],
    )  # fmt: skip
    def test_tell_whom_a_limit_counts(self, read: dict[str, Document], page: str, counted: str) -> None:
        facts = read[f"/docs/auth/{page}"].root.xpath("//dl[@id='glance']/div")
        assert {"Counted by": counted}.items() <= {dt.text: dd.text_content() for dt, dd in facts}.items()

    def test_lead_to_the_next_as_the_menu_does(self, site: Site, read: dict[str, Document]) -> None:
        listed = [one for group in groups(site) for module in group.modules for one in module.operations]
        assert sorted(one.id for one in listed) == SITE_OPERATIONS
        here = operation_path(listed[0])
        seen = [here]
        while following := read[here].root.xpath("//a[@rel='next']/@href"):
            (here,) = following
            seen.append(here)
        assert seen == [operation_path(operation) for operation in listed]

    def test_what_must_be_sent_stands_first(self, read: dict[str, Document]) -> None:
        (fields,) = read["/docs/auth/register"].find("request-body").xpath("following-sibling::ul[1]")
        heads = fields.xpath(".//p[@class='field-head']")
        required = [bool(head.xpath("./strong[@class='required']")) for head in heads]
        assert required == sorted(required, reverse=True)
        assert 0 < sum(required) < len(required)

    def test_nested_fields_and_long_patterns_are_folded(self, read: dict[str, Document]) -> None:
        nested = read["/docs/user/profile"].root.xpath("//details[@class='nested' and not(@open)]")
        assert nested
        assert all(one.xpath("./summary[starts-with(., 'Nested fields: ')]") for one in nested)
        pattern = read["/docs/auth/register"].find("body-email").xpath(".//details[not(@open)]/summary/text()")
        assert pattern == ["pattern"]


class TestMenu:
    def test_groups_modules_by_who_calls(self, site: Site, read: dict[str, Document]) -> None:
        (menu,) = read["/docs"].root.xpath("//nav[@class='menu']")
        names = [" ".join(name.text_content().split()) for name in menu.xpath(".//p[@class='menu-group']")]
        assert names == ["Public", "Signed in", "Creator", "Admin", "Dev tools", "Reference"]
        for group in groups(site):
            below = menu.xpath(f".//ul[@aria-labelledby='menu-{group.scope}']")[0]
            told = [(link.text, link.get("href")) for link in below.xpath("./li/a")]
            assert told == [(module.title, module_path(module)) for module in group.modules]
            assert len(below.xpath(".//a")) == len(told)

    def test_has_the_operations_of_the_module_that_is_read(self, site: Site, read: dict[str, Document]) -> None:
        """Of the staff's, which are one module of many nouns, those of the noun."""
        everywhere = [module for group in groups(site) for module in group.modules]
        for module in everywhere:
            of_staff = module.operations[0].policy.scope == "admin"
            near = [module] if of_staff else [other for other in everywhere if other.name == module.name]
            wanted = [[module_path(other), *map(operation_path, other.operations)] for other in near]
            for operation in module.operations:
                (menu,) = read[operation_path(operation)].root.xpath("//nav[@class='menu']")
                listed = menu.xpath(".//ul[starts-with(@aria-labelledby, 'menu-')]/li/details")
                assert [details.xpath(".//a/@href") for details in listed] == wanted

    def test_leads_from_every_page_to_every_operation(self, site: Site, read: dict[str, Document]) -> None:
        """By the overviews of the modules, without scripts."""
        overviews = {module_path(module) for group in groups(site) for module in group.modules}
        assert {path.partition("#")[0] for path in overviews} == {module_path(module) for module in site.modules}
        for module in site.modules:
            overview = read[module_path(module)]
            assert {operation_path(operation) for operation in module.operations} <= set(overview.links())
            assert {path for path in overviews if path.startswith(f"{module_path(module)}#")} <= {
                f"{module_path(module)}#{ident}" for ident in overview.ids
            }
        for locale in BUILT:
            wanted = {address(path, locale) for path in overviews}
            for page in pages(site):
                (menu,) = read[address(page.path, locale)].root.xpath("//nav[@class='menu']")
                assert wanted <= set(menu.xpath(".//a/@href")), page.path

    def test_opens_where_the_reader_is(self, read: dict[str, Document]) -> None:
        for where in ("/docs/auth/login", "/tr/docs/auth/me"):
            (menu,) = read[where].root.xpath("//nav[@class='menu']")
            (opened,) = menu.xpath(".//details[@open]")
            assert opened.xpath(".//a[@aria-current='page']/@href") == [where]
        assert read["/docs/operations"].root.xpath("//nav[@class='menu']//details[@open]") == []

    def test_marks_an_overview_in_its_module(self, read: dict[str, Document]) -> None:
        (menu,) = read["/docs/auth"].root.xpath("//nav[@class='menu']")
        (opened,) = menu.xpath(".//details[@open]")
        assert opened.xpath("./summary/text()") == ["Authentication"]
        assert [link.text for link in opened.xpath(".//a[@aria-current='page']")] == ["Overview"]


class TestEveryPage:
    def test_there_is_each_in_every_language_that_was_asked_for(self, site: Site, read: dict[str, Document]) -> None:
        wanted = {address(page.path, locale) for page in pages(site) for locale in BUILT}
        assert wanted <= read.keys()

    def test_no_link_anchor_or_asset_is_broken(self, built: Path, read: dict[str, Document]) -> None:
        broken = [
            (page.address, link)
            for page in read.values()
            for link in {*page.links(), *page.assets()}
            if not leads_somewhere(built, read, link, page)
        ]
        assert broken == []

    def test_no_id_stands_twice(self, read: dict[str, Document]) -> None:
        assert [(p.address, i) for p in read.values() for i, times in Counter(p.ids).items() if times > 1] == []

    def test_is_small(self, read: dict[str, Document]) -> None:
        assert [p.address for p in read.values() if p.file.stat().st_size >= LIMIT] == []

    def test_is_small_with_500_operations_in_the_longest_language(self, site: Site, tmp_path: Path) -> None:
        longest = max(LOCALES, key=lambda locale: (TEXTS / locale / "portal.json").stat().st_size)
        build(large(site, 500), tmp_path / "site", Options(ORIGIN, locales=(longest,), search=False))
        sizes = {str(p.relative_to(tmp_path)): p.stat().st_size for p in (tmp_path / "site" / longest).rglob("*.html")}
        assert len(sizes) > 500
        assert {name: size for name, size in sizes.items() if size >= LIMIT} == {}

    def test_has_the_words_of_its_script_and_no_others(self, built: Path, read: dict[str, Document]) -> None:
        for page in read.values():
            (address_,) = page.root.xpath("//script[@type='module']/@src")
            script = (built / address_.lstrip("/")).read_text(encoding="utf-8")
            told = json.loads(page.find("words").text).keys()
            assert set(re.findall(r"""\bsay\("(\w+)\"""", script)) <= told
            assert told - set(re.findall(r"\w+", script)) == set(page.root.xpath("//form/@data-done"))

    def test_runs_under_a_strict_policy(self, read: dict[str, Document]) -> None:
        """No inline script or style, nothing of another host."""
        for page in read.values():
            assert page.root.xpath("//style | //*[@style] | //iframe | //object | //embed | //base") == []
            assert page.root.xpath("//script[not(@src) and not(@type='application/json')]") == []
            assert page.root.xpath("//@*[starts-with(name(), 'on')]") == []
            assert all(asset.startswith(("/docs/", "/docs.md", "/favicon.ico")) for asset in page.assets())
            json.loads(page.find("words").text)

    def test_its_scripts_put_texts_in_as_texts(self) -> None:
        """No answer, field or message becomes markup or code, and no other window is listened to."""
        sinks = re.compile(
            r"(inner|outer)HTML|insertAdjacentHTML|document\.write|\beval\(|new Function|postMessage|srcdoc"
        )
        scripts = list(ASSETS.rglob("*.js"))
        assert len(scripts) > 20
        assert [script.name for script in scripts if sinks.search(script.read_text())] == []

    def test_says_its_language_and_direction(self, read: dict[str, Document]) -> None:
        for page in read.values():
            first = page.address.split("/")[1]
            locale = first if first in LOCALES and first != "en" else "en"
            assert page.root.get("lang") == locale
            assert page.root.get("dir") == ("rtl" if locale in RIGHT_TO_LEFT else "ltr")
            known = page.root.xpath("//details[@class='languages']//a[@aria-current]/@lang")
            assert known == [locale]

    def test_marks_texts_of_the_contract_as_english(self, site: Site, read: dict[str, Document]) -> None:
        for operation in site.operations:
            (heading,) = read[f"/ar{operation_path(operation)}"].root.xpath("//h1")
            assert (heading.get("lang"), heading.get("dir")) == ("en", "ltr")

    def test_has_its_landmarks_and_its_headings_in_order(self, read: dict[str, Document]) -> None:
        for page in read.values():
            assert page.root.xpath("//body/*[1]/@href") == ["#main"]
            assert [len(page.root.xpath(f"//body/{tag}")) for tag in ("header", "footer")] == [1, 1], page.address
            assert len(page.root.xpath("//main[@id='main']")) == 1
            levels = [int(h.tag[1]) for h in page.root.xpath("//h1 | //h2 | //h3 | //h4 | //h5 | //h6")]
            assert levels.count(1) == 1
            assert levels[0] == 1
            assert all(after <= before + 1 for before, after in pairwise(levels)), page.address

    def test_tables_name_themselves_and_their_heads(self, read: dict[str, Document]) -> None:
        for page in read.values():
            assert page.root.xpath("//table[not(caption)] | //th[not(@scope)]") == []

    def test_names_what_can_be_pressed(self, read: dict[str, Document]) -> None:
        for page in read.values():
            unnamed = page.root.xpath("//a[not(normalize-space()) and not(@aria-label)]")
            assert unnamed == []
            assert page.root.xpath("//img[not(@alt)] | //nav[not(@aria-label) and not(@aria-labelledby)]") == []

    @pytest.mark.parametrize("locale", ["en", "ar"])
    def test_is_valid(self, locale: str, site: Site, read: dict[str, Document]) -> None:
        """One page of each kind, by the rules of the HTML standard's parser."""
        kinds = {page.template: address(page.path, locale) for page in pages(site)}
        for where in (*kinds.values(), address("/docs/auth/login", locale)):
            html5lib.HTMLParser(strict=True).parse(read[where].file.read_text(encoding="utf-8"))


class TestReferences:
    def test_the_place_to_start_is_computed(self, read: dict[str, Document]) -> None:
        calls = read["/docs"].find("where-to-start").xpath(".//li[h3][1]//a[@class='to']/@href")
        assert calls == ["/docs/auth/register", "/docs/auth/verify-email", "/docs/auth/login"]

    def test_there_is_a_place_to_start_for_every_undertaking(self, site: Site, read: dict[str, Document]) -> None:
        assert [flow.name for flow in flows(site)] == list(FLOWS)
        for locale in BUILT:
            heads = read[address("/docs", locale)].find("where-to-start").xpath(".//h3")
            assert len({head.text_content() for head in heads}) == len(FLOWS)

    @pytest.mark.parametrize(
        ("name", "heads"),
        [
            ("files", ["PUT /files/{key}", "GET /files/{key}", "HEAD /files/{key}"]),
            ("webhooks", ["POST /api/v1/webhooks/{family}/{provider}"]),
        ],
    )
    def test_the_conventions_tell_of_what_is_no_operation(
        self, built: Path, site: Site, read: dict[str, Document], name: str, heads: list[str]
    ) -> None:
        plain = (built / "docs" / "conventions.md").read_text(encoding="utf-8")
        codes = site.contract.codes_of_doors[name]
        assert codes
        for locale in BUILT:
            told = read[address("/docs/conventions", locale)].find(name)
            links = set(told.xpath(".//a/@href"))
            for code_ in codes:
                assert f"{address(error_path(code_), locale)}#{error_anchor(code_)}" in links
                assert f"`{code_}`" in plain
            assert [head.text_content() for head in told.xpath(".//h3")] == heads
            assert all(head in plain for head in heads)

    def test_every_code_is_said_in_every_language(self, site: Site, read: dict[str, Document]) -> None:
        texts = Texts(site.contract.errors)
        for name, entry in site.contract.errors.items():
            told = read[error_path(name)].text(error_anchor(name))
            for locale in LOCALES:
                assert " ".join(texts.say(locale, "errors", name, **entry.get("vars", {})).split()) in told

    def test_every_operation_stands_in_one_list(self, site: Site, read: dict[str, Document]) -> None:
        for locale in BUILT:
            page = read[address("/docs/operations", locale)]
            listed = Counter(map(str, page.main.xpath(".//ul[@class='names']//a/@href")))
            assert listed == Counter(address(operation_path(operation), locale) for operation in site.operations)
            for module in site.modules:
                told = page.find(f"module-{module.name}")
                assert len(told.xpath(".//ul[@class='names']/li")) == len(module.operations)
                assert told.xpath("./h2/a/@href") == [address(module_path(module), locale)]
                assert str(len(module.operations)) in told.xpath("./p")[0].text_content()

    def test_every_limit_stands_in_the_table_of_its_module(self, site: Site, read: dict[str, Document]) -> None:
        for module in site.modules:
            rows = read[module_path(module)].main.xpath(".//table[@class='operations']/tbody/tr")
            limits = {row.xpath("./th/a/@href")[0]: row.xpath("string(./td)") for row in rows}
            assert limits.keys() == {operation_path(operation) for operation in module.operations}
            assert all(limits.values())

    def test_every_code_stands_in_one_list(self, site: Site, read: dict[str, Document]) -> None:
        rows = read["/docs/errors"].main.xpath(".//ul[@class='names']/li")
        told = {row.xpath("string(.//code)"): row.xpath("string(.//span[@class='status'])") for row in rows}
        assert told == {code_: str(entry["status"]) for code_, entry in site.contract.errors.items()}
        assert len(rows) == len(told)

    def test_every_config_key_that_shapes_an_answer_is_told(self, site: Site, read: dict[str, Document]) -> None:
        listed = read["/docs/config"]
        for key, shaping in shaped(site):
            row = listed.find(config_anchor(key))
            assert key.meaning in row.text_content()
            assert row.xpath(".//a/@href") == [f"{config_path(key)}#{config_anchor(key)}"]
            told = read[config_path(key)].find(config_anchor(key))
            assert key.meaning in told.text_content()
            assert json.dumps(key.default) in told.text_content()
            assert told.xpath(".//ul//a/@href") == [operation_path(operation) for operation in shaping]

    @pytest.mark.parametrize(("name", "room"), LISTS.items())
    def test_its_list_has_room_for_more(self, name: str, room: int, site: Site, read: dict[str, Document]) -> None:
        staffs = next(module for module in site.modules if module.name == "admin")
        lists = {"config": shaped(site), "errors": site.contract.errors, "operations": site.operations,
                 "admin": staffs.operations}  # fmt: skip
        known = len(lists[name])
        for locale in BUILT:
            page = read[address(f"/docs/{name}", locale)].file.read_bytes()
            main = page[page.index(b"<main") : page.index(b"</main>")]
            assert len(page) - len(main) + room * len(main) // known < LIMIT, locale


class TestForMachines:
    def test_every_operation_is_there_as_markdown(self, built: Path, site: Site) -> None:
        for operation in site.operations:
            text = (built / f"{operation_path(operation).strip('/')}.md").read_text(encoding="utf-8")
            assert text.startswith(f"# {operation.summary}\n")
            assert [refusal.code for refusal in operation.refusals if f"`{refusal.code}`" not in text] == []
            assert operation.body is None or f"{operation.body.limit // 1024} KiB" in text

    def test_the_list_for_language_models_leads_to_all_of_it(self, built: Path, site: Site) -> None:
        lines = (built / "llms.txt").read_text(encoding="utf-8").splitlines()
        assert lines[0] == f"# {site.contract.document['info']['title']}"
        assert lines[2].startswith("> ")
        links = re.findall(rf"\]\({ORIGIN}(/[^)]+)\)", "\n".join(lines))
        assert [link for link in links if not (built / link.lstrip("/")).is_file()] == []
        assert {f"{operation_path(operation)}.md" for operation in site.operations} <= set(links)
        whole = (built / "llms-full.txt").read_text(encoding="utf-8")
        assert [operation.id for operation in site.operations if f"`{operation.id}`" not in whole] == []

    def test_the_contract_itself_is_there(self, built: Path, site: Site) -> None:
        """With a whole address, and else as the server itself gives it away."""
        whole = [{"url": ORIGIN + site.base_path}]
        for name in ("openapi.yaml", "openapi.json"):
            assert read_yaml(built / name) == read_yaml(OPENAPI / "dist" / name) | {"servers": whole}


class TestBuilding:
    def test_gives_the_same_files_for_the_same_contract(self, built: Path, tmp_path: Path) -> None:
        """In one process and in two."""
        script = (
            "import sys; from pathlib import Path; from contract import loader; from portal import build, model\n"
            "options = build.Options(sys.argv[2], locales=tuple(sys.argv[3:]), search=False, processes=2)\n"
            "build.build(model.read(loader.load()), Path(sys.argv[1]), options)"
        )
        again = [str(tmp_path / "again"), ORIGIN, *BUILT]
        subprocess.run([sys.executable, "-c", script, *again], check=True, cwd=ROOT)
        assert content(tmp_path / "again") == content(built)

    def test_a_build_that_fails_leaves_the_former_one(self, site: Site, former: Path, tmp_path: Path) -> None:
        before = content(former)
        with pytest.raises(FileNotFoundError):
            build(site, former, replace(ENGLISH, theme=tmp_path / "missing.css"))
        assert content(former) == before
        assert [path.name for path in tmp_path.iterdir()] == ["site"]

    def test_what_is_gone_from_the_contract_goes_from_the_portal(self, site: Site, former: Path) -> None:
        (former / "docs" / "gone.html").write_text("gone")
        build(site, former, ENGLISH)
        assert not (former / "docs" / "gone.html").exists()

    def test_never_replaces_something_else(self, site: Site, tmp_path: Path) -> None:
        (tmp_path / "thesis.txt").write_text("ten years of work")
        with pytest.raises(ContractError, match="something else"):
            build(site, tmp_path, ENGLISH)
        assert (tmp_path / "thesis.txt").read_text() == "ten years of work"
        assert not (tmp_path / MARK).exists()

    def test_takes_a_theme_of_ones_own(self, site: Site, tmp_path: Path) -> None:
        (tmp_path / "mine.css").write_text(":root { --accent: rebeccapurple; }")
        build(site, tmp_path / "site", replace(ENGLISH, theme=tmp_path / "mine.css"))
        sheet = (tmp_path / "site/docs/assets/portal.css").read_text()
        assert sheet.endswith(":root { --accent: rebeccapurple; }")


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def evidence(proven: str, unproven: str) -> Evidence:
    count = Count(3, 4)
    badge = Badge(True, "abcdef0123456789", False, "2026-01-02", count, count, count)
    doubtful = replace(badge, verified=False, gaps=(Gap("code", "auth.forbidden"),))
    return Evidence("tree", verdicts={proven: badge, unproven: doubtful})


def sources(site: Site) -> Sources:
    found = tuple(Source(kind, f"{kind}.py", 7, kind.title()) for kind in KINDS)
    return Sources({operation.id: found for operation in site.operations})


@pytest.fixture(scope="module")
def published(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where readers find it, with what was proven of its first operation."""
    told = Options(
        site="https://docs.example.com",
        repository="https://git.example.com/{commit}/{path}#L{line}",
        commit="c0ffee",
        evidence=evidence(*(operation.id for operation in site.operations[:2])),
        sources=sources(site),
        search=False,
    )
    out = tmp_path_factory.mktemp("published") / "site"
    build(site, out, told)
    return out


class TestFinding:
    """What search engines and previews read."""

    def test_every_page_says_what_it_is_about(self, site: Site, read: dict[str, Document]) -> None:
        for page in pages(site):
            head = read[page.path].root.find("head")
            (told,) = head.xpath("meta[@name='description']/@content")
            assert 10 < len(told) <= 200, page.path
            assert head.xpath("meta[@property='og:description']/@content") == [told]
            assert head.xpath("meta[@property='og:title']/@content")

    def test_what_is_not_published_is_left_alone(self, built: Path, read: dict[str, Document]) -> None:
        assert (built / "robots.txt").read_text() == "User-agent: *\nDisallow: /\n"
        assert not (built / "sitemap.xml").exists()
        assert read["/docs"].root.xpath("//link[@rel='canonical'] | //meta[@property='og:url']") == []
        assert (built / "favicon.ico").read_bytes()[:4] == b"\0\0\1\0"

    def test_what_is_published_has_one_address(self, site: Site, published: Path) -> None:
        read = documents(published)
        listed = set(re.findall(r"<loc>(.+?)</loc>", (published / "sitemap.xml").read_text()))
        assert {f"https://docs.example.com{page.path}" for page in pages(site)} <= listed
        for address_ in listed:
            known = read[address_.removeprefix("https://docs.example.com") or "/"]
            assert known.root.xpath("//link[@rel='canonical']/@href") == [address_]
        assert "Sitemap: https://docs.example.com/sitemap.xml" in (published / "robots.txt").read_text()


class TestPublicBuild:
    def test_tells_nothing_that_only_operators_need(self, site: Site, tmp_path: Path) -> None:
        told = {"evidence": evidence(*SITE_OPERATIONS[:2]), "sources": sources(site)}
        options = Options(public=True, repository="https://git.example.com/{path}", **told)  # type: ignore[arg-type]
        build(site, tmp_path / "site", options)
        texts = {"html", "md", "txt", "json"}
        contract = "openapi"  # says the same to everybody
        found = [file for file in (tmp_path / "site").rglob("*.*") if file.suffix[1:] in texts]
        files = {str(file): file.read_text() for file in found if not file.name.startswith(contract)}
        assert len(files) > 100
        internal = (
            "git.example.com",
            "platform.registration_enabled",
            "email_verifications",
            "/docs/config",
            "For operators",
        )
        for inner in internal:
            assert [file for file, text in files.items() if inner in text] == [], inner


class TestMailedPages:
    """Who follows a link of a mail is no developer."""

    def test_are_there_in_every_language_of_the_platform(self, read: dict[str, Document]) -> None:
        for action in ACTIONS:
            for locale in LOCALES:
                page = read[address(action.path, locale)]
                assert page.root.xpath("//details[@class='languages']//a/@hreflang") == list(LOCALES)

    def test_have_a_layout_of_their_own(self, read: dict[str, Document]) -> None:
        for action in ACTIONS:
            page = read[action.path]
            assert page.root.xpath("//nav | //*[@id='search'] | //*[@id='tools']") == []
            assert {link for link in page.links() if not link.endswith(action.path)} == {"#main"}
            assert page.root.xpath("//meta[@name='robots']/@content") == ["noindex"]


class TestProof:
    def test_stands_on_the_page(self, site: Site, published: Path) -> None:
        first, other = site.operations[:2]
        read = documents(published)
        proven, unproven = read[operation_path(first)], read[operation_path(other)]
        assert proven.root.xpath("//p[@class='badges']//*[contains(@class, 'verified')]")
        assert "on abcdef012345, 2026-01-02. errors 3/4" in proven.text("source")
        assert not unproven.root.xpath("//p[@class='badges']//*[contains(@class, 'verified')]")
        assert "Not proven: auth.forbidden" in unproven.text("source")
        assert "https://git.example.com/c0ffee/handler.py#L7" in set(proven.links())
        assert proven.root.xpath("//footer//a[@href='https://git.example.com/c0ffee/contract.py#L7']")


class TestMarkup:
    def test_html_of_the_contract_stays_text(self) -> None:
        hostile = "<script>alert(1)</script> [x](javascript:alert(1)) <b onclick=x>y</b>"
        for made in (markup.block(hostile), markup.inline(hostile)):
            assert "<script" not in made
            assert "<b" not in made
            assert "href" not in made

    def test_headings_go_below_those_of_the_page(self) -> None:
        assert markup.block("# One\n\n##### Five") == "<h3>One</h3>\n<h6>Five</h6>"

    def test_a_json_example_reads_back_as_it_was(self) -> None:
        values: tuple[Any, ...] = ({"a": "<&>'\"\\\u2028", "b": [1, -2.5, None, True], "c": {}}, [], "x", None)
        for value in values:
            text = html5lib.parseFragment(str(markup.json_block(value)), namespaceHTMLElements=False)
            assert json.loads("".join(text.itertext())) == value


class TestColours:
    """WCAG 2.2, 1.4.3: text has a contrast of 4.5:1 or more, light and dark."""

    STYLE = (ASSETS / "portal.css").read_text(encoding="utf-8")
    CODE = (ASSETS / "code.css").read_text(encoding="utf-8")
    PAIR = r"light-dark\((#[0-9a-fA-F]{6}), (#[0-9a-fA-F]{6})\)"

    def named(self) -> dict[str, tuple[str, str]]:
        return {name: (light, dark) for name, light, dark in re.findall(rf"--([\w-]+): {self.PAIR}", self.STYLE)}

    @pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
    def test_of_texts(self, mode: int) -> None:
        named = {name: pair[mode] for name, pair in self.named().items()}
        for ground in ("ground", "raised"):
            for name in ("text", "quiet", "accent", "warn", "danger", "info", "violet"):
                assert contrast(named[name], named[ground]) >= 4.5, (name, ground)
        for name in ("accent", "warn", "danger", "info", "violet"):
            assert contrast(named[name], named[f"{name}-ground"]) >= 4.5, name
        assert contrast(named["strong-line"], named["ground"]) >= 3

    @pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
    def test_of_code(self, mode: int) -> None:
        raised = self.named()["raised"][mode]
        colours = [pair[mode] for pair in re.findall(self.PAIR, self.CODE)]
        assert colours
        assert [colour for colour in colours if contrast(colour, raised) < 4.5] == []


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class TestWords:
    def test_values_are_shown_as_they_are_typed(self) -> None:
        words = Words("en", Texts(load().errors))
        told = words.one_of(["<&'\">", 1, True, None])
        texts = html5lib.parseFragment(str(told), namespaceHTMLElements=False).itertext()
        assert "".join(texts) == """one of "<&'\\">", 1, true, null"""
        assert code("`<b>`") == '<code translate="no">`&lt;b&gt;`</code>'

    def test_what_is_no_text_is_not_shown_as_code(self) -> None:
        """Templates are not type-checked."""
        with pytest.raises(TypeError, match="is no text"):
            code(REGISTRATION_ENABLED)

    def test_none_is_left_over(self) -> None:
        """Those of a family are looked up by it."""
        family = re.compile(r"(js|rule|flow|scope|source|rate)\..+|\w+\.title")
        files = (*TEMPLATES.rglob("*.html"), *(ROOT / "portal").rglob("*.py"))
        used = set(re.findall(r"[\"']([\w.]+)[\"']", "".join(file.read_text(encoding="utf-8") for file in files)))
        keys = Texts(load().errors).namespace("en", "portal").keys()
        assert [key for key in keys - used if not family.fullmatch(key)] == []
