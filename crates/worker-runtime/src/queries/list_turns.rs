//! `list_turns`: a Worker's turns, oldest first.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{page_token::ListId, validate::check_states},
    error::RuntimeError,
    identity::WorkerRef,
    model::{Cursor, PageRequest, TurnDetail, TurnOutcome, setters},
    request::Query,
    state::view::{PageBudget, Reader},
    sync::fair,
};

/// A query for the turns of a Worker, oldest first.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ListTurns {
    /// The Worker that the query is about.
    pub worker: WorkerRef,
    /// The outcomes of the turns to show, at most 16; an empty list shows none. If absent, all turns
    /// are shown, including the one that runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub outcomes: Option<Vec<TurnOutcome>>,
    /// The part of the list that the page shows. If absent, it is the first part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<PageRequest>,
}

impl ListTurns {
    /// Asks for the oldest turns of a Worker.
    #[must_use]
    pub const fn new(worker: WorkerRef) -> Self {
        Self { worker, outcomes: None, page: None }
    }
}

setters!(ListTurns { outcomes: Vec<TurnOutcome>, page: PageRequest });

/// The reply to `list_turns`: one page of turns.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TurnsReply {
    /// The turns of the page, oldest first. A page may have few items, even none, and still have a
    /// `next`.
    #[schemars(with = "Vec<TurnDetail>")]
    pub items: Vec<Arc<TurnDetail>>,
    /// The token of the next page, for `page.token` of the same query. If absent, there are no
    /// further pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The end of the Worker's log at the moment that the reply shows. The events after it are the
    /// changes that the reply does not show.
    pub cursor: Cursor,
}

/// The most turns that are read from the store at once.
const AT_ONCE: usize = 256;

/// The fewest turns that are read from the store at once if only some outcomes are wanted.
const LEAST_OF_SOME: usize = 128;

impl Query for ListTurns {
    type Reply = TurnsReply;

    async fn answer(self, reader: Reader<'_>) -> Result<TurnsReply, RuntimeError> {
        let moment = reader.moment(self.worker)?;
        let page = self.page.clone().unwrap_or_default();
        let limit = reader.limits().page("page.limit", page.limit)?;
        check_states("outcomes", self.outcomes.as_ref())?;
        let list_id =
            ListId::of(&("list_turns", reader.identity().runtime_id, self.worker, &self.outcomes));
        let mut after = match &page.token {
            Some(token) => list_id.position(token)?.0,
            None => 0,
        };
        let last = moment.record.turns;
        let mut items = Vec::new();
        let mut examined = 0;
        let mut bytes = PageBudget::new();
        let mut is_full = false;
        // Few turns may be wanted of those that are read.
        let at_once = if self.outcomes.is_some() { limit.max(LEAST_OF_SOME) } else { limit };
        let at_once = at_once.min(AT_ONCE);
        while !is_full
            && items.len() < limit
            && after < last
            && examined < reader.limits().list_scan
        {
            if examined > 0 {
                fair().await;
            }
            let left = (last - after).min(reader.limits().list_scan - examined);
            let count = at_once.min(usize::try_from(left).unwrap_or(usize::MAX));
            for turn in reader.turns(self.worker, after + 1, count).await? {
                if items.len() == limit {
                    break;
                }
                // The store may have a later version of the latest turn than the record that this
                // query reads.
                let turn = match &moment.turn {
                    Some(latest) if latest.turn_id == turn.turn_id => Arc::clone(latest),
                    Some(_) | None => Arc::new(turn.shown(0)),
                };
                let is_wanted = self.wants(&turn);
                if is_wanted && !bytes.takes(&turn) {
                    is_full = true;
                    break;
                }
                after += 1;
                examined += 1;
                if is_wanted {
                    items.push(turn);
                }
            }
        }
        let next = (after < last).then(|| list_id.token((after, 0)));
        Ok(TurnsReply { items, next, cursor: moment.cursor })
    }
}

impl ListTurns {
    fn wants(&self, turn: &TurnDetail) -> bool {
        self.outcomes
            .as_ref()
            .is_none_or(|outcomes| turn.outcome.is_some_and(|outcome| outcomes.contains(&outcome)))
    }
}
