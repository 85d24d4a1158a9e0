//! Compares the fields of two alternatives of objects.

use std::{collections::BTreeSet, sync::LazyLock};

use serde_json::{Value, json};

use super::Comparison;
use crate::{
    Change, Direction,
    alternative::{Alternative, Schemas},
    effect::Effect,
    keywords, path,
};

/// The schema of any string, which all keys of an object satisfy.
pub(super) static STRING: LazyLock<Value> = LazyLock::new(|| json!({ "type": "string" }));

impl<'a> Comparison<'a> {
    pub(super) fn fields(&mut self, path: &str, old: &Alternative<'a>, new: &Alternative<'a>) {
        let described: BTreeSet<&str> =
            old.fields.keys().chain(new.fields.keys()).copied().collect();
        for name in described {
            let path = path::child(path, name);
            match (old.fields.get(name), new.fields.get(name)) {
                (Some(before), Some(now)) => self.schemas(&path, before, now),
                (Some(_), None) => self.report(&path, Change::FieldRemoved, Effect::Breaks),
                (None, _) => self.field_added(&path, name, old, new),
            }
        }
        self.required(path, old, new);
        self.other_fields(path, old, new);
        self.names(path, old, new);
    }

    /// Reports a field that was not described before: it was refused, allowed, or an entry of a
    /// map.
    fn field_added(
        &mut self,
        path: &str,
        name: &str,
        old: &Alternative<'a>,
        new: &Alternative<'a>,
    ) {
        let required = new.required.contains(name) && !old.required.contains(name);
        let schema =
            self.trial(|comparison| comparison.schemas(path, old.field(name), new.field(name)));
        // In a bundle, what clients send is open where they also receive it. The documents of the
        // requests are closed, and nobody could send the field.
        let was_refused = self.is_of_definition
            && self.direction == Direction::Request
            && self.old.all(&old.other_fields) == keywords::anything();
        let effect = match (self.fits(&schema) || was_refused, required) {
            (false, _) => Effect::Breaks,
            (true, true) => Effect::Narrows,
            (true, false) => Effect::Keeps,
        };
        self.report(path, Change::FieldAdded { required }, effect);
    }

    fn required(&mut self, path: &str, old: &Alternative<'a>, new: &Alternative<'a>) {
        let told_already =
            |name: &str| old.fields.contains_key(name) != new.fields.contains_key(name);
        for name in new.required.difference(&old.required).filter(|name| !told_already(name)) {
            self.report(&path::child(path, name), Change::FieldRequired, Effect::Narrows);
        }
        for name in old.required.difference(&new.required).filter(|name| !told_already(name)) {
            self.report(&path::child(path, name), Change::FieldOptional, Effect::Widens);
        }
    }

    fn other_fields(&mut self, path: &str, old: &Alternative<'a>, new: &Alternative<'a>) {
        let was_closed = self.old.all(&old.other_fields).is_nothing();
        match (was_closed, self.new.all(&new.other_fields).is_nothing()) {
            (true, true) => {}
            (false, true) => self.report(path, Change::Closed, Effect::Narrows),
            (true, false) => self.report(path, Change::Opened, Effect::Widens),
            (false, false) => {
                self.schemas(&path::each(path), &old.other_fields, &new.other_fields);
            }
        }
    }

    fn names(&mut self, path: &str, old: &Alternative<'a>, new: &Alternative<'a>) {
        if old.names.is_empty() && new.names.is_empty() {
            return;
        }
        let with_strings = |names: &Schemas<'a>| names.iter().copied().chain([&*STRING]).collect();
        self.schemas(&path::names(path), &with_strings(&old.names), &with_strings(&new.names));
    }
}
