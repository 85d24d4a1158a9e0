//! Checks whether a new version of a JSON Schema is compatible with the clients of the old one.
//!
//! [`compare`] takes two JSON Schemas (draft 2020-12, as schemars writes them) and the
//! [`Direction`] in which their values travel; [`compare_sets`] takes two whole folders of
//! documents. Both return every [`Difference`], each with its [`Impact`]; `docs/compatibility.md`
//! holds the rules.
//!
//! The module `reader` turns a schema into a `Shape`, the list of alternatives that it accepts, so
//! that another spelling is not a difference. The module `comparison` walks two shapes side by side
//! and finds the `Effect` of each change on the set of accepted values. Direction and effect give
//! the impact. Parts that are not understood are compared word for word, and a difference in them
//! is breaking.
//!
//! The module `names` compares what the shapes leave out: definitions and titles, of which
//! generators make the names of types. In folders, the module `round_trip` finds what clients
//! receive and cannot send back, and the module `bundle` compares the document that holds all
//! types.

#![forbid(unsafe_code)]

mod alternative;
mod bundle;
mod canonical;
mod change;
mod comparison;
mod data;
mod difference;
mod direction;
mod documents;
mod effect;
mod format;
mod json_type;
mod keywords;
mod names;
mod number;
mod path;
mod pattern;
mod range;
mod reader;
mod roots;
mod round_trip;
mod shape;

pub use change::{Change, Limit};
pub use difference::{Difference, Impact};
pub use direction::Direction;
pub use documents::{compare_sets, is_known};
pub use json_type::JsonType;

use serde_json::Value;

/// Lists the differences between the schemas `old` and `new`: those of the values that they accept,
/// then those of the names that generated code has. Documentation and defaults are ignored.
#[must_use]
pub fn compare(old: &Value, new: &Value, direction: Direction) -> Vec<Difference> {
    let mut differences = comparison::documents(old, new, direction);
    differences.extend(names::compare(old, new));
    differences
}
