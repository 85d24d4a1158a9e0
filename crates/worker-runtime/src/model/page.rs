//! Requests for one page of a list.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which part of a list, and how much of it.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PageRequest {
    /// The most items to give, from 1 to `page_items`; 100 if absent, or `page_items` if less.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::model::wire::optional_integer"
    )]
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u64>,
    /// The `next` of the page before; the first page if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}
