"""The corpora that every generated client and every validator is tried with.

`real` is what a Runtime writes: the golden files and a session with `yoi rpc`. `future` is what a newer
Runtime may write, `requests` is what a client may ask, and `wrong` is what no reader may accept; these three
are kept in `corpus/`. A line names a definition of `schema/yoi.json` and holds a value of it. Beside that,
a line of `future` lists the fields that a reader may drop (`drops`), because it knows the object but not the
field, and the variants that a reader of today does not know (`unknown`), both as JSON pointers.
"""

import copy
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[3]
CORPUS = ROOT / ".ci/generators/corpus"
SCHEMAS = ROOT / "schema"
GOLDEN = ROOT / "crates/worker-runtime/tests/golden"
BUNDLE = json.loads((SCHEMAS / "yoi.json").read_text())
DEFINITIONS = BUNDLE["$defs"]
# The document for validators of each type that has one.
DOCUMENTS = {
    title: path.stem
    for path in sorted(SCHEMAS.glob("*.json"))
    if (title := json.loads(path.read_text())["title"] if path.stem != "openrpc" else None) in DEFINITIONS
}
# The tagged unions that travel as a whole.
UNIONS = ["RuntimeCommand", "RuntimeQuery", "CommandReply", "QueryReply"]
UNIONS += ["RuntimeEvent", "StreamItem", "RuntimeError"]
GOLDEN_TYPES = {
    "commands": "CommandReply",
    "queries": "QueryReply",
    "events": "RuntimeEvent",
    "items": "StreamItem",
    "errors": "RuntimeError",
}


def read(path):
    # `splitlines` would also split at the odd line ends within texts.
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def write(path, lines):
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    path.write_text(text, encoding="utf-8")


def kept(name):
    """The lines of a corpus that is kept in `corpus/`."""
    return read(CORPUS / f"{name}.jsonl")


def golden():
    for folder, name in GOLDEN_TYPES.items():
        for path in sorted((GOLDEN / folder).glob("*.json")):
            value = json.loads(path.read_text())
            yield {"type": name, "value": value}
            if name == "RuntimeEvent":
                # In a stream every event has a cursor.
                yield {"type": "StreamItem", "value": {"cursor": "a cursor", **value}}


def without_repeats(lines):
    return list({json.dumps(line, sort_keys=True): line for line in lines}.values())


def at(value, pointer):
    """What a JSON pointer leads to; `None` where there is nothing."""
    for part in pointer.split("/")[1:]:
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def without(value, pointers):
    """The value without the fields that the pointers lead to."""
    value = copy.deepcopy(value)
    for pointer in pointers:
        parent, _, name = pointer.rpartition("/")
        del at(value, parent)[name]
    return value


def without_nothing(value):
    """The value without nulls, empty lists and empty maps, which some clients do not tell from absence."""
    if isinstance(value, dict):
        fields = {name: without_nothing(field) for name, field in value.items()}
        return {name: field for name, field in fields.items() if field not in (None, [], {})}
    if isinstance(value, list):
        return [without_nothing(item) for item in value]
    return value


def has_null(value):
    if isinstance(value, dict):
        value = list(value.values())
    return value is None or (isinstance(value, list) and any(map(has_null, value)))


def same(one, other):
    """Equality of JSON: the order of fields means nothing, `true` is not 1, and numbers are doubles."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return float(one) == float(other)
    return one == other


def variants(definition):
    """The variants of a union, those of the unions within it included."""
    branches = DEFINITIONS[definition].get("oneOf", [])
    for branch in branches:
        if "$ref" in branch:
            yield from variants(branch["$ref"].rpartition("/")[2])
        elif "properties" in branch:
            yield branch


def tag(variant):
    """The field that tells a variant from others, and its value; `None` for other schemas."""
    for name in ("type", "code"):
        value = variant.get("properties", {}).get(name, {}).get("const")
        if isinstance(value, str):
            return name, value
    return None
