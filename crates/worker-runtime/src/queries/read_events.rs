//! `read_events`: a page of a log, at once or as soon as there is an event.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    error::RuntimeError,
    model::{Cursor, EventFilter, EventsFrom, ResetReason, RuntimeEvent, Scope, setters, wire},
    request::Query,
    state::{extent::Start, view::Reader},
    store::Complaint,
    sync::fair,
};

/// A query for a part of a log of events.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[schemars(transform = crate::model::fragments::sequence_only_of_a_worker)]
pub struct ReadEvents {
    /// The scope whose events are wanted.
    pub scope: Scope,
    /// The position at which reading begins. If absent, it is `oldest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<EventsFrom>,
    /// The filter that events must pass. If absent, all events pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<EventFilter>,
    /// The most events to show, from 1 to `page_items`. If absent, it is 100, or `page_items` if
    /// that is less.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::model::wire::optional_integer"
    )]
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u64>,
    /// The time to wait for an event if there is none yet, in milliseconds, at most `wait_ms`. If
    /// absent, the reply comes at once.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::model::wire::optional_integer"
    )]
    #[schemars(range(max = 60_000))]
    pub wait_ms: Option<u64>,
}

impl ReadEvents {
    /// Asks for the oldest events that are kept.
    #[must_use]
    pub const fn new(scope: Scope) -> Self {
        Self { scope, from: None, filter: None, limit: None, wait_ms: None }
    }

    /// Sets the position at which reading begins.
    #[must_use]
    pub fn starting_at(mut self, from: EventsFrom) -> Self {
        self.from = Some(from);
        self
    }

    /// Sets the time to wait for an event if there is none yet.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait_ms = Some(wire::milliseconds(wait));
        self
    }
}

setters!(ReadEvents { filter: EventFilter, limit: u64 });

/// The reply to `read_events`: a part of the log.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct EventsReply {
    /// The events of the part that passed the filter, in the order of the log.
    pub items: Vec<RuntimeEvent>,
    /// The position right after the last event that was examined, from which reading can go on.
    pub next: Cursor,
    /// Whether the log has more events after `next`.
    pub more: bool,
    /// The reason for which the cursor of the request could not be used, so that the part begins with
    /// the oldest event that is kept. If absent, the part begins where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset: Option<ResetReason>,
}

impl ReadEvents {
    /// Returns the position of the oldest event, which must have moved on from `before`.
    async fn begin_again(
        &self,
        reader: Reader<'_>,
        from: &EventsFrom,
        before: u64,
    ) -> Result<u64, RuntimeError> {
        let position = reader.begin(self.scope, from).await?.position;
        match &self.scope {
            Scope::Worker(it) if position <= before => {
                Err(reader.contradiction(it.worker, Complaint::FloorMoves))
            }
            Scope::Worker(_) | Scope::Runtime(_) => Ok(position),
        }
    }
}

impl Query for ReadEvents {
    type Reply = EventsReply;

    async fn answer(self, reader: Reader<'_>) -> Result<EventsReply, RuntimeError> {
        if let Scope::Worker(scope) = &self.scope {
            reader.look(scope.worker, |_| ())?;
        }
        let limits = reader.limits();
        let limit = limits.page("limit", self.limit)?;
        limits.check_wait(self.wait_ms)?;
        reader.caller.check_filter(self.filter.as_ref())?;
        let until = reader.after(Duration::from_millis(self.wait_ms.unwrap_or(0)));
        let reader = self.wait_ms.map_or(reader, |_| reader.until(until));
        let from = self.from.clone().unwrap_or(EventsFrom::oldest());
        let Start { mut position, mut reset } = reader.begin(self.scope, &from).await?;
        let mut began_again = false;
        loop {
            let range = reader.events(self.scope, position, self.filter.as_ref(), limit).await;
            let range = match range {
                // The log dropped its oldest event after that event's position was read.
                Err(RuntimeError::CursorExpired { .. }) if from.falls_back() && !began_again => {
                    began_again = true;
                    position = self.begin_again(reader, &from, position).await?;
                    if let EventsFrom::After(_) = from {
                        reset = reset.or(Some(ResetReason::CursorExpired));
                    }
                    continue;
                }
                range => range?,
            };
            position = range.examined;
            let is_over = self.wait_ms.is_none() || reader.is_past(until);
            if !range.items.is_empty() || is_over || reader.is_closed() {
                let next = reader.cursor(self.scope, position);
                return Ok(EventsReply { items: range.items, next, more: range.more, reset });
            }
            // All events that are there may be filtered out.
            fair().await;
            if !range.more {
                reader.wait_behind(self.scope, position, until).await?;
            }
        }
    }
}
