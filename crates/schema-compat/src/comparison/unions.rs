//! Compares unions whose variants a tag tells apart.
//!
//! An open union has one more alternative, for the tags that no variant has.

use std::collections::BTreeMap;

use super::{Comparison, fields::STRING};
use crate::{
    Change, Difference, Direction, Impact, alternative::Alternative, effect::Effect, path,
    reader::Reader,
};

/// A union of objects that each require a tag.
#[derive(Debug)]
pub(crate) struct Union<'a> {
    tag: &'static str,
    pub(crate) variants: BTreeMap<&'a str, Vec<Alternative<'a>>>,
    /// The variants without a name, if the union is open.
    pub(crate) others: Option<Alternative<'a>>,
}

impl<'a> Union<'a> {
    /// Reads alternatives that each require one value of the tag. One of them may take all values
    /// that the others do not require.
    pub(crate) fn read(
        reader: &mut Reader<'a>,
        alternatives: &[Alternative<'a>],
        tag: &'static str,
    ) -> Option<Self> {
        let mut union = Self { tag, variants: BTreeMap::new(), others: None };
        let mut refused = Vec::new();
        for alternative in alternatives {
            if let Some(name) = reader.tag(alternative, tag) {
                union.variants.entry(name).or_default().push(alternative.clone());
                continue;
            }
            let tags = reader.refused_tags(alternative, tag)?;
            refused = tags.values().filter_map(|value| value.as_str()).collect();
            if union.others.replace(alternative.clone()).is_some() {
                return None;
            }
        }
        refused.sort_unstable();
        let is_exact = union.others.is_none() || union.variants.keys().copied().eq(refused);
        is_exact.then_some(union)
    }

    /// Returns the variants without a name as if their tag could be any string.
    fn others_with_any_tag(&self) -> Option<Alternative<'a>> {
        let mut others = self.others.clone()?;
        others.fields.insert(self.tag, vec![&*STRING]);
        Some(others)
    }
}

impl<'a> Comparison<'a> {
    pub(super) fn unions(&mut self, path: &str, old: &Union<'a>, new: &Union<'a>) {
        for (&tag, old) in &old.variants {
            let path = path::child(path, tag);
            match new.variants.get(tag) {
                Some(new) => self.untagged(&path, old, new),
                None => self.report(&path, Change::VariantRemoved, Effect::Breaks),
            }
        }
        let others = (old.others_with_any_tag(), new.others_with_any_tag());
        for (tag, new) in new.variants.iter().filter(|(tag, _)| !old.variants.contains_key(*tag)) {
            let effect = self.variant_added(others.0.as_ref(), new);
            let change = Change::VariantAdded { to_open: others.0.is_some() };
            self.report(&path::child(path, tag), change, effect);
        }
        match others {
            (None, None) => {}
            (None, Some(_)) => self.report(path, Change::UnionOpened, Effect::Widens),
            (Some(_), None) => self.report(path, Change::UnionClosed, Effect::Narrows),
            (Some(old), Some(new)) => self.pair(&path::others(path), &old, &new),
        }
    }

    /// Returns the effect of a new variant. `others` are the variants that an open union does not
    /// name.
    fn variant_added(
        &mut self,
        others: Option<&Alternative<'a>>,
        variant: &[Alternative<'a>],
    ) -> Effect {
        match (self.direction, others) {
            (Direction::Request, Some(_)) => Effect::Keeps,
            (Direction::Reply | Direction::Answer, None) if self.is_answer => Effect::Keeps,
            (_, None) => Effect::Widens,
            (Direction::Reply | Direction::Answer, Some(others)) => {
                if variant.iter().all(|variant| self.is_one_of(others, variant)) {
                    Effect::Keeps
                } else {
                    Effect::Widens
                }
            }
        }
    }

    /// Returns whether a client that does not know the name of a variant can read it: the variant
    /// has what the variants without a name have.
    fn is_one_of(&mut self, others: &Alternative<'a>, variant: &Alternative<'a>) -> bool {
        let differences = self.trial(|comparison| comparison.pair("", others, variant));
        let optional: Vec<_> = others
            .fields
            .keys()
            .filter(|name| !others.required.contains(*name))
            .map(|name| path::child("", name))
            .collect();
        let may_lack =
            |it: &Difference| it.change == Change::FieldRemoved && optional.contains(&it.path);
        differences.iter().all(|it| it.impact != Impact::Breaking || may_lack(it))
    }
}
