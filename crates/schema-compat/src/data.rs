//! Compares plain data, in which every old entry must stay as it is.
//!
//! Objects are compared key by key. The entries of a list are identified by their value. Objects in
//! a list are identified by their leading fields, of which the smallest number is used that
//! identifies each entry. A row whose later fields changed is thus a changed row. The order of old
//! entries must stay, and new entries may be anywhere. The keys `title` and `description` are
//! ignored.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Change, Difference, Impact, path};

pub(super) fn compare(old: &Value, new: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    values("", old, new, &mut differences);
    differences
}

fn values(path: &str, old: &Value, new: &Value, differences: &mut Vec<Difference>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => objects(path, old, new, differences),
        (Value::Array(old), Value::Array(new)) => lists(path, old, new, differences),
        (old, new) if old == new => {}
        (old, new) => {
            let change = Change::EntryChanged { old: old.clone(), new: new.clone() };
            differences.push(difference(path, change, Impact::Breaking));
        }
    }
}

fn objects(
    path: &str,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    differences: &mut Vec<Difference>,
) {
    for (key, old) in old.iter().filter(|(key, _)| counts(key)) {
        let path = path::child(path, key);
        match new.get(key) {
            Some(new) => values(&path, old, new, differences),
            None => differences.push(difference(&path, Change::EntryRemoved, Impact::Breaking)),
        }
    }
    for key in new.keys().filter(|key| counts(key) && !old.contains_key(*key)) {
        let path = path::child(path, key);
        differences.push(difference(&path, Change::EntryAdded, Impact::Additive));
    }
}

fn counts(key: &str) -> bool {
    !matches!(key, "title" | "description")
}

fn lists(path: &str, old: &[Value], new: &[Value], differences: &mut Vec<Difference>) {
    let leading = leading_fields(old, new);
    let keys = |list: &[Value]| list.iter().map(|entry| key(entry, leading)).collect::<Vec<_>>();
    let (old_keys, new_keys) = (keys(old), keys(new));
    let mut left: Vec<usize> = (0..new.len()).collect();
    let mut order = Vec::new();
    for (entry, key) in old.iter().zip(&old_keys) {
        let path = path::child(path, key);
        match left.iter().position(|&at| new_keys[at] == *key) {
            Some(found) => {
                let at = left.remove(found);
                order.push(at);
                values(&path, entry, &new[at], differences);
            }
            None => differences.push(difference(&path, Change::EntryRemoved, Impact::Breaking)),
        }
    }
    for at in left {
        let path = path::child(path, &new_keys[at]);
        differences.push(difference(&path, Change::EntryAdded, Impact::Additive));
    }
    if !order.is_sorted() {
        differences.push(difference(path, Change::Reordered, Impact::Breaking));
    }
}

/// Returns the smallest number of leading fields that identifies the objects of each list, or the
/// number of all fields if no smaller number does.
fn leading_fields(old: &[Value], new: &[Value]) -> usize {
    let fields =
        |list: &[Value]| list.iter().filter_map(|entry| Some(entry.as_object()?.len())).max();
    let most = fields(old).max(fields(new)).unwrap_or(0);
    let tells_apart = |list: &[Value], leading| {
        let mut seen = BTreeSet::new();
        list.iter().filter(|entry| entry.is_object()).all(|entry| seen.insert(key(entry, leading)))
    };
    (1..most)
        .find(|&leading| tells_apart(old, leading) && tells_apart(new, leading))
        .unwrap_or(most)
}

fn key(entry: &Value, leading: usize) -> String {
    match entry {
        Value::Object(fields) => {
            let values: Vec<_> = fields.values().take(leading).map(plain).collect();
            values.join(",")
        }
        other => plain(other),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn difference(path: &str, change: Change, impact: Impact) -> Difference {
    Difference { document: None, path: path.to_owned(), change, impact }
}
