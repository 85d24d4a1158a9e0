//! `list_workers`: Workers by state, label and name, in order of creation or of activity.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{page_token::ListId, validate::check_states},
    error::RuntimeError,
    model::{Cursor, Labels, PageRequest, WorkerState, WorkerSummary, setters},
    request::Query,
    state::{
        listing::{Activity, Bounds, ListingFilter, Page},
        view::{PageBudget, Reader},
        worker_cell::CellState,
    },
    store::WorkerRecord,
};

/// A query for Workers by state, labels and name.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ListWorkers {
    /// The states of the Workers to show, at most 16; an empty list shows none. If absent, Workers in
    /// all states are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub states: Option<Vec<WorkerState>>,
    /// The labels that the Workers to show must all have, at most `labels` of them. Names have 1 to
    /// `label_chars` characters and values at most `label_chars`, none of them a control character.
    /// If absent, Workers are shown whatever their labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_labels")]
    pub labels: Option<Labels>,
    /// A text that the display name of the Workers to show contains, in any case of its letters, of
    /// 1 to `display_name_chars` characters. If absent, Workers of all names are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub name_contains: Option<String>,
    /// The tenant whose Workers to show, of 1 to `label_chars` characters, none of them a control character.
    /// If absent, all that the caller sees are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_tenant")]
    pub tenant: Option<String>,
    /// The order of the Workers. If absent, it is `oldest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<WorkerOrder>,
    /// The part of the list that the page shows. If absent, it is the first part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<PageRequest>,
}

impl ListWorkers {
    /// Asks for the oldest Workers.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            states: None,
            labels: None,
            name_contains: None,
            tenant: None,
            order: None,
            page: None,
        }
    }
}

setters!(ListWorkers { states: Vec<WorkerState>, labels: Labels, name_contains: String, tenant: String, order: WorkerOrder, page: PageRequest });

/// The order in which Workers are listed.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerOrder {
    /// The Workers are listed by creation, the first one first.
    #[default]
    Oldest,
    /// The Workers are listed by creation, the last one first.
    Newest,
    /// The Workers are listed by activity, the most recent one first. A Worker that is active
    /// meanwhile may be skipped or shown twice.
    Active,
}

/// The reply to `list_workers`: one page of Workers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WorkersReply {
    /// The Workers of the page, in the order that was asked for. A page may have few items, even
    /// none, and still have a `next`.
    pub items: Vec<WorkerSummary>,
    /// The token of the next page, for `page.token` of the same query. If absent, there are no
    /// further pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// A position in the Runtime's log that was taken before the first item was read. Each item
    /// shows its Worker up to the item's own `worker_sequence`.
    pub cursor: Cursor,
}

impl Query for ListWorkers {
    type Reply = WorkersReply;

    async fn answer(self, reader: Reader<'_>) -> Result<WorkersReply, RuntimeError> {
        let limits = reader.limits();
        let page = self.page.clone().unwrap_or_default();
        let limit = limits.page("page.limit", page.limit)?;
        check_states("states", self.states.as_ref())?;
        if let Some(labels) = &self.labels {
            limits.check_labels(labels)?;
        }
        if let Some(part) = &self.name_contains {
            limits.check_name_part(part)?;
        }
        let cursor = reader.figures().cursor;
        let shown = reader.caller.narrowed("tenant", self.tenant.as_deref())?;
        let reader = Reader::of(&shown);
        let list = self.list_id(reader);
        let mut at = page.token.as_deref().map(|token| list.position(token)).transpose()?;
        let part = self.name_contains.as_ref().map(|part| part.to_lowercase());
        let mut scan = usize::try_from(limits.list_scan).unwrap_or(usize::MAX);
        let mut bytes = PageBudget::new();
        let mut items = Vec::new();
        let wanted = |cell: &CellState| self.still_wants(&cell.record);
        let named = |summary: &WorkerSummary| {
            part.as_ref().is_none_or(|part| summary.display_name.contains_ignoring_case(part))
        };
        loop {
            let bounds = Bounds { limit: limit - items.len(), scan };
            let chunk = self.chunk(reader, at, bounds);
            scan -= chunk.examined;
            // The position before the Worker at hand.
            let mut shown = at;
            at = chunk.next;
            let mut is_full = false;
            for (cell, position) in chunk.cells.iter().zip(chunk.positions) {
                if let Some(summary) = reader.summary(cell, wanted).filter(named) {
                    if !bytes.takes(&summary) {
                        (at, is_full) = (shown, true);
                        break;
                    }
                    items.push(summary);
                }
                shown = Some(position);
            }
            if is_full || at.is_none() || items.len() == limit || scan == 0 {
                break;
            }
        }
        Ok(WorkersReply { items, next: at.map(|at| list.token(at)), cursor })
    }
}

impl ListWorkers {
    fn list_id(&self, reader: Reader<'_>) -> ListId {
        let order = self.order.unwrap_or_default();
        let runtime_id = reader.identity().runtime_id;
        reader.list_id(&(
            "list_workers",
            runtime_id,
            &self.states,
            &self.labels,
            &self.name_contains,
            order,
        ))
    }

    /// Returns the next Workers of the listing, from the position `at` on.
    fn chunk(&self, reader: Reader<'_>, at: Option<Activity>, bounds: Bounds) -> Page<Activity> {
        let no_labels = Labels::new();
        let labels = self.labels.as_ref().unwrap_or(&no_labels);
        let wanted = ListingFilter { states: self.states.as_deref(), labels };
        let by_ordinal = match self.order.unwrap_or_default() {
            WorkerOrder::Oldest => {
                let after = at.map_or(0, |(ordinal, _)| ordinal);
                reader.oldest_workers(after, &wanted, bounds)
            }
            WorkerOrder::Newest => {
                let before = at.map_or(u64::MAX, |(ordinal, _)| ordinal);
                reader.newest_workers(before, &wanted, bounds)
            }
            WorkerOrder::Active => return reader.active_workers(at, &wanted, bounds),
        };
        let Page { cells, positions, next, examined } = by_ordinal;
        let by_ordinal = |ordinal| (ordinal, 0);
        let positions = positions.into_iter().map(by_ordinal).collect();
        Page { cells, positions, next: next.map(by_ordinal), examined }
    }

    /// Returns whether a Worker still has the state and the labels by which the indexes found it.
    fn still_wants(&self, worker: &WorkerRecord) -> bool {
        self.states.as_ref().is_none_or(|states| states.contains(&worker.state))
            && self
                .labels
                .iter()
                .flatten()
                .all(|(name, value)| worker.labels.get(name) == Some(value))
    }
}
