//! The independent opinion on which values a schema accepts.

use jsonschema::Validator;
use serde_json::Value;

/// A validator for one schema.
#[derive(Debug)]
pub(super) struct Judge(Validator);

impl Judge {
    pub(super) fn new(schema: &Value) -> Self {
        let validator = jsonschema::draft202012::new(schema);
        Self(validator.unwrap_or_else(|error| panic!("{error} in {schema}")))
    }

    pub(super) fn accepts(&self, value: &Value) -> bool {
        self.0.is_valid(value)
    }
}
