//! Finds the branches of two unions that are about the same.

use serde_json::Value;

use super::Document;
use crate::{canonical, path, reader::TAGS};

/// What a branch of a union is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// A variant with this tag.
    Tagged(&'a str),
    /// The variants that an open union does not name.
    Others,
    Union,
    /// Listed values.
    Listed,
    /// Any value but those that are listed elsewhere.
    Unlisted,
    OfType(Option<&'a str>),
}

impl Kind<'_> {
    pub(super) fn path(&self, path: &str) -> String {
        match self {
            Kind::Tagged(tag) => path::child(path, tag),
            Kind::Others => path::others(path),
            Kind::Union | Kind::Listed | Kind::Unlisted | Kind::OfType(_) => path.to_owned(),
        }
    }
}

pub(super) fn is_union(schema: &Value) -> bool {
    ["anyOf", "oneOf"].iter().any(|keyword| schema.get(keyword).is_some_and(Value::is_array))
}

/// Returns the branches of a union, or a schema that is no union as its only branch.
pub(super) fn of(schema: &Value) -> Vec<&Value> {
    if !is_union(schema) {
        return vec![schema];
    }
    let branches = ["anyOf", "oneOf"].iter().filter_map(|keyword| schema.get(keyword)?.as_array());
    branches.flatten().collect()
}

pub(super) fn all_of(schema: &Value) -> Vec<&Value> {
    schema.get("allOf").and_then(Value::as_array).into_iter().flatten().collect()
}

/// Returns pairs of branches: those that refer to a definition of the same name, then those of the
/// same kind, in their order.
pub(super) fn pairs<'a>(
    (old_document, old): (Document<'a>, &[&'a Value]),
    (new_document, new): (Document<'a>, &[&'a Value]),
) -> Vec<(Kind<'a>, &'a Value, &'a Value)> {
    let mut left: Vec<_> = new
        .iter()
        .map(|&branch| (new_document.name(branch), kind(new_document, branch), branch))
        .collect();
    let mut found = Vec::new();
    let mut rest = Vec::new();
    for &branch in old {
        let (name, kind) = (old_document.name(branch), kind(old_document, branch));
        match left.iter().position(|other| name.is_some() && other.0 == name) {
            Some(at) => found.push((kind, branch, left.remove(at).2)),
            None => rest.push((kind, branch)),
        }
    }
    for (kind, branch) in rest {
        if let Some(at) = left.iter().position(|other| other.1 == kind) {
            found.push((kind, branch, left.remove(at).2));
        }
    }
    found
}

fn kind<'a>(document: Document<'a>, branch: &'a Value) -> Kind<'a> {
    let mut schema = branch;
    // A reference that leads to itself is followed for a while.
    for _ in 0..8 {
        let reference = schema.as_object().and_then(canonical::bare_reference);
        match reference.and_then(|reference| canonical::resolve(document.root, reference)) {
            Some(target) => schema = target,
            None => break,
        }
    }
    let mut tags = TAGS.iter().filter_map(|tag| schema.get("properties")?.get(tag));
    if let Some(tag) = tags.clone().find_map(|tag| tag.get("const")?.as_str()) {
        return Kind::Tagged(tag);
    }
    if tags.any(|tag| tag.get("not").is_some()) {
        Kind::Others
    } else if is_union(schema) {
        Kind::Union
    } else if schema.get("enum").is_some() || schema.get("const").is_some() {
        Kind::Listed
    } else if schema.get("not").is_some() {
        Kind::Unlisted
    } else {
        Kind::OfType(schema.get("type").and_then(Value::as_str))
    }
}
