//! Subscriptions as server-sent events.
//!
//! `event` is the type of an item, `data` the item as JSON, and `id` its cursor. Text has no `id`: a
//! client that comes back in the middle of an answer sends the cursor of the last event in
//! `Last-Event-ID`, as browsers do by themselves, and gets the running answer from its beginning. A
//! cursor that can not be used any more does not end the stream: it goes on with the oldest event that
//! is kept, after an item `reset` which says so.
//!
//! The response ends after the item `ended`. A browser then connects again: close its `EventSource`
//! when `ended` comes with `worker_deleted`. One that is answered with an error gives up by itself.

use std::convert::Infallible;

use axum::{
    extract::{
        Path, Query,
        rejection::{PathRejection, QueryRejection},
    },
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use worker_runtime::{Decode, RuntimeError, Scope, StreamItem, Subscribe, WorkerId};

use crate::{Access, Refusal};

/// The fields of the query of a subscription.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Params {
    /// The cursor after which the stream begins, unless `Last-Event-ID` has one.
    pub after: Option<String>,
    /// Where the stream begins without a cursor: `now`, which is the default, or `oldest`.
    pub from: Option<String>,
    /// A filter, as JSON.
    pub filter: Option<String>,
}

/// Streams the events in the scope of the Runtime.
pub async fn of_runtime(
    access: Access,
    headers: HeaderMap,
    params: Result<Query<Params>, QueryRejection>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    stream(access, Scope::runtime(), &headers, params?.0).await
}

/// Streams the events and the text of one Worker.
pub async fn of_worker(
    access: Access,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    params: Result<Query<Params>, QueryRejection>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    // A segment that is not UTF-8 is no id either.
    let segment = path.map(|Path(segment)| segment).unwrap_or_default();
    let worker_id: WorkerId = segment.parse().map_err(RuntimeError::from)?;
    let scope = Scope::worker(access.worker(worker_id));
    stream(access, scope, &headers, params?.0).await
}

async fn stream(
    access: Access,
    scope: Scope,
    headers: &HeaderMap,
    params: Params,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>> + use<>>, Refusal> {
    let last = headers.get("last-event-id");
    let last = last.map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
    let after = last.into_iter().chain(params.after).find(|cursor| !cursor.is_empty());
    let from = match after {
        Some(cursor) => json!({ "type": "after", "cursor": cursor, "or_oldest": true }),
        None => json!({ "type": params.from.as_deref().unwrap_or("now") }),
    };
    let filter = params.filter.map(|text| serde_json::from_str::<Value>(&text)).transpose();
    let filter = filter.map_err(|_| RuntimeError::InvalidRequest {
        field: "filter".to_owned(),
        problem: "must be JSON".to_owned(),
    })?;
    // The Runtime's own reader says what is wrong, and where.
    let request = json!({ "scope": scope, "from": from, "filter": filter }).to_string();
    let subscribe = Subscribe::decode(request.as_bytes(), access.limits().request_bytes)?;
    let items = access.subscribe(subscribe).await?.map(|item| Ok(event(&item)));
    Ok(Sse::new(items).keep_alive(KeepAlive::default()))
}

fn event(item: &StreamItem) -> Event {
    let data = serde_json::to_string(item).unwrap_or_default();
    let event = Event::default().event(item.name()).data(data);
    match item.cursor() {
        Some(cursor) => event.id(cursor.to_string()),
        None => event,
    }
}
