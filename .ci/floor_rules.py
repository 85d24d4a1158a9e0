"""The two rules about imports between the modules of a crate: none goes up a floor, and no loop of them is large."""

LARGEST_LOOP = 3


def broken_floors(crate, floors):
    """An error for each import that goes up, each module on no floor, and each name on a floor that is no module.

    `floors` lists, lowest floor first, the modules of each: `store` with all below it, unless `store/memory` is listed
    as well. The root of the crate is `lib`.
    """
    number_of = {name: number for number, names in enumerate(floors, 1) for name in names}
    place_of = {path: next((name for name in names_of(path) if name in number_of), None) for path in crate.modules}
    modules = {names_of(path)[0] for path in crate.modules}
    for name, number in number_of.items():
        if name not in modules:
            yield f"floor {number} lists `{name}`, which is no module"
    for path, place in place_of.items():
        if place is None:
            yield f"{crate.modules[path].file}: `{names_of(path)[-1]}` is on no floor"
    for used in crate.imports():
        importer, imported = place_of[used.importer], place_of[used.imported]
        if None not in (importer, imported) and number_of[importer] < number_of[imported]:
            yield (
                f"{crate.modules[used.importer].file}:{used.line}: `{importer}` (floor {number_of[importer]}) "
                f"imports `{used.text}` of `{imported}` (floor {number_of[imported]})"
            )


def names_of(path):
    """The names under which a floor may list this module, its own first: `store/memory`, then `store`."""
    return ["/".join(path[:length]) for length in range(len(path), 0, -1)] or ["lib"]


def broken_loops(crate):
    """An error for each group of more than `LARGEST_LOOP` modules that import each other."""
    imports = list(crate.imports())
    for loop in loops(imports):
        if len(loop) <= LARGEST_LOOP:
            continue
        lines = [f"these {len(loop)} modules import each other, at most {LARGEST_LOOP} may:"]
        for used in imports:
            if {used.importer, used.imported} <= loop:
                lines.append(f"{crate.modules[used.importer].file}:{used.line}: imports `{used.text}`")
        yield "\n    ".join(lines)


def loops(imports):
    """The largest groups of modules in which each reaches each other by imports, by Kosaraju's algorithm."""
    ahead, back = {}, {}
    for used in imports:
        ahead.setdefault(used.importer, []).append(used.imported)
        back.setdefault(used.imported, []).append(used.importer)
    seen, finished = set(), []
    for module in ahead:
        finished += reach(module, ahead, seen)
    seen.clear()
    groups = [set(reach(module, back, seen)) for module in reversed(finished)]
    return sorted((group for group in groups if len(group) > 1), key=len, reverse=True)


def reach(start, arrows, seen):
    """All modules not seen before that the arrows reach from here, each after those that it reaches."""
    if start in seen:
        return []
    seen.add(start)
    return [module for end in arrows.get(start, []) for module in reach(end, arrows, seen)] + [start]
