//! Compares two alternatives of one type, constraint by constraint.

use super::Comparison;
use crate::{
    Change, JsonType,
    alternative::{Alternative, Condition},
    effect::Effect,
    format, path,
};

impl<'a> Comparison<'a> {
    pub(super) fn pair(&mut self, path: &str, old: &Alternative<'a>, new: &Alternative<'a>) {
        self.values(path, old, new);
        for (change, effect) in old.range.changes(&new.range) {
            self.report(path, change, effect);
        }
        self.conditions(path, old, new);
        match old.of {
            JsonType::Array => self.schemas(&path::each(path), &old.items, &new.items),
            JsonType::Object => self.fields(path, old, new),
            JsonType::Null
            | JsonType::Boolean
            | JsonType::Integer
            | JsonType::Number
            | JsonType::String => {}
        }
    }

    fn values(&mut self, path: &str, old: &Alternative<'a>, new: &Alternative<'a>) {
        match (&old.values, &new.values) {
            (None, None) => {}
            (None, Some(now)) => {
                let change = Change::ValuesListed(now.values().copied().cloned().collect());
                self.report(path, change, Effect::Narrows);
            }
            (Some(before), None) => {
                let change = Change::ValuesFreed(before.values().copied().cloned().collect());
                self.report(path, change, Effect::Widens);
            }
            (Some(before), Some(now)) => {
                for (_, &value) in before.iter().filter(|(key, _)| !now.contains_key(*key)) {
                    self.report(path, Change::ValueRemoved(value.clone()), Effect::Narrows);
                }
                for (_, &value) in now.iter().filter(|(key, _)| !before.contains_key(*key)) {
                    self.report(path, Change::ValueAdded(value.clone()), Effect::Widens);
                }
            }
        }
    }

    fn conditions(&mut self, path: &str, old: &Alternative<'a>, new: &Alternative<'a>) {
        let gone: Vec<_> = old.conditions.difference(&new.conditions).collect();
        let added: Vec<_> = new.conditions.difference(&old.conditions).collect();
        match (formats(&gone).as_slice(), formats(&added).as_slice()) {
            ([before], [now]) => self.format(path, (old, Some(before)), (new, Some(now))),
            (before, now) => {
                for format in before {
                    self.format(path, (old, Some(format)), (new, None));
                }
                for format in now {
                    self.format(path, (old, None), (new, Some(format)));
                }
            }
        }
        for (condition, is_new) in gone
            .into_iter()
            .map(|condition| (condition, false))
            .chain(added.into_iter().map(|condition| (condition, true)))
        {
            match (condition.clone(), is_new) {
                (Condition::Format(_), _) => {}
                (Condition::Stated { keyword, value }, true) => {
                    let change = Change::ConditionAdded { keyword, value };
                    self.report(path, change, Effect::Narrows);
                }
                (Condition::Stated { keyword, value }, false) => {
                    let change = Change::ConditionRemoved { keyword, value };
                    self.report(path, change, Effect::Widens);
                }
                (Condition::NotUnderstood { what, .. }, _) => {
                    self.report(path, Change::NotUnderstood { what }, Effect::Breaks);
                }
            }
        }
    }

    fn format(
        &mut self,
        path: &str,
        (old, before): (&Alternative<'a>, Option<&str>),
        (new, now): (&Alternative<'a>, Option<&str>),
    ) {
        if let Some(effect) = format::effect((old, before), (new, now)) {
            let (old, new) = (before.map(str::to_owned), now.map(str::to_owned));
            self.report(path, Change::FormatChanged { old, new }, effect);
        }
    }
}

fn formats<'c>(conditions: &[&'c Condition]) -> Vec<&'c str> {
    conditions
        .iter()
        .filter_map(|condition| match condition {
            Condition::Format(name) => Some(name.as_str()),
            Condition::Stated { .. } | Condition::NotUnderstood { .. } => None,
        })
        .collect()
}
