"""Asks three validators about the cases, and five engines of patterns about odd texts."""

import json
import sys
from importlib.metadata import version

import corpus
import patterns
from cases import cases
from trial import HERE, NODE, SCHEMAS, crate_version, node_version


def validators(trial, plain):
    lines = list(cases(trial.corpora, plain))
    documents = {line["document"] for line in lines}
    trial.expect("documents with cases", documents, {"yoi", *corpus.DOCUMENTS.values()})
    path = trial.folder / "cases.jsonl"
    corpus.write(path, lines)
    text = path.read_text(encoding="utf-8")
    python = [sys.executable, HERE / "python/validate.py", SCHEMAS]
    tools = [
        ("ajv, strict", node_version("ajv"), ["node", NODE / "validate.mjs", SCHEMAS, path], None),
        ("jsonschema, Python", version("jsonschema"), python, text),
        ("jsonschema, Rust", crate_version("jsonschema"), [trial.client, "validate", SCHEMAS], text),
    ]
    for tool, of, command, input in tools:
        found = {}
        for line, verdict in zip(lines, trial.run_lines(*command, input=input), strict=True):
            key = line["corpus"], "valid" if verdict else "refused"
            found[key] = found.get(key, 0) + 1
            if verdict != line["valid"]:
                trial.failures.append(f"{tool}: {json.dumps(line)} is found {key[1]}")
        names = list(trial.corpora)
        cells = [", ".join(f"{n} {kind}" for (of, kind), n in found.items() if of == name) for name in names]
        trial.rows.append([tool, of, "yes", "–", "–", *cells])


def engines(trial, go):
    """Returns a sentence on what was tried."""
    found, texts = patterns.patterns(), list(dict.fromkeys(patterns.texts()))
    question = json.dumps({"patterns": found, "texts": texts})
    javascript = json.loads(trial.run("node", NODE / "patterns.mjs", input=question))
    verdicts = {
        "ECMA-262 with `u`": javascript["with"],
        "ECMA-262": javascript["without"],
        "Python": patterns.of_python(found, texts),
        "PCRE2": patterns.of_pcre2(found, texts),
        "RE2 of Go": json.loads(trial.run(go, "patterns", input=question)),
    }
    for engine, rows in verdicts.items():
        for pattern, row, right in zip(found, rows, verdicts["ECMA-262 with `u`"], strict=True):
            odd = [text for text, one, other in zip(texts, row, right, strict=True) if one != other]
            trial.expect(f"{engine}: texts that {pattern!r} judges otherwise", odd, [])
    return f"{len(found)} patterns: the same verdict on {len(texts)} texts in {len(verdicts)} engines"
