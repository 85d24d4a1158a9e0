//! The arguments of a call that may run.

use serde::de::DeserializeOwned;

use crate::Json;

/// The arguments of a call: one JSON object that the input schema of the tool accepts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ToolInput(Json);

impl ToolInput {
    /// Creates an input of arguments that were checked before, for example because they were kept.
    #[must_use]
    pub fn checked(arguments: Json) -> Self {
        Self(arguments)
    }

    /// Returns the arguments, as the model wrote them.
    #[must_use]
    pub fn json(&self) -> &Json {
        &self.0
    }

    /// Reads the arguments as a type.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        self.0.to()
    }
}
