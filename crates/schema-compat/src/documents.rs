//! Compares folders of documents, each by the use that its name implies.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Change, Difference, Direction, Impact, bundle, data, round_trip};

/// The use of a document.
#[derive(Debug, Clone, Copy)]
enum Role {
    Schema(Direction),
    /// The document holds all types as definitions, and each has its own use.
    Bundle,
    /// The document is plain data and not a schema.
    Data,
    /// The document is derived from the others and may change freely.
    Derived,
}

const ROLES: [(&str, Role); 12] = [
    ("runtime_command", Role::Schema(Direction::Request)),
    ("runtime_query", Role::Schema(Direction::Request)),
    ("subscribe", Role::Schema(Direction::Request)),
    ("command_reply", Role::Schema(Direction::Answer)),
    ("query_reply", Role::Schema(Direction::Answer)),
    ("runtime_event", Role::Schema(Direction::Reply)),
    ("stream_item", Role::Schema(Direction::Reply)),
    ("runtime_error", Role::Schema(Direction::Reply)),
    ("yoi", Role::Bundle),
    ("lifecycle", Role::Data),
    ("rpc", Role::Data),
    ("openrpc", Role::Derived),
];

/// Lists the differences between two sets of documents by file name.
///
/// The name, with or without `.json`, determines whether a document is a schema of requests, a
/// schema of replies, a bundle of definitions or plain data. A document of another name may be added. A change in such a
/// document is breaking, because its use is not known.
#[must_use]
pub fn compare_sets(
    old: &BTreeMap<String, Value>,
    new: &BTreeMap<String, Value>,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (name, before) in old {
        let found = match new.get(name) {
            Some(now) => document(name, before, now),
            None => vec![whole(Change::DocumentRemoved, Impact::Breaking)],
        };
        differences.extend(found.into_iter().map(|difference| of(name, difference)));
        let refused = new.get(name).map(|now| refused(name, (before, now), new));
        differences.extend(refused.into_iter().flatten());
    }
    for name in new.keys().filter(|name| !old.contains_key(*name)) {
        differences.push(of(name, whole(Change::DocumentAdded, Impact::Additive)));
    }
    differences
}

/// Returns whether a name, with or without `.json`, is that of a document of the wire contract.
#[must_use]
pub fn is_known(name: &str) -> bool {
    role(name).is_some()
}

fn role(name: &str) -> Option<Role> {
    let stem = name.strip_suffix(".json").unwrap_or(name);
    ROLES.iter().find(|(known, _)| *known == stem).map(|(_, role)| *role)
}

fn document(name: &str, old: &Value, new: &Value) -> Vec<Difference> {
    match role(name) {
        Some(Role::Schema(direction)) => super::compare(old, new, direction),
        Some(Role::Bundle) => bundle::compare(old, new),
        Some(Role::Data) => data::compare(old, new).into_iter().map(minor_version).collect(),
        Some(Role::Derived) => Vec::new(),
        None if old == new => Vec::new(),
        None => {
            let what = "a document of unknown use".to_owned();
            vec![whole(Change::NotUnderstood { what }, Impact::Breaking)]
        }
    }
}

/// A higher minor version of the API is additive: it says that something was added.
fn minor_version(difference: Difference) -> Difference {
    let is_higher = match &difference.change {
        Change::EntryChanged { old, new } => new.as_u64() > old.as_u64(),
        _ => false,
    };
    if difference.path == "/api/minor" && is_higher {
        Difference { impact: Impact::Additive, ..difference }
    } else {
        difference
    }
}

/// Lists the fields that came to a document of replies and that those of requests refuse.
fn refused(
    name: &str,
    versions: (&Value, &Value),
    new: &BTreeMap<String, Value>,
) -> Vec<Difference> {
    let is_of = |name: &str, directions: &[Direction]| match role(name) {
        Some(Role::Schema(direction)) => directions.contains(&direction),
        Some(Role::Bundle | Role::Data | Role::Derived) | None => false,
    };
    if !is_of(name, &[Direction::Reply, Direction::Answer]) {
        return Vec::new();
    }
    let requests = new.iter().filter(|(name, _)| is_of(name, &[Direction::Request]));
    let found = requests.flat_map(|(by, request)| round_trip::compare(versions, by, request));
    found.map(|difference| of(name, difference)).collect()
}

fn whole(change: Change, impact: Impact) -> Difference {
    Difference { document: None, path: String::new(), change, impact }
}

fn of(name: &str, difference: Difference) -> Difference {
    Difference { document: Some(name.to_owned()), ..difference }
}
