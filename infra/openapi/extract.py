"""Extract from GitHub's OpenAPI description what the stand-in GitHub serves.

Fetches the npm package `@octokit/openapi` (MIT) into a temporary folder and writes

* `layers/app/dishwasher/demo/github/openapi/requests.json`: parameters and bodies of the operations
  in `operations.txt`, as JSON Schema with every reference resolved;
* `tests/demo/github/responses.json`: their answers and the webhook payloads, with shared `$defs`.

    python infra/openapi/extract.py [--package FOLDER]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PACKAGE = "@octokit/openapi@23.0.2"
DESCRIPTION = "generated/api.github.com.json"
METHODS = ("get", "post", "put", "patch", "delete")

# Words for people, not for validators: most of the description's size.
PROSE = frozenset({"description", "example", "examples", "externalDocs", "title", "deprecated"})
PROSE |= {"default", "readOnly", "writeOnly"}
# Keywords whose values are maps from a name to a schema: a property may be called "title".
NAMED = frozenset({"properties", "patternProperties"})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=Path, help="an unpacked @octokit/openapi")
    package: Path | None = parser.parse_args().package
    with tempfile.TemporaryDirectory() as scratch:
        folder = package or download(Path(scratch))
        spec = json.loads((folder / DESCRIPTION).read_text("utf-8"))
        licence = (folder / "LICENSE").read_text("utf-8")
    served = (HERE / "operations.txt").read_text("utf-8").split()
    events = (HERE / "webhooks.txt").read_text("utf-8").split()
    product = ROOT / "layers/app/dishwasher/demo/github/openapi"
    tests = ROOT / "tests/demo/github"
    write(product / "requests.json", requests(spec, served))
    write(tests / "responses.json", responses(spec, served, events))
    for folder in (product, tests):
        (folder / "LICENSE.octokit-openapi").write_text(licence, "utf-8")
    return 0


def download(scratch: Path) -> Path:
    """Install the package without running its scripts; answer its folder."""
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", PACKAGE]
    subprocess.run(command, cwd=scratch, check=True)
    return scratch / "node_modules/@octokit/openapi"


def operations(spec: Json, served: list[str]) -> Iterator[tuple[str, str, Json]]:
    """(method, path, operation) for each name served; a name nobody knows is an error."""
    missing = set(served)
    for path, methods in spec["paths"].items():
        for method in METHODS:
            if (operation := methods.get(method)) and operation["operationId"] in missing:
                missing.discard(operation["operationId"])
                yield method.upper(), path, operation
    if missing:
        raise SystemExit(f"not in GitHub's description: {', '.join(sorted(missing))}")


def requests(spec: Json, served: list[str]) -> Json:
    found = {}
    for method, path, operation in operations(spec, served):
        entry: Json = {"id": operation["operationId"], "parameters": {"path": {}, "query": {}}}
        for raw in operation.get("parameters", []):
            parameter = lookup(spec, raw["$ref"]) if "$ref" in raw else raw
            if parameter["in"] in entry["parameters"]:
                schema = resolved(spec, parameter["schema"])
                entry["parameters"][parameter["in"]][parameter["name"]] = schema
        if body := operation.get("requestBody"):
            schema = body["content"]["application/json"]["schema"]
            entry["body"] = resolved(spec, schema)
            entry["body_required"] = body.get("required", False)
        found[f"{method} {path}"] = entry
    return {"source": source(spec), "operations": found}


def responses(spec: Json, served: list[str], events: list[str]) -> Json:
    definitions: Json = {}
    answers: Json = {}
    for method, path, operation in operations(spec, served):
        by_status = answers[f"{method} {path}"] = {}
        for status, raw in operation["responses"].items():
            response = lookup(spec, raw["$ref"]) if "$ref" in raw else raw
            content = response.get("content", {}).get("application/json")
            by_status[status] = shared(spec, content["schema"], definitions) if content else None
    hooks: Json = {}
    for event in events:
        content = spec["x-webhooks"][event]["post"]["requestBody"]["content"]
        hooks[event] = shared(spec, content["application/json"]["schema"], definitions)
    return {"source": source(spec), "answers": answers, "webhooks": hooks, "$defs": definitions}


def source(spec: Json) -> Json:
    return {"package": PACKAGE, "version": spec["info"]["version"], "licence": "MIT"}


def lookup(spec: Json, reference: str) -> Json:
    node: Any = spec
    for part in reference.removeprefix("#/").split("/"):
        node = node[part.replace("~1", "/").replace("~0", "~")]
    assert isinstance(node, dict)
    return node


def resolved(spec: Json, schema: Any) -> Any:
    """The schema as JSON Schema, with each reference replaced by what it names."""
    if isinstance(schema, dict) and "$ref" in schema:
        return resolved(spec, lookup(spec, schema["$ref"]))
    return translated(schema, lambda inner: resolved(spec, inner))


def shared(spec: Json, schema: Any, definitions: Json) -> Any:
    """The schema as JSON Schema, with what it refers to put once into `definitions`."""
    if isinstance(schema, dict) and "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        if name not in definitions:
            definitions[name] = True  # placed before descending: some schemas are recursive
            definitions[name] = shared(spec, lookup(spec, schema["$ref"]), definitions)
        return {"$ref": f"#/$defs/{name}"}
    return translated(schema, lambda inner: shared(spec, inner, definitions))


def translated(schema: Any, inner: Any) -> Any:
    """OpenAPI 3.0 to JSON Schema: drop prose, spell `nullable` as a type."""
    if isinstance(schema, list):
        return [inner(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result: Json = {}
    for key, value in schema.items():
        if key in NAMED:
            result[key] = {name: inner(item) for name, item in value.items()}
        elif key not in PROSE and not key.startswith("x-") and key != "nullable":
            result[key] = value if key in ("enum", "required") else inner(value)
    return nullable(result) if schema.get("nullable") else result


def nullable(schema: Json) -> Json:
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return schema | {"type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def write(path: Path, document: Json) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, separators=(",", ":"), sort_keys=True) + "\n", "utf-8")
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
