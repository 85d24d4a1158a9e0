"""What all tools are tried with, and what is expected of each."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import corpus
import session
from compare import compared
from corpus import ROOT, SCHEMAS, has_null

HERE = ROOT / ".ci/generators"
NODE = HERE / "node"
BUNDLE = SCHEMAS / "yoi.json"


class Trial:
    """The corpora, a folder for what is generated, and a list of all that is not as expected."""

    def __init__(self, yoi, work, client):
        self.yoi, self.work, self.client = yoi, work, client
        self.failures, self.rows = [], []
        self.folder = work / "generated"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.corpora = {"real": session.real(yoi)}
        self.corpora |= {name: corpus.kept(name) for name in ("future", "requests", "wrong")}
        self.counts = {name: len(lines) for name, lines in self.corpora.items()}
        self.lines = [{**line, "corpus": name} for name, lines in self.corpora.items() for line in lines]
        self.path = self.folder / "corpus.jsonl"
        corpus.write(self.path, self.lines)
        self.text = self.path.read_text(encoding="utf-8")
        self.expect_coverage()
        self.right_answers = self.sent("corpus", [line["value"] for line in self.corpora["requests"]])

    def expect(self, what, found, expected):
        if found != expected:
            self.failures.append(f"{what}: {found}, not {expected}")

    def run(self, *command, input=None, folder=None, **environment):
        """Runs a program and returns what it wrote. It may not fail, and may say nothing on stderr."""
        command = [str(part) for part in command]
        environment = {**os.environ, **environment}
        done = subprocess.run(
            command, input=input, cwd=folder, env=environment, capture_output=True, encoding="utf-8"
        )
        name = " ".join(pathlib.Path(part).name for part in command[:3])
        if done.returncode != 0:
            sys.exit(f"{name} failed with {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
        self.expect(f"stderr of {name}", done.stderr, "")
        return done.stdout

    def run_lines(self, *command, **options):
        return [json.loads(line) for line in self.run(*command, **options).split("\n") if line]

    def expect_coverage(self):
        """No variant, no field of a request and no open list or union may go untried."""
        of_type = {}
        for line in self.corpora["real"] + self.corpora["requests"]:
            of_type.setdefault(line["type"], []).append(line["value"])
        for name in corpus.UNIONS:
            tags = [corpus.tag(variant) for variant in corpus.variants(name)]
            found = [tag for field, tag in tags if any(value[field] == tag for value in of_type[name])]
            self.expect(f"variants of {name} in the corpora", found, [tag for _, tag in tags])
        for name in ("RuntimeCommand", "RuntimeQuery"):
            for variant in corpus.variants(name):
                field, tag = corpus.tag(variant)
                given = {name for value in of_type[name] if value[field] == tag for name in value}
                self.expect(f"fields of {tag} in `requests`", sorted(given), sorted(variant["properties"]))
        marked = {name for name, schema in corpus.DEFINITIONS.items() if schema.get("x-yoi-open")}
        untried = marked - {line["type"] for line in self.corpora["future"]}
        self.expect("open lists and unions of which `future` has nothing new", sorted(untried), [])

    def tried(self, tool, answers, drops=True):
        """Expects that a client read and wrote everything as it was, and returns the cells of its row.

        `drops` says whether the client drops fields that it does not know.
        """
        found = {name: {} for name in self.corpora}
        for line, answer in zip(self.lines, answers, strict=True):
            kind = compared(line, answer)
            kinds = found[line["corpus"]]
            kinds[kind] = kinds.get(kind, 0) + 1
            if kind == "other" or (kind == "refused") != (line["corpus"] == "wrong"):
                self.failures.append(f"{tool}: {json.dumps(line)} became {json.dumps(answer)}")
        dropped = sum("drops" in line for line in self.corpora["future"]) if drops else 0
        future = {"exact": self.counts["future"] - dropped, **({"but for fields": dropped} if dropped else {})}
        expected = {
            "real": {"exact": self.counts["real"]},
            "future": future,
            "requests": {"exact": self.counts["requests"]},
            "wrong": {"refused": self.counts["wrong"]},
        }
        self.expect(f"{tool}: all corpora", found, expected)
        self.expect_same_answers(tool, self.requests_of(answers))
        return [", ".join(f"{count} {kind}" for kind, count in kinds.items()) for kinds in found.values()]

    def requests_of(self, answers, field="value"):
        lines = zip(self.lines, answers, strict=True)
        return [answer.get(field) for line, answer in lines if line["corpus"] == "requests"]

    def expect_same_answers(self, tool, requests):
        """Sends requests that a client wrote to a new Runtime, which must answer as it should."""
        answers = self.sent(tool, requests)
        self.expect(f"{tool}: requests mean the same", answers == self.right_answers, True)

    def sent(self, tool, values):
        lines = self.corpora["requests"]
        answers = session.send(self.yoi, [{**line, "value": value} for line, value in zip(lines, values)])
        for line, value, answer in zip(lines, values, answers, strict=True):
            self.expect(f"{tool}: the answer to {json.dumps(value)}", session.outcome(answer), line["answer"])
        return answers

    def client_row(self, tool, version, names, cells):
        """Adds a row of the table. No type may be named by a number."""
        made_up = sorted({name for name in names if re.search(r"\d", name)})
        self.expect(f"{tool}: made-up names", made_up, [])
        figures = [len(set(names)), len(made_up)] if names else ["–", "–"]
        self.rows.append([tool, version, "yes", *map(str, figures), *cells])

    def table(self):
        header = ["tool", "version", "runs", "types", "made-up names"]
        header += [f"{name} {count}" for name, count in self.counts.items()]
        rows = [header, ["---"] * len(header), *self.rows]
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def with_nulls(requests):
    return sum(map(has_null, requests))


def node_version(package):
    return json.loads((NODE / "package.json").read_text())["devDependencies"][package]


def crate_version(name):
    lock = (HERE / "rust/Cargo.lock").read_text()
    return re.search(rf'name = "{name}"\nversion = "(.*)"', lock)[1]
