//! Compares open lists: values that have a name, and any other value.
//!
//! An open list is a union of two strings, one of the values that the list names and one that may
//! be anything but these. A string that may be anything is an open list that names nothing.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Comparison;
use crate::{
    Change, JsonType,
    alternative::{Alternative, Values},
    effect::Effect,
};

/// A list of values.
#[derive(Debug, Clone)]
struct List<'a> {
    named: Values<'a>,
    /// The values without a name, if the list is open.
    others: Option<Alternative<'a>>,
}

impl<'a> Comparison<'a> {
    /// Compares strings of which at least one is an open list that names values. Returns whether
    /// they are such.
    pub(super) fn open_lists(
        &mut self,
        path: &str,
        old: &[Alternative<'a>],
        new: &[Alternative<'a>],
    ) -> bool {
        let (Some(old), Some(new)) = (List::read(old), List::read(new)) else { return false };
        let is_open = |list: &List| list.others.is_some() && !list.named.is_empty();
        if !is_open(&old) && !is_open(&new) {
            return false;
        }
        let missing = |from: &Values<'a>, of: &Values<'a>| -> Values<'a> {
            of.iter().filter(|(key, _)| !from.contains_key(*key)).map(cloned).collect()
        };
        for (_, value) in missing(&new.named, &old.named) {
            self.report(path, Change::ValueRemoved(value.clone()), Effect::Breaks);
        }
        for (key, value) in missing(&old.named, &new.named) {
            let effect = self.name_given(path, old.others.as_ref(), (key, value));
            self.report(path, Change::ValueAdded(value.clone()), effect);
        }
        match (&old.others, &new.others) {
            (None, None) => {}
            (None, Some(_)) => self.report(path, Change::ListOpened, Effect::Widens),
            (Some(_), None) => self.report(path, Change::ListClosed, Effect::Narrows),
            (Some(old), Some(new)) => self.pair(path, &unnamed(old), &unnamed(new)),
        }
        true
    }

    /// Returns the effect of giving a value a name: none, if it could be written before.
    fn name_given(
        &mut self,
        path: &str,
        others: Option<&Alternative<'a>>,
        value: (String, &'a Value),
    ) -> Effect {
        let Some(others) = others else { return Effect::Widens };
        let named = Alternative {
            values: Some(BTreeMap::from([value])),
            ..Alternative::any(JsonType::String)
        };
        let differences = self.trial(|comparison| comparison.pair(path, others, &named));
        let is_only_listed =
            differences.iter().all(|it| matches!(it.change, Change::ValuesListed(_)));
        if is_only_listed { Effect::Keeps } else { Effect::Widens }
    }
}

impl<'a> List<'a> {
    fn read(alternatives: &[Alternative<'a>]) -> Option<Self> {
        let (named, others) = match alternatives {
            [one] if one.values.is_some() => (Some(one), None),
            [one] => (None, Some(one)),
            [one, other] if one.values.is_some() => (Some(one), Some(other)),
            [one, other] => (Some(other), Some(one)),
            _ => return None,
        };
        let of_strings = alternatives.iter().all(|it| it.of == JsonType::String);
        let named = match named {
            Some(named) if named.is_plain_string() => named.values.clone()?,
            Some(_) => return None,
            None => Values::new(),
        };
        let is_exact = others.is_none_or(|others| {
            others.values.is_none() && others.excluded.keys().eq(named.keys())
        });
        (of_strings && is_exact).then(|| Self { named, others: others.cloned() })
    }
}

fn unnamed<'a>(others: &Alternative<'a>) -> Alternative<'a> {
    Alternative { excluded: Values::new(), ..others.clone() }
}

fn cloned<'a>((key, value): (&String, &&'a Value)) -> (String, &'a Value) {
    (key.clone(), value)
}
