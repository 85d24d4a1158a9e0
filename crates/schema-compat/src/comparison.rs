//! Walks two schemas side by side and reports the differences in the values that they accept.

mod alternatives;
mod facets;
mod fields;
mod lists;
mod unions;

pub(super) use unions::Union;

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Change, Difference, Direction, Impact, JsonType, alternative::Schemas, canonical,
    effect::Effect, reader::Reader, roots, shape::Shape,
};

/// Compares two documents.
pub(super) fn documents(old: &Value, new: &Value, direction: Direction) -> Vec<Difference> {
    let mut comparison = Comparison::new((old, new), direction);
    if old.get("$schema") != new.get("$schema") {
        comparison.report("", Change::NotUnderstood { what: "$schema".to_owned() }, Effect::Breaks);
    }
    comparison.schemas("", &vec![old], &vec![new]);
    comparison.differences
}

/// Compares two definitions of the same name in two documents. Definitions to which they refer by
/// the same name are left out, because each is compared by itself.
pub(super) fn definitions(
    documents: (&Value, &Value),
    (old, new): (&Value, &Value),
    direction: Direction,
) -> Vec<Difference> {
    let mut comparison = Comparison::new(documents, direction);
    comparison.is_of_definition = true;
    comparison.schemas("", &vec![old], &vec![new]);
    comparison.differences
}

/// A comparison of two schemas.
#[derive(Debug)]
struct Comparison<'a> {
    old: Reader<'a>,
    new: Reader<'a>,
    direction: Direction,
    /// Whether the schemas that are being compared are answers as a whole.
    is_answer: bool,
    /// Whether a definition of a bundle is compared, by itself.
    is_of_definition: bool,
    /// The pairs that are being compared. If a pair occurs again within itself, the inner pair is
    /// assumed to be equal, because its differences are reported by the outer comparison.
    open: Vec<(Schemas<'a>, Schemas<'a>)>,
    differences: Vec<Difference>,
}

impl<'a> Comparison<'a> {
    fn new((old, new): (&'a Value, &'a Value), direction: Direction) -> Self {
        Self {
            old: Reader::new(old),
            new: Reader::new(new),
            direction,
            is_answer: false,
            is_of_definition: false,
            open: Vec::new(),
            differences: Vec::new(),
        }
    }

    fn schemas(&mut self, path: &str, old: &Schemas<'a>, new: &Schemas<'a>) {
        let name = common_name(old, new);
        if self.is_of_definition && name.is_some() {
            return;
        }
        let is_answer = match name {
            Some(name) => roots::direction(name) == Some(Direction::Answer),
            None => path.is_empty() && self.direction == Direction::Answer,
        };
        let (old, new) = (&self.old.targets(old), &self.new.targets(new));
        let is_open = |(left, right): &(Schemas, Schemas)| same(left, old) && same(right, new);
        let are_free = old.is_empty() && new.is_empty();
        if are_free || self.open.iter().any(is_open) {
            return;
        }
        self.open.push((old.clone(), new.clone()));
        let (old, new) = (self.old.all(old), self.new.all(new));
        let is_around = std::mem::replace(&mut self.is_answer, is_answer);
        self.shapes(path, &old, &new);
        self.is_answer = is_around;
        self.open.pop();
    }

    fn shapes(&mut self, path: &str, old: &Shape<'a>, new: &Shape<'a>) {
        self.types(path, old, new);
        let families = |shape: &Shape| -> BTreeSet<JsonType> {
            shape.0.iter().map(|alternative| alternative.of.family()).collect()
        };
        for family in families(old).intersection(&families(new)) {
            let of_family = |shape: &Shape<'a>| {
                let all = shape.0.iter();
                all.filter(|alternative| alternative.of.family() == *family)
                    .cloned()
                    .collect::<Vec<_>>()
            };
            self.alternatives(path, &of_family(old), &of_family(new));
        }
    }

    fn types(&mut self, path: &str, old: &Shape<'a>, new: &Shape<'a>) {
        let (before, now) = (old.types(), new.types());
        let missing = |from: &BTreeSet<JsonType>, of: &BTreeSet<JsonType>| {
            of.iter().any(|kind| !from.contains(kind) && !from.contains(&kind.family()))
        };
        let (gone, added) = (missing(&now, &before), missing(&before, &now));
        let described = old.0.iter().any(|alternative| !alternative.fields.is_empty());
        let fields_gone = described && !now.contains(&JsonType::Object);
        let effect = match (gone, added) {
            (false, false) => return,
            (true, false) if now.is_empty() || fields_gone => Effect::Breaks,
            (true, false) => Effect::Narrows,
            (false, true) => Effect::Widens,
            (true, true) => Effect::Breaks,
        };
        let (old, new) = (before.into_iter().collect(), now.into_iter().collect());
        self.report(path, Change::TypesChanged { old, new }, effect);
    }

    /// Runs a comparison and returns its differences instead of reporting them.
    fn trial(&mut self, comparison: impl FnOnce(&mut Self)) -> Vec<Difference> {
        let reported = std::mem::take(&mut self.differences);
        comparison(self);
        std::mem::replace(&mut self.differences, reported)
    }

    /// Returns whether the reading side accepts every value of the writing side. An additive
    /// variant is no proof of it where the variant is additive by agreement.
    fn fits(&self, differences: &[Difference]) -> bool {
        let by_agreement = |change: &Change| match (self.direction, change) {
            (Direction::Request, Change::VariantAdded { to_open }) => *to_open,
            (Direction::Reply | Direction::Answer, Change::VariantAdded { to_open }) => !*to_open,
            _ => false,
        };
        let is_proof = |it: &Difference| it.impact == Impact::Additive && !by_agreement(&it.change);
        differences.iter().all(is_proof)
    }

    fn report(&mut self, path: &str, change: Change, effect: Effect) {
        let impact = effect.impact(self.direction);
        let difference = Difference { document: None, path: path.to_owned(), change, impact };
        // A difference that concerns several types is found once for each of them.
        if !self.differences.contains(&difference) {
            self.differences.push(difference);
        }
    }
}

/// Returns whether two lists have the same schemas in any order. Neither list has duplicates.
fn same(left: &Schemas, right: &Schemas) -> bool {
    let is_in_right = |it: &&Value| right.iter().any(|other| std::ptr::eq(*it, *other));
    left.len() == right.len() && left.iter().all(is_in_right)
}

/// Returns the name of the definition, if both lists have a reference to it and nothing else.
fn common_name<'a>(old: &Schemas<'a>, new: &Schemas<'a>) -> Option<&'a str> {
    let name = |schemas: &Schemas<'a>| match schemas.as_slice() {
        [Value::Object(schema)] => canonical::bare_reference(schema)?.strip_prefix("#/$defs/"),
        _ => None,
    };
    name(old).filter(|_| name(old) == name(new))
}
