//! The set of values that a schema accepts, independent of how the schema is written.

use std::collections::BTreeSet;

use super::{
    JsonType,
    alternative::{Alternative, Condition, Values},
};

/// The alternatives that a schema accepts. An empty list accepts nothing.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape<'a>(pub(super) Vec<Alternative<'a>>);

impl<'a> Shape<'a> {
    /// Returns the intersection of two shapes.
    pub(super) fn and(self, other: &Self) -> Self {
        let pairs = self
            .0
            .iter()
            .flat_map(|left| other.0.iter().filter_map(|right| left.clone().and(right.clone())));
        Self::any_of(pairs.collect())
    }

    /// Returns the union of alternatives, and joins those that differ only in their listed values.
    pub(super) fn any_of(alternatives: Vec<Alternative<'a>>) -> Self {
        let mut kept: Vec<Alternative<'a>> = Vec::new();
        for alternative in alternatives {
            if !kept.iter_mut().any(|known| known.absorb(&alternative)) {
                kept.push(alternative);
            }
        }
        Self(kept)
    }

    /// Adds a condition to all alternatives.
    pub(super) fn with(mut self, condition: &Condition) -> Self {
        for alternative in &mut self.0 {
            alternative.conditions.insert(condition.clone());
        }
        self
    }

    /// Refuses some values.
    pub(super) fn without(self, excluded: &Values<'a>) -> Self {
        let left = self.0.into_iter().filter_map(|it| it.without(excluded.clone()));
        Self::any_of(left.collect())
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the types of the accepted values. `integer` is left out if `number` is among them.
    pub(super) fn types(&self) -> BTreeSet<JsonType> {
        let mut types: BTreeSet<_> = self.0.iter().map(Alternative::narrowest_type).collect();
        if types.contains(&JsonType::Number) {
            types.remove(&JsonType::Integer);
        }
        types
    }

    /// Returns the string, if the shape accepts exactly one value and that value is a string.
    pub(super) fn only_string(&self) -> Option<&'a str> {
        let [only] = self.0.as_slice() else { return None };
        let values = only.values.as_ref().filter(|values| values.len() == 1)?;
        values.values().next()?.as_str()
    }
}
