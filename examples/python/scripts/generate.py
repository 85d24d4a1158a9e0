"""Makes the models of the wire and the methods of the client, from the documents in `schema/`.

python scripts/generate.py [FOLDER]    where yoi.json and rpc.json are, if not in this repository
"""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = ROOT.parents[1] / "schema"
GENERATED = ROOT / "src" / "yoi_client" / "generated"

OPTIONS = """
    --input-file-type jsonschema --output-model-type pydantic_v2.BaseModel
    --target-python-version 3.11 --use-union-operator --use-annotated --use-type-alias
    --enum-field-as-literal all --use-title-as-name --use-one-literal-as-default
    --allow-population-by-field-name --formatters builtin --disable-timestamp --disable-warnings
""".split()

HEAD = '''"""Generated from schema/rpc.json: a method for each command and query."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TypeVar

from pydantic import BaseModel

from .models import (
{imports}
)

Reply = TypeVar("Reply", bound=BaseModel)


class Methods(ABC):
    """The commands and queries. `timeout` is in seconds; without it, the client's own counts."""

    @abstractmethod
    async def _call(self, request: BaseModel, reply: type[Reply], timeout: float | None) -> Reply: ...
'''

METHOD = '''
    async def {name}(
        self, *, {parameters}timeout: float | None = None
    ) -> {reply}:
        """{description}"""
        request = {request}({arguments})
        return await self._call(request, {reply}, timeout)
'''


def generate(schemas: Path) -> None:
    GENERATED.mkdir(parents=True, exist_ok=True)
    models = GENERATED / "models.py"
    tool = [sys.executable, "-m", "datamodel_code_generator"]
    files = ["--input", str(schemas / "yoi.json"), "--output", str(models)]
    subprocess.run([*tool, *files, *OPTIONS], check=True)

    table = json.loads((schemas / "rpc.json").read_text("utf-8"))
    methods = methods_of(table["methods"], ast.parse(models.read_text("utf-8")))
    (GENERATED / "methods.py").write_text(methods, "utf-8")
    (GENERATED / "__init__.py").write_text('"""Generated from the documents in schema/."""\n', "utf-8")


def methods_of(table: list[dict[str, Any]], models: ast.Module) -> str:
    """The module of methods. Each has the fields of its request as parameters."""
    classes = {node.name: node for node in models.body if isinstance(node, ast.ClassDef)}
    aliases = {
        target.id
        for node in models.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    used: set[str] = set()
    methods = []
    for method in table:
        if method["kind"] == "subscription":
            continue
        request, reply = method["params"]["title"], method["result"]["title"]
        used |= {request, reply}
        fields = list(fields_of(classes[request]))
        for _, annotation, _ in fields:
            names = {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}
            used |= names & (classes.keys() | aliases)
        parameters = (
            f"{name}: {ast.unparse(annotation)}{' = None' if is_optional else ''}, "
            for name, annotation, is_optional in fields
        )
        methods.append(
            METHOD.format(
                name=method["name"],
                description=method["description"],
                request=request,
                reply=reply,
                parameters="".join(parameters),
                arguments=", ".join(f"{name}={name}" for name, _, _ in fields),
            )
        )
    imports = "\n".join(f"    {name}," for name in sorted(used))
    return HEAD.format(imports=imports) + "".join(methods)


def fields_of(model: ast.ClassDef) -> Iterator[tuple[str, ast.expr, bool]]:
    """Name, type and optionality of each field but the tag."""
    for node in model.body:
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        annotation = node.annotation
        if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "Annotated":
            assert isinstance(annotation.slice, ast.Tuple)
            annotation = annotation.slice.elts[0]
        if node.target.id != "type":
            yield node.target.id, annotation, node.value is not None


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else SCHEMAS)
