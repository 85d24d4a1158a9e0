"""Makes a client with each generator, and tries it with the corpora."""

import pathlib
import re
import shutil
import subprocess
import sys
from importlib.metadata import version

from compare import compared, survived
from corpus import DEFINITIONS
from trial import BUNDLE, HERE, NODE, crate_version, node_version, with_nulls

# Names that quicktype makes up where fields of one name have different types.
ODD_IN_GO = ["Code", "FromClass", "FromType", "ItemElement", "UsageScopeRuntime"]


def typescript(trial):
    """Types only, so values are literals in a program that the compiler must accept, or refuse."""
    folder = trial.folder / "typescript"
    folder.mkdir()
    (folder / "package.json").write_text('{"type": "module"}')
    shutil.copy(NODE / "client.ts", folder)
    trial.run("node", NODE / "typescript.mjs", BUNDLE, trial.path, folder)
    tsc = ["node", NODE / "node_modules/typescript/bin/tsc", "--strict", "--noEmit"]
    tsc += ["--target", "es2022", "--module", "nodenext"]
    trial.run(*tsc, "client.ts", "written.ts", folder=folder)
    done = subprocess.run([*tsc, "wrong.ts"], cwd=folder, capture_output=True, encoding="utf-8")
    refused = {int(line) for line in re.findall(r"^wrong\.ts\((\d+),", done.stdout, re.MULTILINE)}
    # An error in each line but the first, which imports.
    all_lines = range(2, trial.counts["wrong"] + 2)
    trial.expect("TypeScript: lines of wrong.ts with an error", sorted(refused), list(all_lines))

    source = (folder / "generated.ts").read_text()
    names = re.findall(r"^export (?:type|interface) (\w+)", source, re.MULTILINE)
    written = sum("drops" not in line and "unknown" not in line for line in trial.corpora["future"])
    cells = [f"{trial.counts['real']} compile", f"{written} compile; `default:` gives `UnknownX`"]
    cells += [f"{trial.counts['requests']} compile", f"{len(refused)} refused"]
    versions = f"{node_version('json-schema-to-typescript')}, tsc {node_version('typescript')}"
    trial.client_row("json-schema-to-typescript", versions, names, cells)


def python(trial):
    """Returns the requests as a client writes them that puts `null` where nothing is."""
    generated = trial.folder / "generated.py"
    options = ["--input", BUNDLE, "--input-file-type", "jsonschema", "--output", generated]
    options += ["--output-model-type", "pydantic_v2.BaseModel", "--target-python-version", "3.11"]
    options += ["--use-title-as-name", "--use-type-alias", "--enum-field-as-literal", "all"]
    trial.run(sys.executable, "-m", "datamodel_code_generator", *options, "--formatters", "builtin")
    client = HERE / "python/pydantic_client.py"
    answers = trial.run_lines(sys.executable, client, trial.folder, input=trial.text)
    cells = trial.tried("pydantic", answers)
    plain = trial.requests_of(answers, "plain")
    trial.expect_same_answers("pydantic, with nulls", plain)
    cells[2] += f"; {with_nulls(plain)} with nulls mean the same"

    names = re.findall(r"^(?:class (\w+)|(\w+) = TypeAliasType)", generated.read_text(), re.MULTILINE)
    versions = f"{version('datamodel-code-generator')}, pydantic {version('pydantic')}"
    trial.client_row("datamodel-code-generator", versions, [one or other for one, other in names], cells)
    return plain


def rust(trial):
    answers = trial.run_lines(trial.client, "types", input=trial.text)
    cells = trial.tried("typify", answers)
    source = trial.run(trial.client, "source")
    names = re.findall(r"^pub (?:struct|enum) (\w+)", source, re.MULTILINE)
    names += re.findall(r"\b(?:Variant|Subtype|subtype_)\d+\b", source)
    trial.client_row("typify", crate_version("typify"), names, cells)


def go(trial):
    """Returns the program, which knows the patterns of Go as well."""
    folder = trial.folder / "go"
    shutil.copytree(HERE / "go", folder)
    trial.run("node", NODE / "quicktype.mjs", BUNDLE, folder)
    compiler = pathlib.Path(sys.executable).parent / "go"
    # Nothing but the standard library, and nothing outside the folder of this check.
    alone = {"GOPROXY": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"}
    alone |= {"GOCACHE": str(trial.work / "go-cache"), "GOPATH": str(trial.work / "go-path")}
    trial.run(compiler, "build", "-o", "client", ".", folder=folder, **alone)
    client = folder / "client"
    answers = trial.run_lines(client, "types", input=trial.text)

    # One struct stands for a union, so nothing is checked, and of what is unknown only a part remains.
    kinds = {name: [] for name in trial.corpora}
    for line, answer in zip(trial.lines, answers, strict=True):
        kind = compared(line, answer)
        kinds[line["corpus"]].append(kind)
        if line["corpus"] in ("real", "future") and not survived(line, answer):
            trial.failures.append(f"Go: {line} became {answer}")
    trial.expect("Go: requests", kinds["requests"], ["exact"] * trial.counts["requests"])
    trial.expect_same_answers("Go", trial.requests_of(answers))
    cells = [f"{kinds['real'].count('exact')} exact, all but for empty lists"]
    cells += [f"{trial.counts['future']} keep their tag and known fields"]
    cells += [f"{trial.counts['requests']} exact", f"{kinds['wrong'].count('refused')} refused"]

    source = (folder / "generated.go").read_text()
    names = re.findall(r"^type (\w+)", source, re.MULTILINE)
    expected = {f"{name}{ending}".lower() for name in DEFINITIONS for ending in ("", "Type")}
    odd = sorted(name for name in names if name.lower() not in expected)
    trial.expect("Go: odd names", odd, ODD_IN_GO)
    language = trial.run(compiler, "version", folder=folder, **alone).split()[2].removeprefix("go")
    trial.client_row("quicktype, Go", f"{node_version('quicktype-core')}, Go {language}", names, cells)
    return client


def zod(trial):
    answers = trial.run_lines("node", NODE / "zod.mjs", BUNDLE, trial.path)
    cells = trial.tried("zod", answers, drops=False)
    trial.client_row("zod `fromJSONSchema`", node_version("zod"), [], cells)
