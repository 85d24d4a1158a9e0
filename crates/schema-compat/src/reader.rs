//! Reads a schema with its references and unions into a shape.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    alternative::{self, Alternative, Condition, Schemas, Values},
    canonical, keywords,
    shape::Shape,
};

/// The fields that may be the tag of a union, in order of preference.
pub(super) const TAGS: [&str; 2] = ["type", "code"];

/// The keywords that are not understood but do not change the meaning of the other keywords in the
/// same object.
const APART: [&str; 6] = ["not", "if", "then", "else", "dependentRequired", "dependentSchemas"];

/// Reads the schemas of one document.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    root: &'a Value,
    /// The references that are being followed, used to find cycles.
    following: Vec<&'a str>,
    in_tag: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(root: &'a Value) -> Self {
        Self { root, following: Vec::new(), in_tag: false }
    }

    /// Replaces each schema that is only a reference by its target, so that recursion is
    /// recognised.
    pub(super) fn targets(&self, schemas: &Schemas<'a>) -> Schemas<'a> {
        let mut targets = Schemas::new();
        for schema in schemas {
            alternative::join(&mut targets, self.target(schema));
        }
        targets
    }

    fn target(&self, schema: &'a Value) -> &'a Value {
        let mut target = schema;
        let mut seen = BTreeSet::new();
        while let Some(next) = target
            .as_object()
            .and_then(canonical::bare_reference)
            .filter(|reference| seen.insert(*reference))
        {
            match canonical::resolve(self.root, next) {
                Some(next) => target = next,
                None => break,
            }
        }
        target
    }

    /// Returns the shape that satisfies all of these schemas.
    pub(super) fn all(&mut self, schemas: &Schemas<'a>) -> Shape<'a> {
        let mut shape = keywords::anything();
        for schema in schemas {
            let next = self.one(schema);
            shape = self.both(shape, &next);
        }
        shape
    }

    /// Returns the value of a tag that an alternative requires, if there is exactly one.
    pub(super) fn tag(&mut self, alternative: &Alternative<'a>, tag: &str) -> Option<&'a str> {
        self.tag_values(alternative, tag)?.only_string()
    }

    fn tag_values(&mut self, alternative: &Alternative<'a>, tag: &str) -> Option<Shape<'a>> {
        alternative.required.contains(tag).then(|| self.all(alternative.field(tag)))
    }

    /// Returns the values of a tag that an alternative refuses, if it accepts all other strings.
    pub(super) fn refused_tags(
        &mut self,
        alternative: &Alternative<'a>,
        tag: &str,
    ) -> Option<Values<'a>> {
        let values = self.tag_values(alternative, tag)?;
        let [only] = values.0.as_slice() else { return None };
        let is_open = only.values.is_none() && !only.excluded.is_empty();
        (is_open && only.is_plain_string()).then(|| only.excluded.clone())
    }

    fn one(&mut self, schema: &'a Value) -> Shape<'a> {
        match schema {
            Value::Bool(true) => keywords::anything(),
            Value::Bool(false) => Shape(Vec::new()),
            Value::Object(object) => self.object(schema, object),
            _ => {
                keywords::anything().with(&self.not_understood("a schema of no known form", schema))
            }
        }
    }

    fn object(&mut self, schema: &'a Value, object: &'a Map<String, Value>) -> Shape<'a> {
        let mut shape = keywords::read(object);
        if let Some(excluded) = self.excluded(object) {
            shape = shape.without(&excluded);
        }
        if let Some(condition) = self.not_understood_within(schema, object) {
            shape = shape.with(&condition);
        }
        if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
            let target = self.reference(reference, schema);
            shape = self.both(shape, &target);
        }
        for part in branches(object, "allOf") {
            let part = self.one(part);
            shape = self.both(shape, &part);
        }
        if object.get("anyOf").is_some_and(Value::is_array) {
            let union = branches(object, "anyOf").flat_map(|branch| self.one(branch).0).collect();
            shape = self.both(shape, &Shape::any_of(union));
        }
        if object.get("oneOf").is_some_and(Value::is_array) {
            let branches: Vec<_> =
                branches(object, "oneOf").map(|branch| self.one(branch)).collect();
            shape = if self.exclude_each_other(&branches) {
                let union = branches.into_iter().flat_map(|branch| branch.0).collect();
                self.both(shape, &Shape::any_of(union))
            } else {
                let overlapping = serde_json::json!({ "oneOf": object["oneOf"] });
                shape.with(&self.not_understood("oneOf with branches that overlap", &overlapping))
            };
        }
        shape
    }

    /// Returns the values that `not` lists.
    fn excluded(&self, object: &'a Map<String, Value>) -> Option<Values<'a>> {
        keywords::only_listed(self.target(object.get("not")?))
    }

    fn reference(&mut self, reference: &'a str, schema: &'a Value) -> Shape<'a> {
        let target = canonical::resolve(self.root, reference);
        let Some(target) = target.filter(|_| !self.following.contains(&reference)) else {
            let what = "a $ref that leads nowhere or to itself";
            return keywords::anything().with(&self.not_understood(what, schema));
        };
        self.following.push(reference);
        let shape = self.one(target);
        self.following.pop();
        shape
    }

    /// Returns the shape of a required tag. Returns `None` within a tag, which ends the recursion.
    fn demanded(&mut self, alternative: &Alternative<'a>, tag: &str) -> Option<Shape<'a>> {
        if self.in_tag || !alternative.required.contains(tag) {
            return None;
        }
        self.in_tag = true;
        let values = self.all(alternative.field(tag));
        self.in_tag = false;
        Some(values)
    }

    /// Returns the intersection of two shapes, without the variants whose tag would need two values
    /// at once.
    fn both(&mut self, left: Shape<'a>, right: &Shape<'a>) -> Shape<'a> {
        let mut shape = left.and(right);
        shape.0.retain(|alternative| {
            TAGS.iter().all(|&tag| {
                self.demanded(alternative, tag).is_none_or(|values| !values.is_nothing())
            })
        });
        shape
    }

    /// Returns whether types, listed values and tags show that no value matches two of the
    /// branches.
    fn exclude_each_other(&mut self, branches: &[Shape<'a>]) -> bool {
        branches.iter().enumerate().all(|(at, left)| {
            branches[at + 1..].iter().all(|right| {
                left.0.iter().all(|left| right.0.iter().all(|right| self.disjoint(left, right)))
            })
        })
    }

    fn disjoint(&mut self, left: &Alternative<'a>, right: &Alternative<'a>) -> bool {
        left.excludes(right)
            || TAGS.iter().any(|&tag| {
                let values = (self.tag_values(left, tag), self.tag_values(right, tag));
                let (Some(left), Some(right)) = values else { return false };
                left.0.iter().all(|left| right.0.iter().all(|right| left.excludes(right)))
            })
    }

    fn not_understood_within(
        &self,
        schema: &Value,
        object: &'a Map<String, Value>,
    ) -> Option<Condition> {
        let mut unknown = keywords::unknown(object);
        unknown.retain(|keyword| *keyword != "not" || self.excluded(object).is_none());
        if unknown.is_empty() {
            return None;
        }
        let what = unknown.join(", ");
        if !unknown.iter().all(|keyword| APART.contains(keyword)) {
            return Some(self.not_understood(&what, schema));
        }
        let apart = unknown.iter().map(|&keyword| (keyword.to_owned(), object[keyword].clone()));
        Some(self.not_understood(&what, &apart.collect()))
    }

    fn not_understood(&self, what: &str, schema: &Value) -> Condition {
        Condition::NotUnderstood { what: what.to_owned(), text: canonical::text(self.root, schema) }
    }
}

fn branches<'a>(
    object: &'a Map<String, Value>,
    keyword: &str,
) -> impl Iterator<Item = &'a Value> + use<'a> {
    object.get(keyword).and_then(Value::as_array).into_iter().flatten()
}
