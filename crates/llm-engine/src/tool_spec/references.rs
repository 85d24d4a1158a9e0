//! The references of a schema, which must lead somewhere, and end.

use std::{
    collections::{HashMap, HashSet},
    ptr,
};

use serde_json::{Map, Value};

use super::ToolSpecProblem;
use crate::ShortText;

/// The most values that contain each other, where a reference contains what it refers to. Whatever
/// reads a schema calls itself for each, and must not run out of stack.
const DEPTH: usize = 128;

/// The most values that are referred to.
const TARGETS: usize = 64;

/// Checks all references of a schema.
pub(super) fn check(schema: &Value) -> Result<(), ToolSpecProblem> {
    let mut references = References {
        schema,
        heights: HashMap::new(),
        above: HashSet::new(),
        targets: HashSet::new(),
        ended: HashSet::new(),
    };
    references.height(schema, 0)?;
    references.check_ends(schema)
}

struct References<'a> {
    schema: &'a Value,
    /// The values that contain each other below each value that was seen.
    heights: HashMap<*const Value, usize>,
    /// The values that contain the present one.
    above: HashSet<*const Value>,
    targets: HashSet<*const Value>,
    /// The values from which all references end.
    ended: HashSet<*const Value>,
}

impl<'a> References<'a> {
    /// Returns how many values contain each other in `value`, which is that deep itself. A value
    /// that contains itself by a reference is counted once.
    fn height(&mut self, value: &'a Value, depth: usize) -> Result<usize, ToolSpecProblem> {
        let here = ptr::from_ref(value);
        if self.above.contains(&here) {
            return Ok(0);
        }
        let known = self.heights.get(&here).copied();
        if depth + known.unwrap_or(0) > DEPTH {
            return Err(ToolSpecProblem::TooDeep { limit: DEPTH });
        }
        if let Some(known) = known {
            return Ok(known);
        }
        self.above.insert(here);
        let mut height = 0;
        for inner in inner(value) {
            height = height.max(1 + self.height(inner, depth + 1)?);
        }
        if let Some(target) = self.target(value)? {
            self.targets.insert(ptr::from_ref(target));
            if self.targets.len() > TARGETS {
                return Err(ToolSpecProblem::TooManyReferences { limit: TARGETS });
            }
            height = height.max(1 + self.height(target, depth + 1)?);
        }
        self.above.remove(&here);
        self.heights.insert(here, height);
        Ok(height)
    }

    /// Checks that no value in `value` is, by references alone, a condition on itself. A check would
    /// never end. A value that refers to itself from one of its properties is well.
    fn check_ends(&mut self, value: &'a Value) -> Result<(), ToolSpecProblem> {
        self.check_end(value)?;
        inner(value).try_for_each(|inner| self.check_ends(inner))
    }

    fn check_end(&mut self, value: &'a Value) -> Result<(), ToolSpecProblem> {
        let here = ptr::from_ref(value);
        if self.ended.contains(&here) {
            return Ok(());
        }
        if !self.above.insert(here) {
            return Err(ToolSpecProblem::EndlessReference);
        }
        if let Some(target) = self.target(value)? {
            self.check_end(target)?;
        }
        value.as_object().into_iter().flat_map(in_place).try_for_each(|it| self.check_end(it))?;
        self.above.remove(&here);
        self.ended.insert(here);
        Ok(())
    }

    /// Returns what a value refers to.
    fn target(&self, value: &Value) -> Result<Option<&'a Value>, ToolSpecProblem> {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Ok(None) };
        let wrong = || ToolSpecProblem::Reference { reference: ShortText::cut(reference, 100) };
        let path = reference.strip_prefix('#').filter(|path| !path.contains('%'));
        path.and_then(|path| self.schema.pointer(path)).map(Some).ok_or_else(wrong)
    }
}

/// The values directly in a value.
fn inner(value: &Value) -> impl Iterator<Item = &Value> {
    let fields = value.as_object().into_iter().flat_map(Map::values);
    fields.chain(value.as_array().into_iter().flatten())
}

/// The conditions of a schema on the very value that the schema is of.
fn in_place(schema: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    let lists = ["allOf", "anyOf", "oneOf"].map(|key| schema.get(key)?.as_array());
    let single = ["not", "if", "then", "else"].map(|key| schema.get(key));
    let named = ["dependentSchemas", "dependencies"].map(|key| schema.get(key)?.as_object());
    let lists = lists.into_iter().flatten().flatten();
    let named = named.into_iter().flatten().flat_map(Map::values);
    lists.chain(single.into_iter().flatten()).chain(named)
}
