"""Types of pydantic that datamodel-code-generator made, tried with the corpora.

`pydantic_client.py FOLDER` imports `generated.py` of the folder, reads lines `{"type": …, "value": …}` and
writes `{"value": …}`, with `plain` for a dump that is told nothing, or `{"refused": …}`.
"""

import json
import sys

from pydantic import TypeAdapter, ValidationError

sys.path.insert(0, sys.argv[1])
import generated  # noqa: E402

adapters = {}
for line in sys.stdin:
    line = json.loads(line)
    name = line["type"]
    if name not in adapters:
        adapters[name] = TypeAdapter(getattr(generated, name))
    adapter = adapters[name]
    try:
        read = adapter.validate_json(json.dumps(line["value"]))
    except ValidationError as error:
        answer = {"refused": str(error)}
    else:
        answer = {
            "value": adapter.dump_python(read, mode="json", by_alias=True, exclude_unset=True),
            "plain": adapter.dump_python(read, mode="json", by_alias=True),
        }
    print(json.dumps(answer))
