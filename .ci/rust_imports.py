"""Reads from the sources of a Rust crate which of its modules imports which.

Each name is followed through re-exports to the module that defines it. Tests, comments and strings are left out. The
reader expects formatted code: an item of a module starts in the first column.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

COMMENT_OR_LITERAL = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | \bb?r(?P<hashes>\#*)".*?"(?P=hashes) | "(?:\\.|[^"\\])*" | '(?:\\.[^']*|[^\\'])'""",
    re.DOTALL | re.VERBOSE,
)
# What only tests or documentation see is no part of the structure.
LEFT_OUT = re.compile(r"#\[cfg\((?:test|doc|all\(test\b[^\]]*)\)\]\s*(?:#\[[^\]]*\]\s*)*")
VISIBILITY = r"(?:pub(?:\([^)]*\))?\s+)?"
MODULE = re.compile(rf"^{VISIBILITY}mod\s+(\w+)\s*([;{{])", re.MULTILINE)
USE = re.compile(rf"^[ \t]*{VISIBILITY}use\s+([^;]+);", re.MULTILINE)
ITEM = re.compile(
    rf"^{VISIBILITY}(?:(?:async|const|unsafe)\s+)*(?:const|enum|fn|static|struct|trait|type|union)\s+(\w+)",
    re.MULTILINE,
)
USE_TOKEN = re.compile(r"\w+|[{},*]")
# A path that starts with a module: those of types and their functions, `Type::new`, need a `use` of the type.
PATH = re.compile(r"(?<![\w:])[a-z_]\w*(?:::\w+)+")
# The function that an attribute such as `#[serde(with = "crate::wire::number")]` names.
PATH_IN_ATTRIBUTE = re.compile(r'(with = )"((?:crate|self|super)::[\w:]+)"')
RESTRICTED_VISIBILITY = re.compile(r"\bpub\(in [^)]*\)")
ROOT = ()


@dataclass
class Module:
    """A module of a crate; `path` holds the names of its parents and its own."""

    path: tuple
    file: Path
    children: set = field(default_factory=set)
    items: set = field(default_factory=set)
    # Each imported name, and the path of its `use` as written.
    names: dict = field(default_factory=dict)
    # The modules of which it imports everything, as written.
    globs: list = field(default_factory=list)
    # Each path that it names, as written, and the first line that does.
    mentions: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Import:
    """A module that names something of another; `text` is the path as written."""

    importer: tuple
    imported: tuple
    text: str
    line: int


class Crate:
    """The modules of one crate: those that its root file declares, and all below them."""

    def __init__(self, root):
        self.modules = {}
        self._read(ROOT, root, root.parent)

    def imports(self):
        """All imports between two modules, in the order of the sources."""
        for module in self.modules.values():
            for path, line in module.mentions.items():
                imported, _ = self._resolve(module.path, path)
                if imported not in (None, module.path):
                    yield Import(module.path, imported, "::".join(path), line)

    def _read(self, path, file, folder):
        code = PATH_IN_ATTRIBUTE.sub(r"\1 \2 ", file.read_text())
        code = blank(COMMENT_OR_LITERAL, code)
        self._add(path, file, folder, blank(RESTRICTED_VISIBILITY, without_tests(code)))

    def _add(self, path, file, folder, code):
        """Adds the module that has this code, and all below it, whose files are in the folder."""
        module = self.modules[path] = Module(path, file)
        for declaration in MODULE.finditer(code):
            name, opening = declaration.groups()
            child, below = (*path, name), folder / name
            module.children.add(name)
            if opening == "{":
                end = end_of_item(code, declaration.start())
                lines_before = "\n" * code.count("\n", 0, declaration.end())
                self._add(child, file, below, lines_before + dedent(code[declaration.end() : end - 1]))
                code = code[: declaration.start()] + spaces(code[declaration.start() : end]) + code[end:]
            else:
                beside = below.with_suffix(".rs")
                self._read(child, beside if beside.exists() else below / "mod.rs", below)
        module.items = set(ITEM.findall(code))
        read_paths(module, code)

    def _resolve(self, at, path, seen=frozenset()):
        """The module that defines the item of this path, written in module `at`, and whether that is certain.

        The module is None for an item of another crate. A name that no module is seen to define comes from a macro,
        so the last module on the path counts as its definer, which is not certain.
        """
        first = path[0]
        if first == "crate":
            return self._find(ROOT, path[1:], seen)
        if first == "self":
            return self._find(at, path[1:], seen)
        if first == "super":
            while path and path[0] == "super":
                at, path = at[:-1], path[1:]
            return self._find(at, path, seen)
        module = self.modules[at]
        is_of_crate = first in module.children or (first in module.names and (at, first) not in seen)
        return self._find(at, path, seen) if is_of_crate else (None, True)

    def _find(self, at, path, seen):
        """As `_resolve`, for a path whose first name is looked for inside module `at`."""
        if not path:
            return at, True
        module, name, rest = self.modules[at], path[0], path[1:]
        if (at, name) in seen:
            return at, False
        # A module and a function may share a name, but only a module has a path behind it.
        if name in module.children and (rest or name not in module.items | module.names.keys()):
            return self._find((*at, name), rest, seen)
        if name in module.items:
            return at, True
        seen = seen | {(at, name)}
        if name in module.names:
            return self._resolve(at, (*module.names[name], *rest), seen)
        for glob in module.globs:
            found, is_certain = self._resolve(at, (*glob, name, *rest), seen)
            if found is not None and is_certain:
                return found, True
        return at, False


