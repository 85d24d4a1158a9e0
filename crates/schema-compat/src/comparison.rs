//! Walks two schemas side by side and reports where what they accept differs.

mod alternatives;
mod facets;
mod fields;

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Change, Difference, Direction, Impact, JsonType, alternative::Schemas, effect::Effect,
    reader::Reader, shape::Shape,
};

pub(super) fn compare(old: &Value, new: &Value, direction: Direction) -> Vec<Difference> {
    let mut comparison = Comparison {
        old: Reader::new(old),
        new: Reader::new(new),
        direction,
        open: Vec::new(),
        differences: Vec::new(),
    };
    if old.get("$schema") != new.get("$schema") {
        comparison.report("", Change::NotUnderstood { what: "$schema".to_owned() }, Effect::Breaks);
    }
    comparison.schemas("", &vec![old], &vec![new]);
    comparison.differences
}

/// One walk. Reader and writer are who reads and writes the values, not the documents.
#[derive(Debug)]
struct Comparison<'a> {
    old: Reader<'a>,
    new: Reader<'a>,
    direction: Direction,
    /// The pairs being compared. One met again within itself is taken to agree: if it does not,
    /// that is reported where it was met first.
    open: Vec<(Schemas<'a>, Schemas<'a>)>,
    differences: Vec<Difference>,
}

impl<'a> Comparison<'a> {
    fn schemas(&mut self, path: &str, old: &Schemas<'a>, new: &Schemas<'a>) {
        let (old, new) = (&self.old.targets(old), &self.new.targets(new));
        let is_open = |(left, right): &(Schemas, Schemas)| same(left, old) && same(right, new);
        let are_free = old.is_empty() && new.is_empty();
        if are_free || self.open.iter().any(is_open) {
            return;
        }
        self.open.push((old.clone(), new.clone()));
        let (old, new) = (self.old.all(old), self.new.all(new));
        self.shapes(path, &old, &new);
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
                all.filter(|it| it.of.family() == *family).cloned().collect::<Vec<_>>()
            };
            self.alternatives(path, &of_family(old), &of_family(new));
        }
    }

    fn types(&mut self, path: &str, old: &Shape<'a>, new: &Shape<'a>) {
        let (before, now) = (old.types(), new.types());
        let missing = |from: &BTreeSet<JsonType>, of: &BTreeSet<JsonType>| {
            of.iter().any(|it| !from.contains(it) && !from.contains(&it.family()))
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

    /// What a comparison finds, without reporting it.
    fn trial(&mut self, comparison: impl FnOnce(&mut Self)) -> Vec<Difference> {
        let reported = std::mem::take(&mut self.differences);
        comparison(self);
        std::mem::replace(&mut self.differences, reported)
    }

    /// Whether whoever reads gets nothing but what it knows, not even a variant to be ignored.
    fn fits(&self, differences: &[Difference]) -> bool {
        differences.iter().all(|it| match self.direction {
            Direction::Request => it.impact == Impact::Additive,
            Direction::Reply => it.impact == Impact::Additive && it.change != Change::VariantAdded,
        })
    }

    fn report(&mut self, path: &str, change: Change, effect: Effect) {
        let impact = effect.impact(self.direction);
        let difference = Difference { document: None, path: path.to_owned(), change, impact };
        // What holds for several types is found once for each of them.
        if !self.differences.contains(&difference) {
            self.differences.push(difference);
        }
    }
}

/// Each schema is among them once, in whatever order.
fn same(left: &Schemas, right: &Schemas) -> bool {
    let is_in_right = |it: &&Value| right.iter().any(|other| std::ptr::eq(*it, *other));
    left.len() == right.len() && left.iter().all(is_in_right)
}
