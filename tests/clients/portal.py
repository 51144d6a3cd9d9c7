"""What others make of what the portal gives away: `make portal-consumers`. Needs Node and npm.

Redocly lints the published and the enriched contract and builds its pages, openapi-typescript its types; neither may
complain. The compiler takes every TypeScript sample and hook, Prettier would change none, Postman's library reads the
collection. Everything is made below `clients/`.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from contract.loader import EVERY_ANSWER, ROOT, load
from portal.exports.enriched import enriched
from portal.exports.postman import collection
from portal.model import Site, read
from portal.samples import texts

OUT = ROOT / "clients" / "portal"
ORIGIN = "http://127.0.0.1:8000"
NPM_PACKAGES = (
    "@redocly/cli@2",
    "@tanstack/react-query@5",
    "@types/react@19",
    "openapi-typescript@7",
    "postman-collection@5",
    "prettier@3",
    "react@19",
    "typescript@5",
)
TSCONFIG = {
    "compilerOptions": {
        "strict": True,
        "noEmit": True,
        "noUnusedLocals": True,
        "module": "esnext",
        "moduleResolution": "bundler",
        "moduleDetection": "force",  # a sample of its own imports nothing, and waits at its top level
        "target": "es2022",
        "lib": ["es2022", "dom", "dom.iterable"],
    },
    "include": ["samples"],
}
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
# Reads the collection as Postman's own library does, and says what it found.
POSTMAN = """
const { Collection } = require("postman-collection");
const made = new Collection(require("./postman.json"));
let requests = 0;
made.forEachItem((item) => {
  requests += 1;
  if (!item.request.url.getHost() || item.responses.count() === 0) throw new Error(item.name);
});
console.log(`${requests} requests`);
"""


def run(*words: str | Path, allowed: tuple[str, ...] = ()) -> str:
    """What it printed. Whatever it printed of a warning or an error is a fault, but for what is ``allowed``."""
    told = subprocess.run(
        [str(word) for word in words], cwd=OUT, env=os.environ | QUIET, capture_output=True, text=True, check=False
    )
    printed = told.stdout + told.stderr
    complaints = [line for line in printed.splitlines() if "warn" in line.lower() or "error" in line.lower()]
    ours = [line for line in complaints if not any(text in line for text in allowed)]
    if told.returncode or ours:
        sys.exit(f"{' '.join(map(str, words))}\n{printed}")
    return printed


NOT_OURS = ("npm warn", "Deprecation warning: Node.js")


def write(site: Site) -> None:
    contracts = {"published": site.contract, "enriched": enriched(site, ORIGIN)}
    for name, contract in contracts.items():
        (OUT / f"{name}.yaml").write_bytes(contract.as_yaml())
    # JSON is YAML. Headers of all answers are named by an extension of ours, which the linter does not look into.
    named = [f"#/components/headers/{header}" for header in site.contract.document[EVERY_ANSWER]]
    ignored = {f"{name}.yaml": {"no-unused-components": named} for name in contracts}
    (OUT / ".redocly.lint-ignore.yaml").write_text(json.dumps(ignored))
    (OUT / "postman.json").write_text(json.dumps(collection(site, ORIGIN)))
    (OUT / "postman.cjs").write_text(POSTMAN)
    (OUT / "package.json").write_text(json.dumps({"private": True, "type": "module"}))
    (OUT / "tsconfig.json").write_text(json.dumps(TSCONFIG))
    (OUT / "samples").mkdir()
    for operation in site.operations:
        found = texts(operation, ORIGIN)
        for key, ending in (("typescript", "ts"), ("tanstack", "hook.ts"), ("javascript", "js")):
            (OUT / "samples" / f"{operation.id}.{ending}").write_text(found[key])


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    site = read(load())
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    write(site)
    subprocess.run(["npm", "install", "--silent", "--no-fund", "--no-audit", *NPM_PACKAGES], cwd=OUT, check=True)
    for name in ("published", "enriched"):
        run("npx", "redocly", "lint", f"{name}.yaml", allowed=NOT_OURS)
        run("npx", "redocly", "build-docs", f"{name}.yaml", "--output", f"{name}.html", allowed=NOT_OURS)
        run("npx", "openapi-typescript", f"{name}.yaml", "--output", f"{name}.d.ts", allowed=NOT_OURS)
        size = (OUT / f"{name}.html").stat().st_size
        say(f"{name}: linted, pages of {size // 1024} KiB built, types generated")
    run("npx", "tsc", allowed=NOT_OURS)
    run("npx", "prettier", "--check", "samples", allowed=NOT_OURS)
    say(f"samples: {2 * len(site.operations)} compiled, {3 * len(site.operations)} formatted")
    say(f"postman: {run('node', 'postman.cjs').strip()} read")


if __name__ == "__main__":
    main()
