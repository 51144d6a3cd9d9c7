"""Clients generated from openapi/dist/openapi.yaml compile and call a running server: `make clients`.

Everything is made below `clients/`. The TypeScript client needs Node and npm.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from contract.loader import OPENAPI, ROOT
from tests.processes.biore import Biore

HERE = Path(__file__).parent
OUT = ROOT / "clients"
CONTRACT = OPENAPI / "dist" / "openapi.yaml"
NPM_PACKAGES = ("openapi-typescript@7", "openapi-fetch@0.17", "typescript@5", "@types/node@20")
TSCONFIG = {
    "compilerOptions": {
        "strict": True,
        "noUncheckedIndexedAccess": True,
        "module": "nodenext",
        "target": "es2022",
        "types": ["node"],
        "outDir": "built",
    },
    "files": ["walk.ts", "api.d.ts"],
}


def command(*words: str | Path, folder: Path = OUT) -> None:
    subprocess.run([str(word) for word in words], cwd=folder, check=True)


def python_client() -> list[str]:
    """Generate, install and type-check; how to run the walk."""
    binaries = OUT / "venv" / "bin"
    command(sys.executable, "-m", "venv", OUT / "venv")
    command(binaries / "pip", "install", "--quiet", "openapi-python-client~=0.29.1", "mypy", "ruff")
    generator = binaries / "openapi-python-client"
    # The generator formats its work with the ruff beside it.
    subprocess.run(
        [generator, "generate", "--path", CONTRACT, "--output-path", "python", "--overwrite", "--fail-on-warning"],
        cwd=OUT,
        env={"PATH": f"{binaries}:/usr/bin:/bin"},
        check=True,
    )
    command(binaries / "pip", "install", "--quiet", OUT / "python")
    command(binaries / "mypy", "--strict", HERE / "walk.py")
    return [str(binaries / "python"), str(HERE / "walk.py")]


def typescript_client() -> list[str]:
    """Generate and compile; how to run the walk."""
    folder = OUT / "typescript"
    folder.mkdir()
    shutil.copy(HERE / "walk.ts", folder)
    (folder / "package.json").write_text(json.dumps({"private": True, "type": "module"}))
    (folder / "tsconfig.json").write_text(json.dumps(TSCONFIG))
    command("npm", "install", "--silent", "--no-fund", "--no-audit", *NPM_PACKAGES, folder=folder)
    command("npx", "openapi-typescript", CONTRACT, "--output", "api.d.ts", folder=folder)
    command("npx", "tsc", folder=folder)
    return ["node", str(folder / "built" / "walk.js")]


def main() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    walks = [python_client(), typescript_client()]
    with tempfile.TemporaryDirectory() as data_dir, Biore(Path(data_dir)) as biore:
        for walk in walks:
            subprocess.run([*walk, f"{biore.origin}/api/v1"], check=True)


if __name__ == "__main__":
    main()
