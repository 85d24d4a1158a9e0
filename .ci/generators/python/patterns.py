"""The patterns in the schemas, and odd texts for which all engines of patterns must say the same."""

import json
import random
import re

import pcre2

from corpus import SCHEMAS

# What some engine takes for the end of a line, for a space or for a control, and what is longer than it looks.
ODD = [
    *map(chr, range(0x21)),
    "\x7f",
    "\x80",
    "\x85",
    "\x9f",
    "\xa0",
    "\xad",
    "\u0301",
    "\u061c",
    "\u1680",
    "\u180e",
    "\u2000",
    "\u200b",
    "\u200d",
    "\u200e",
    "\u200f",
    "\u2028",
    "\u2029",
    "\u202a",
    "\u202e",
    "\u202f",
    "\u205f",
    "\u2060",
    "\u2066",
    "\u2069",
    "\u3000",
    "\ufeff",
    "\ufffd",
    "\uffff",
    "\U00010000",
    "\U0001f600",
    "\U0010ffff",
]
PLAIN = [
    "a",
    "Z",
    "0",
    "é",
    "_",
    "-",
    "@",
    "/",
    "//",
    "\\",
    ".",
    "..",
    "./",
    "/..",
    "^",
    "$",
    " ",
    "agent",
    "workspace/app",
]
ID = "018bcfe5-6800-7000-8000-000000000002"


def patterns():
    """Every `pattern` in every document, also within `not`."""
    found = set()

    def look(schema):
        if isinstance(schema, dict):
            if isinstance(schema.get("pattern"), str):
                found.add(schema["pattern"])
            schema = list(schema.values())
        if isinstance(schema, list):
            for part in schema:
                look(part)

    for path in sorted(SCHEMAS.glob("*.json")):
        look(json.loads(path.read_text()))
    return sorted(found)


def texts():
    """Each odd character alone and around plain texts, ids with something wrong, and a mixture."""
    yield from ("", ID, ID.upper(), ID * 2, "x" * 5000, "é" * 5000)
    for odd in ODD:
        yield from (
            odd,
            odd * 2,
            f"a{odd}",
            f"{odd}a",
            f"a{odd}b",
            f"a/{odd}",
            f"a/..{odd}",
            f"..{odd}",
            f"/{odd}",
            f"a/{odd}/",
        )
        yield from (f"{ID}{odd}", f"{odd}{ID}", f"{ID[:8]}{odd}{ID[9:]}", f"{ID[:-1]}{odd}")
    mixture = random.Random(20)
    for _ in range(2000):
        yield "".join(mixture.choice(mixture.choice((ODD, PLAIN))) for _ in range(mixture.randint(1, 9)))


def of_python(patterns, texts):
    return [[bool(re.search(pattern, text)) for text in texts] for pattern in patterns]


def of_pcre2(patterns, texts):
    compiled = [pcre2.compile(pattern) for pattern in patterns]
    return [[pattern.search(text) is not None for text in texts] for pattern in compiled]
