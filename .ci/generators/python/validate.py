"""Holds values against the schemas with the package `jsonschema`.

`validate.py FOLDER` checks each schema against its own meta-schema, reads lines `{"document": …, "type": …,
"value": …}` and writes `true` or `false`.
"""

import json
import pathlib
import sys

from jsonschema import Draft202012Validator

folder = pathlib.Path(sys.argv[1])
validators = {}


def validator(document, name):
    schema = json.loads((folder / f"{document}.json").read_text())
    Draft202012Validator.check_schema(schema)
    if document == "yoi":
        schema = {**schema, "$ref": f"#/$defs/{name}"}
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


for line in sys.stdin:
    line = json.loads(line)
    key = line["document"], line["type"]
    if key not in validators:
        validators[key] = validator(*key)
    print(json.dumps(validators[key].is_valid(line["value"])))
