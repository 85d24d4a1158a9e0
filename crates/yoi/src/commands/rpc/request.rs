//! A line of input as JSON-RPC has it: a request, a notification, or a batch of them.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::{
    methods::{Call, Methods},
    response::RpcError,
    well_formed::{Json, is_json},
};

/// How many requests a batch may hold.
pub(super) const MAX_BATCH: usize = 1024;

/// A line of input.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) entries: Vec<Entry>,
    /// Whether the answers belong in an array.
    pub(super) is_batch: bool,
}

/// A request, or why it is none.
pub(super) type Entry = Result<Request, Rejected>;

/// A request, or a notification if it has no id.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) id: Option<Id>,
    pub(super) call: Result<Call, RpcError>,
}

/// What is no request, and whom to tell.
#[derive(Debug)]
pub(super) struct Rejected {
    pub(super) id: Id,
    pub(super) error: RpcError,
}

/// The id of a request, written back as it was.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Id(Box<RawValue>);

impl Id {
    /// The id for answers to what has none that could be read.
    pub(super) fn null() -> Self {
        Self(RawValue::NULL.to_owned())
    }

    fn of(value: &RawValue) -> Option<Self> {
        let is_id = value.get() == "null" || value.get().starts_with(['"', '-']) || is_digit(value);
        (is_id && is_json(value.get())).then(|| Self(value.to_owned()))
    }
}

fn is_digit(value: &RawValue) -> bool {
    value.get().starts_with(|first: char| first.is_ascii_digit())
}

/// The members of a request. Others, such as those that carry a trace, are no concern of ours.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default, deserialize_with = "given")]
    jsonrpc: Option<Json<'a>>,
    #[serde(borrow, default, deserialize_with = "given")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "given")]
    method: Option<Json<'a>>,
    #[serde(borrow, default, deserialize_with = "given")]
    params: Option<&'a RawValue>,
}

/// Tells `null` from absent.
fn given<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

impl Message {
    /// Reads a line; `None` if there is nothing in it.
    pub(super) fn read(line: &[u8], methods: &Methods) -> Option<Result<Self, Rejected>> {
        let line = line.trim_ascii();
        (!line.is_empty()).then(|| {
            let text = str::from_utf8(line).map_err(|_| Rejected::of(RpcError::Parse))?;
            let message = if text.starts_with('[') {
                batch(text, methods)
            } else {
                Ok(Self { entries: vec![request(text, methods)], is_batch: false })
            };
            // What was decoded was read to its end. Anything else may not even be JSON.
            let is_decoded = message.as_ref().is_ok_and(|it| it.entries.iter().all(is_decoded));
            if is_decoded || is_json(text) { message } else { Err(Rejected::of(RpcError::Parse)) }
        })
    }
}

fn is_decoded(entry: &Entry) -> bool {
    entry.as_ref().is_ok_and(|it| it.call.is_ok())
}

fn batch(text: &str, methods: &Methods) -> Result<Message, Rejected> {
    let entries: Vec<&RawValue> =
        serde_json::from_str(text).map_err(|_| Rejected::of(RpcError::InvalidRequest))?;
    if entries.is_empty() || entries.len() > MAX_BATCH {
        return Err(Rejected::of(RpcError::InvalidRequest));
    }
    let entries = entries.into_iter().map(|entry| request(entry.get(), methods)).collect();
    Ok(Message { entries, is_batch: true })
}

fn request(text: &str, methods: &Methods) -> Entry {
    // An array would do for the members in their order, but not for JSON-RPC.
    let envelope = text.starts_with('{').then(|| serde_json::from_str::<Envelope<'_>>(text));
    let Some(Ok(Envelope { jsonrpc, id, method, params })) = envelope else {
        return Err(Rejected::of(RpcError::InvalidRequest));
    };
    let Some(id) = id.map(Id::of).map_or(Some(None), |id| id.map(Some)) else {
        return Err(Rejected::of(RpcError::InvalidRequest));
    };
    let is_2_0 = matches!(jsonrpc, Some(Json::Text(version)) if version == "2.0");
    let params = params.filter(|it| it.get() != "null");
    let is_structured = params.is_none_or(|it| it.get().starts_with(['{', '[']));
    match method {
        Some(Json::Text(method)) if is_2_0 && is_structured => {
            Ok(Request { id, call: methods.decode(&method, params) })
        }
        Some(_) | None => {
            Err(Rejected { id: id.unwrap_or_else(Id::null), error: RpcError::InvalidRequest })
        }
    }
}

impl Rejected {
    fn of(error: RpcError) -> Self {
        Self { id: Id::null(), error }
    }
}
