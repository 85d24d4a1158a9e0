//! Compares two versions of the bundle, which has all types as definitions and no type of its own.
//!
//! Each definition is compared with that of the same name, in the direction in which its values
//! travel: from the definitions of whole requests and replies, references lead to all others.

mod uses;

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Change, Difference, Direction, Impact, comparison,
    names::{self, of_definition},
    roots::{self, ROOTS},
};

pub(super) fn compare(old: &Value, new: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    if old.get("$schema") != new.get("$schema") {
        let (change, impact) =
            (Change::NotUnderstood { what: "$schema".to_owned() }, Impact::Breaking);
        differences.push(Difference { document: None, path: String::new(), change, impact });
    }
    let directions = Directions::read(old, new);
    let parts = &uses::parts_of_open_unions(old) & &uses::parts_of_open_unions(new);
    for (name, before) in names::definitions(old).into_iter().flatten() {
        let now = names::definitions(new).and_then(|definitions| definitions.get(name));
        if let Some(now) = now.filter(|_| !parts.contains(name.as_str())) {
            let found = directions
                .of(name)
                .into_iter()
                .map(|direction| comparison::definitions((old, new), (before, now), direction));
            let found = found.reduce(worst_of_both).unwrap_or_default();
            differences.extend(found.into_iter().map(|it| within(name, it)));
        }
    }
    let names = names::compare(old, new).into_iter();
    differences.extend(names.map(|it| if removes_root(&it) { breaking(it) } else { it }));
    differences
}

/// The definitions that requests have, and those that replies have.
#[derive(Debug)]
struct Directions<'a> {
    requests: BTreeSet<&'a str>,
    replies: BTreeSet<&'a str>,
}

impl<'a> Directions<'a> {
    fn read(old: &'a Value, new: &'a Value) -> Self {
        let reached = |is_of: fn(&Direction) -> bool| {
            let roots = ROOTS.iter().filter(|(_, direction)| is_of(direction));
            let roots: Vec<_> = roots.map(|(name, _)| *name).collect();
            &uses::reached(old, &roots) | &uses::reached(new, &roots)
        };
        Self {
            requests: reached(|direction| *direction == Direction::Request),
            replies: reached(|direction| *direction != Direction::Request),
        }
    }

    /// Returns the directions of a definition. One that nothing leads to may be of any use.
    fn of(&self, name: &str) -> Vec<Direction> {
        let root = roots::direction(name);
        let reply = root.filter(|root| *root == Direction::Answer).unwrap_or(Direction::Reply);
        match (self.requests.contains(name), self.replies.contains(name)) {
            (true, false) => vec![Direction::Request],
            (false, true) => vec![reply],
            (true, true) | (false, false) => vec![Direction::Request, reply],
        }
    }
}

/// Joins what was found in two directions. A difference that both found has the worse impact.
fn worst_of_both(mut one: Vec<Difference>, other: Vec<Difference>) -> Vec<Difference> {
    for difference in other {
        let same =
            |it: &&mut Difference| it.path == difference.path && it.change == difference.change;
        match one.iter_mut().find(same) {
            Some(known) => known.impact = known.impact.max(difference.impact),
            None => one.push(difference),
        }
    }
    one
}

fn within(name: &str, difference: Difference) -> Difference {
    Difference { path: of_definition(name) + &difference.path, ..difference }
}

/// Returns whether the definition of whole requests or replies is no longer found.
fn removes_root(difference: &Difference) -> bool {
    let is_gone =
        matches!(difference.change, Change::DefinitionRemoved | Change::DefinitionRenamed { .. });
    is_gone && ROOTS.iter().any(|(name, _)| of_definition(name) == difference.path)
}

fn breaking(difference: Difference) -> Difference {
    Difference { impact: Impact::Breaking, ..difference }
}
