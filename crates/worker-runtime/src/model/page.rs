//! Requests for one page of a list.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A request for one page of a list: where the page begins, and its size.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PageRequest {
    /// The most items to show, from 1 to `page_items`. If absent, it is 100, or `page_items` if
    /// that is less.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::model::wire::optional_integer"
    )]
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u64>,
    /// The `next` of the page before. If absent, the page is the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}
