#!/usr/bin/env python3
"""Tests of the check of floors and loops, on made-up crates."""

import tempfile
import unittest
from pathlib import Path

from floor_rules import broken_floors, broken_loops
from rust_imports import Crate


class MadeUpCrate(unittest.TestCase):
    def crate(self, **sources):
        """A crate of these sources; `a__b` is the file `a/b.rs`."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for name, text in sources.items():
            file = Path(folder.name, *name.split("__")).with_suffix(".rs")
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        return Crate(Path(folder.name, "lib.rs"))

    def arrows(self, **sources):
        """Each import of such a crate as `importer > imported`."""
        return [f"{'/'.join(used.importer)} > {'/'.join(used.imported)}" for used in self.crate(**sources).imports()]


class Imports(MadeUpCrate):
    def test_a_re_export_leads_to_the_module_that_defines_the_name(self):
        arrows = self.arrows(
            lib="mod low;\nmod shop;\n",
            low="use crate::shop::Apple;\n",
            shop="mod fruit;\npub use fruit::Fruit as Apple;\n",
            shop__fruit="pub struct Fruit;\n",
        )
        self.assertEqual(arrows, ["low > shop/fruit"])

    def test_a_re_export_of_everything_leads_there_too(self):
        arrows = self.arrows(
            lib="mod low;\nmod shop;\npub use shop::*;\n",
            low="use crate::Fruit;\n",
            shop="mod fruit;\nmod root;\npub use self::{fruit::*, root::*};\n",
            shop__fruit="pub(crate) enum Fruit {\n    Pear,\n}\n",
            shop__root="pub(crate) enum Root {}\n",
        )
        self.assertEqual(arrows, ["low > shop/fruit"])

    def test_every_leaf_of_a_tree_counts_with_its_line(self):
        crate = self.crate(
            lib="mod a;\nmod b;\nmod c;\n",
            a="use crate::{\n    b::{self, B as Renamed},\n    c::C,\n};\n",
            b="pub struct B;\n",
            c="pub struct C;\n",
        )
        found = [(used.text, used.line) for used in crate.imports()]
        self.assertEqual(found, [("crate::b", 2), ("crate::b::B", 2), ("crate::c::C", 3)])

    def test_paths_inside_code_and_attributes_count(self):
        arrows = self.arrows(
            lib="mod a;\nmod b;\nmod c;\nmod d;\nmod e;\n",
            a='use crate::e;\n\nfn a() {\n    crate::b::b();\n    super::c::c();\n    e::f();\n}\n\n#[serde(with = "crate::d::d")]\nstruct A;\n',
            b="pub fn b() {}\n",
            c="pub fn c() {}\n",
            d="pub fn d() {}\n",
            e="pub use crate::b::b as f;\n",
        )
        self.assertEqual(sorted(arrows), ["a > b", "a > b", "a > c", "a > d", "a > e", "e > b"])

    def test_a_name_that_a_macro_defines_is_of_the_module_on_its_path(self):
        arrows = self.arrows(lib="mod a;\nmod b;\n", a="use crate::b::Made;\n", b="make! { Made }\n")
        self.assertEqual(arrows, ["a > b"])

    def test_tests_comments_strings_and_other_crates_do_not_count(self):
        arrows = self.arrows(
            lib="mod a;\nmod b;\nmod core;\n",
            a="""//! See [crate::b::B].
