//! Compares two alternatives of one type, constraint by constraint.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Comparison;
use crate::{
    Change, JsonType,
    alternative::{Alternative, Condition, Values},
    effect::Effect,
    format, path,
    pattern::{self, Moved},
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
            (None, None) => {
                self.values_removed(path, &new.excluded, |key| !old.excluded.contains_key(key));
                self.values_added(path, &old.excluded, |key| !new.excluded.contains_key(key));
            }
            (None, Some(now)) => {
                let change = Change::ValuesListed(now.values().copied().cloned().collect());
                self.report(path, change, Effect::Narrows);
                self.values_added(path, &old.excluded, |key| now.contains_key(key));
            }
            (Some(before), None) => {
                let change = Change::ValuesFreed(before.values().copied().cloned().collect());
                self.report(path, change, Effect::Widens);
                self.values_removed(path, &new.excluded, |key| before.contains_key(key));
            }
            (Some(before), Some(now)) => {
                self.values_removed(path, before, |key| !now.contains_key(key));
                self.values_added(path, now, |key| !before.contains_key(key));
            }
        }
    }

    fn values_removed(&mut self, path: &str, of: &Values<'a>, is_gone: impl Fn(&str) -> bool) {
        for (_, &value) in of.iter().filter(|(key, _)| is_gone(key)) {
            self.report(path, Change::ValueRemoved(value.clone()), Effect::Narrows);
        }
    }

    fn values_added(&mut self, path: &str, of: &Values<'a>, is_new: impl Fn(&str) -> bool) {
        for (_, &value) in of.iter().filter(|(key, _)| is_new(key)) {
            self.report(path, Change::ValueAdded(value.clone()), Effect::Widens);
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
        self.patterns(path, old, new);
        for (condition, is_new) in gone
            .into_iter()
            .map(|condition| (condition, false))
            .chain(added.into_iter().map(|condition| (condition, true)))
        {
            match (condition.clone(), is_new) {
                (Condition::Format(_) | Condition::Pattern(_), _) => {}
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
    /// Compares patterns by the strings that they match, or else as text.
    fn patterns(&mut self, path: &str, old: &Alternative<'a>, new: &Alternative<'a>) {
        let (before, now) = (patterns(&old.conditions), patterns(&new.conditions));
        if before == now {
            return;
        }
        let moved = pattern::moved(&before, &now);
        if moved == Some(Moved { adds: false, drops: false }) {
            return;
        }
        let effect = moved.map(|moved| match (moved.adds, moved.drops) {
            (true, false) => Effect::Widens,
            (false, true) => Effect::Narrows,
            (true, true) | (false, false) => Effect::Breaks,
        });
        let gone: Vec<_> = before.iter().filter(|pattern| !now.contains(pattern)).collect();
        let added: Vec<_> = now.iter().filter(|pattern| !before.contains(pattern)).collect();
        if let ([old], [new]) = (gone.as_slice(), added.as_slice()) {
            let change = Change::PatternChanged { old: (**old).into(), new: (**new).into() };
            self.report(path, change, effect.unwrap_or(Effect::Breaks));
            return;
        }
        for pattern in gone {
            let change = Change::ConditionRemoved { keyword: "pattern", value: quoted(pattern) };
            self.report(path, change, effect.unwrap_or(Effect::Widens));
        }
        for pattern in added {
            let change = Change::ConditionAdded { keyword: "pattern", value: quoted(pattern) };
            self.report(path, change, effect.unwrap_or(Effect::Narrows));
        }
    }
}

fn formats<'c>(conditions: &[&'c Condition]) -> Vec<&'c str> {
    let format = |condition: &&'c Condition| match condition {
        Condition::Format(name) => Some(name.as_str()),
        Condition::Pattern(_) | Condition::Stated { .. } | Condition::NotUnderstood { .. } => None,
    };
    conditions.iter().filter_map(format).collect()
}

fn patterns(conditions: &BTreeSet<Condition>) -> Vec<&str> {
    conditions
        .iter()
        .filter_map(|condition| match condition {
            Condition::Pattern(text) => Some(text.as_str()),
            Condition::Format(_) | Condition::Stated { .. } | Condition::NotUnderstood { .. } => {
                None
            }
        })
        .collect()
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
