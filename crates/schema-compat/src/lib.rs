//! Tells whether a new version of a published document still serves those who hold the old one.
//!
//! [`compare`] takes two JSON Schemas (draft 2020-12, as schemars writes them) and the [`Direction`]
//! in which their values travel; [`compare_sets`] takes two whole folders of documents. Both return
//! every [`Difference`], each with its [`Impact`]; `docs/compatibility.md` holds the rules.
//!
//! How it works: `reader` turns a schema into a `Shape`, the list of alternatives
//! that it accepts, so that a renamed definition or another spelling is no difference. `comparison`
//! walks two shapes side by side and names each `Effect` on the set of accepted
//! values; direction and effect give the impact. What is not understood is compared word for word
//! and, where it differs, breaking.

#![forbid(unsafe_code)]

mod alternative;
mod canonical;
mod change;
mod comparison;
mod data;
mod difference;
mod documents;
mod effect;
mod format;
mod json_type;
mod keywords;
mod number;
mod path;
mod range;
mod reader;
mod shape;

pub use change::{Change, Limit};
pub use difference::{Difference, Impact};
pub use documents::{compare_sets, is_known};
pub use json_type::JsonType;

use serde_json::Value;

/// Which way the values of a document travel, and so who must understand whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Clients write, the Runtime reads: the new schema must accept whatever the old one did.
    Request,
    /// The Runtime writes, clients read: the old schema must accept whatever the new one does, new
    /// variants of a tagged union apart.
    Reply,
}

/// Lists how the schema `new` differs from `old`; documentation and defaults do not count.
#[must_use]
pub fn compare(old: &Value, new: &Value, direction: Direction) -> Vec<Difference> {
    comparison::compare(old, new, direction)
}
