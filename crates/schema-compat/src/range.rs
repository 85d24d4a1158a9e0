//! Bounds on a number, a length or a count.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

use super::{Change, JsonType, Limit, effect::Effect, number};

/// The lower and the upper bound of a value. Each is `None` if there is no such bound.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Range {
    lower: Option<Limit>,
    upper: Option<Limit>,
}

#[derive(Clone, Copy)]
enum Side {
    Lower,
    Upper,
}

impl Range {
    pub(super) fn read(schema: &Map<String, Value>, of: JsonType) -> Self {
        let read = |side| {
            keywords(of, side)
                .iter()
                .filter_map(|&keyword| match schema.get(keyword)? {
                    Value::Number(value) => Some(Limit { keyword, value: value.clone() }),
                    _ => None,
                })
                .filter(|limit| !says_nothing(limit))
                .reduce(|left, right| tighter(side, left, right))
        };
        Self { lower: read(Side::Lower), upper: read(Side::Upper) }
    }

    /// Returns the range that satisfies both ranges.
    pub(super) fn and(self, other: Self) -> Self {
        let join = |side, left: Option<Limit>, right: Option<Limit>| match (left, right) {
            (Some(left), Some(right)) => Some(tighter(side, left, right)),
            (left, right) => left.or(right),
        };
        Self {
            lower: join(Side::Lower, self.lower, other.lower),
            upper: join(Side::Upper, self.upper, other.upper),
        }
    }

    /// Returns the smallest and the largest integer, where there is a bound that is an integer.
    pub(super) fn integers(&self) -> (Option<i128>, Option<i128>) {
        let bound = |limit: &Option<Limit>, inwards: i128| {
            let limit = limit.as_ref()?;
            let value = number::integral(&limit.value)?;
            Some(if exclusive(limit) { value + inwards } else { value })
        };
        (bound(&self.lower, 1), bound(&self.upper, -1))
    }

    /// Returns the changes of the bounds from `self` to `new`, with their effects.
    pub(super) fn changes(&self, new: &Self) -> impl Iterator<Item = (Change, Effect)> {
        [(Side::Lower, &self.lower, &new.lower), (Side::Upper, &self.upper, &new.upper)]
            .into_iter()
            .filter_map(|(side, old, new)| {
                let effect = match (old, new) {
                    (None, None) => return None,
                    (None, Some(_)) => Effect::Narrows,
                    (Some(_), None) => Effect::Widens,
                    (Some(old), Some(new)) => match tightness(side, old, new) {
                        Ordering::Equal => return None,
                        Ordering::Less => Effect::Narrows,
                        Ordering::Greater => Effect::Widens,
                    },
                };
                Some((Change::LimitChanged { old: old.clone(), new: new.clone() }, effect))
            })
    }
}

/// Orders bounds by tightness: `Less` if `left` accepts more values than `right`.
fn tightness(side: Side, left: &Limit, right: &Limit) -> Ordering {
    let values = match side {
        Side::Lower => number::order(&left.value, &right.value),
        Side::Upper => number::order(&right.value, &left.value),
    };
    values.then(exclusive(left).cmp(&exclusive(right)))
}

fn tighter(side: Side, left: Limit, right: Limit) -> Limit {
    match tightness(side, &left, &right) {
        Ordering::Less => right,
        Ordering::Equal | Ordering::Greater => left,
    }
}

fn exclusive(limit: &Limit) -> bool {
    limit.keyword.starts_with("exclusive")
}

/// Returns whether a bound accepts every value, because no length or count is below zero.
fn says_nothing(limit: &Limit) -> bool {
    matches!(limit.keyword, "minLength" | "minItems" | "minProperties")
        && number::order(&limit.value, &Number::from(0)).is_le()
}

fn keywords(of: JsonType, side: Side) -> &'static [&'static str] {
    match (of, side) {
        (JsonType::Integer | JsonType::Number, Side::Lower) => &["minimum", "exclusiveMinimum"],
        (JsonType::Integer | JsonType::Number, Side::Upper) => &["maximum", "exclusiveMaximum"],
        (JsonType::String, Side::Lower) => &["minLength"],
        (JsonType::String, Side::Upper) => &["maxLength"],
        (JsonType::Array, Side::Lower) => &["minItems"],
        (JsonType::Array, Side::Upper) => &["maxItems"],
        (JsonType::Object, Side::Lower) => &["minProperties"],
        (JsonType::Object, Side::Upper) => &["maxProperties"],
        (JsonType::Null | JsonType::Boolean, Side::Lower | Side::Upper) => &[],
    }
}