use core::fmt;
#[cfg(test)]
use crate::b::B;
/* crate::b::B */
const A: &str = "crate::b::B \\" crate::b::B";
const R: &str = r#"" crate::b::B "#;
fn a<'a>(_: &'a str) -> char {
    '"'
}
#[cfg(test)]
mod tests {
    use crate::b::B;
    fn t() {
        if B {}
    }
}
#[cfg(test)]
mod more_tests;
""",
            b="pub struct B;\n",
            core="",
        )
        self.assertEqual(arrows, [])

    def test_a_module_inside_a_file_counts_with_its_lines(self):
        crate = self.crate(
            lib="mod a;\nmod b;\npub mod face {\n    pub use crate::a::A;\n    pub use super::b::B;\n}\n",
            a="use crate::face::B;\npub struct A;\n",
            b="pub struct B;\n",
        )
        found = [(used.importer, used.imported, used.line) for used in crate.imports()]
        self.assertEqual(sorted(found), [(("a",), ("b",), 1), (("face",), ("a",), 4), (("face",), ("b",), 5)])


class Floors(MadeUpCrate):
    CRATE = {
        "lib": "mod high;\nmod low;\n",
        "low": "\nuse super::high::deep::Deep;\n",
        "high": "pub(crate) mod deep;\n",
        "high__deep": "pub struct Deep;\n",
    }

    def broken(self, *floors, **sources):
        return list(broken_floors(self.crate(**(sources or self.CRATE)), floors))

    def test_an_import_that_goes_up_is_an_error(self):
        (error,) = self.broken(["low"], ["high"], ["lib"])
        self.assertRegex(error, r"/low\.rs:2: `low` \(floor 1\) imports `super::high::deep::Deep` of `high` \(floor 2\)")

    def test_one_through_a_re_export_is_found(self):
        (error,) = self.broken(
            ["low"],
            ["high"],
            ["lib"],
            lib="mod high;\nmod low;\npub use high::High;\n",
            low="use crate::High;\n",
            high="pub struct High;\n",
        )
        self.assertIn("of `high` (floor 2)", error)

    def test_imports_that_go_down_or_stay_are_none(self):
        self.assertEqual(self.broken(["high"], ["low"], ["lib"]), [])
        self.assertEqual(self.broken(["high", "low"], ["lib"]), [])

    def test_a_module_below_another_may_have_a_floor_of_its_own(self):
        self.assertEqual(self.broken(["high/deep"], ["low"], ["high"], ["lib"]), [])

    def test_a_module_on_no_floor_is_an_error(self):
        (error,) = self.broken(["high"], ["lib"])
        self.assertRegex(error, r"/low\.rs: `low` is on no floor")

    def test_a_floor_without_its_module_is_an_error(self):
        self.assertEqual(self.broken(["high", "gone"], ["low"], ["lib"]), ["floor 1 lists `gone`, which is no module"])


class Loops(MadeUpCrate):
    def ring(self, length):
        """A crate whose modules import each the next, and the last the first."""
        names = "abcdef"[:length]
        sources = {name: f"use crate::{after}::X;\npub struct X;\n" for name, after in zip(names, names[1:] + names[0])}
        return self.crate(lib="".join(f"mod {name};\n" for name in names), **sources)

    def test_three_modules_may_import_each_other_and_four_may_not(self):
        self.assertEqual(list(broken_loops(self.ring(3))), [])
        (error,) = broken_loops(self.ring(4))
        self.assertIn("these 4 modules", error)
        self.assertRegex(error, r"/d\.rs:1: imports `crate::a::X`")

    def test_a_parent_that_passes_on_its_children_is_in_no_loop(self):
        children = {f"p__{name}": f"use super::X{after};\npub struct X{name};\n" for name, after in ["ab", "bc", "cd"]}
        parent = "mod a;\nmod b;\nmod c;\nmod d;\npub use self::{a::Xa, b::Xb, c::Xc, d::Xd};\n"
        crate = self.crate(lib="mod p;\n", p=parent, **children, p__d="use super::P;\npub struct Xd;\n")
        self.assertEqual(list(broken_loops(crate)), [])

    def test_a_parent_that_uses_its_children_may_be_in_one(self):
        children = {f"p__{name}": "use super::P;\npub struct X;\n" for name in "abc"}
        crate = self.crate(lib="mod p;\n", p="mod a;\nmod b;\nmod c;\npub struct P(a::X, b::X, c::X);\n", **children)
        self.assertEqual(len(list(broken_loops(crate))), 1)


if __name__ == "__main__":
    unittest.main()