def read_paths(module, code):
    """Adds the names, globs and mentions that this code of the module has."""
    body = blank(USE, code)
    for statement in USE.finditer(code):
        is_public = statement[0].lstrip().startswith("pub")
        for path, name, offset in use_tree(USE_TOKEN.finditer(f"{statement[1]},")):
            if name == "*":
                module.globs.append(path)
            else:
                module.names[name] = path
            # A module that passes on what its children define does not use it, unless its own code names it.
            is_below = path[path[0] == "self" :][0] in module.children
            if not (is_public and is_below) or re.search(rf"\b{re.escape(name)}\b", body):
                module.mentions.setdefault(path, line_at(code, statement.start(1) + offset))
    for path in PATH.finditer(body):
        module.mentions.setdefault(tuple(path[0].split("::")), line_at(code, path.start()))


def use_tree(tokens, prefix=()):
    """Each leaf of the tree of a `use`, as its path, the name that it gets, and its offset in the text."""
    path, name, offset = (), None, 0
    for token in tokens:
        word = token[0]
        if word == "{":
            yield from use_tree(tokens, prefix + path)
            path = ()
        elif word in ",}":
            if path:
                full = prefix + path
                name = name or full[-1 if full[-1] != "self" else -2]
                # `a::{self}` is `a`, and `a::*` is all of `a`.
                yield full[:-1] if full[-1] in ("*", "self") else full, name, offset
            path, name = (), None
            if word == "}":
                return
        elif word == "as":
            name = next(tokens)[0]
        else:
            path, offset = (*path, word), token.start()


def blank(pattern, text):
    """The text with spaces in place of all matches."""
    return pattern.sub(lambda match: spaces(match[0]), text)


def spaces(text):
    """Spaces in place of the text, so that offsets and lines behind it stay."""
    return re.sub(r"[^\n]", " ", text)


def without_tests(code):
    """The code without the items that only tests or documentation see."""
    while attribute := LEFT_OUT.search(code):
        end = end_of_item(code, attribute.end())
        code = code[: attribute.start()] + spaces(code[attribute.start() : end]) + code[end:]
    return code


def end_of_item(code, start):
    """The offset behind the `;` or the `}` that ends the item which starts here."""
    depth = 0
    for mark in re.compile(r"[{};]").finditer(code, start):
        depth += {"{": 1, "}": -1, ";": 0}[mark[0]]
        ends = mark[0] == ";" or not code[mark.end() :].lstrip().startswith(";")
        if depth == 0 and ends:
            return mark.end()
    return len(code)


def line_at(code, offset):
    return code.count("\n", 0, offset) + 1
