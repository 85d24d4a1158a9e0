//! `get_overview`: the counts of the Runtime, and the Workers that were active last.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    error::RuntimeError,
    model::{Labels, OutcomeCounts, StateCounts, Usage, WorkerSummary, setters},
    request::Query,
    state::{
        listing::{Bounds, ListingFilter},
        view::{PageBudget, Reader},
    },
};

/// A query for the counts and the usage of the Runtime, and for the Workers that were active last.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GetOverview {
    /// The most Workers to show, from 1 to `page_items`. If absent, it is 100, or `page_items` if
    /// that is less.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::model::wire::optional_integer"
    )]
    #[schemars(range(min = 1, max = 1000))]
    pub recent: Option<u64>,
    /// The tenant whose part of the Runtime to show, of 1 to `label_chars` characters, none of them a control character.
    /// If absent, all that the caller sees is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_tenant")]
    pub tenant: Option<String>,
}

impl GetOverview {
    /// Asks for the Runtime in figures.
    #[must_use]
    pub const fn new() -> Self {
        Self { recent: None, tenant: None }
    }
}

setters!(GetOverview { recent: u64, tenant: String });

/// The reply to `get_overview`: the Runtime in figures.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OverviewReply {
    /// The number of Workers in each state.
    pub workers: StateCounts,
    /// The number of ended turns with each outcome, those of deleted Workers included.
    pub turns: OutcomeCounts,
    /// The tokens and the time that all ended turns consumed, those of deleted Workers included.
    pub usage: Usage,
    /// The Workers that were active last, the most recent one first.
    pub recent: Vec<WorkerSummary>,
}

impl Query for GetOverview {
    type Reply = OverviewReply;

    async fn answer(self, reader: Reader<'_>) -> Result<OverviewReply, RuntimeError> {
        let limit = reader.limits().page("recent", self.recent)?;
        let shown = reader.caller.narrowed("tenant", self.tenant.as_deref())?;
        let reader = Reader::of(&shown);
        let figures = reader.figures();
        Ok(OverviewReply {
            workers: figures.workers,
            turns: figures.figures.outcomes,
            usage: figures.figures.usage,
            recent: most_recent(reader, limit),
        })
    }
}

/// Returns the Workers that were active last, as many as asked for and as fit a page.
fn most_recent(reader: Reader<'_>, limit: usize) -> Vec<WorkerSummary> {
    let wanted = ListingFilter { states: None, labels: &Labels::new() };
    let mut bytes = PageBudget::new();
    let mut recent = Vec::new();
    let mut before = None;
    loop {
        let left = limit - recent.len();
        let page = reader.active_workers(before, &wanted, Bounds { limit: left, scan: left });
        for summary in page.cells.iter().filter_map(|cell| reader.summary(cell, |_| true)) {
            if !bytes.takes(&summary) {
                return recent;
            }
            recent.push(summary);
        }
        before = page.next;
        if before.is_none() || recent.len() == limit {
            return recent;
        }
    }
}
