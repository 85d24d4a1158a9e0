//! `get_transcript`: a part of a Worker's transcript, and the answer in progress.

use std::{collections::VecDeque, ops::RangeInclusive, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    error::RuntimeError,
    identity::WorkerRef,
    model::{Cursor, InProgress, TranscriptEntry, setters},
    request::Query,
    state::view::{PageBudget, Reader, Stride},
    sync::fair,
};

/// A query for a part of a Worker's transcript, and for the answer in progress.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GetTranscript {
    /// The Worker that the query is about.
    pub worker: WorkerRef,
    /// The part of the transcript to show. If absent, it is `tail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<TranscriptFrom>,
    /// The most entries to show, from 1 to `page_items`. If absent, it is 100, or `page_items` if
    /// that is less.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::model::wire::optional_integer"
    )]
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u64>,
}

impl GetTranscript {
    /// Asks for the newest entries.
    #[must_use]
    pub const fn new(worker: WorkerRef) -> Self {
        Self { worker, from: None, limit: None }
    }

    /// Sets the part of the transcript that the page shows.
    #[must_use]
    pub fn starting_at(mut self, from: TranscriptFrom) -> Self {
        self.from = Some(from);
        self
    }
}

setters!(GetTranscript { limit: u64 });

/// The choice of a part of a transcript.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each payload documents itself")]
pub enum TranscriptFrom {
    Start(TranscriptStart),
    Tail(TranscriptTail),
    After(TranscriptAfter),
    Before(TranscriptBefore),
}

impl TranscriptFrom {
    /// Begins with the oldest entry.
    #[must_use]
    pub const fn start() -> Self {
        Self::Start(TranscriptStart {})
    }

    /// Ends with the newest entry.
    #[must_use]
    pub const fn tail() -> Self {
        Self::Tail(TranscriptTail {})
    }

    /// Begins right after the entry with this `sequence`; 0 begins with the first entry.
    #[must_use]
    pub const fn after(sequence: u64) -> Self {
        Self::After(TranscriptAfter { sequence })
    }

    /// Ends right before the entry with this `sequence`.
    #[must_use]
    pub const fn before(sequence: u64) -> Self {
        Self::Before(TranscriptBefore { sequence })
    }
}

/// The oldest entries of the transcript.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TranscriptStart {}

/// The newest entries of the transcript.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TranscriptTail {}

/// The entries right after a given one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TranscriptAfter {
    /// The `sequence` of the entry after which the part begins, or 0 for the first entry.
    #[serde(deserialize_with = "crate::model::wire::integer")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub sequence: u64,
}

/// The entries right before a given one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TranscriptBefore {
    /// The `sequence` of the entry before which the part ends.
    #[serde(deserialize_with = "crate::model::wire::integer")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub sequence: u64,
}

/// The reply to `get_transcript`: a part of the transcript.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TranscriptReply {
    /// The entries of the part, in ascending order of their `sequence`.
    #[schemars(with = "Vec<TranscriptEntry>")]
    pub entries: Vec<Arc<TranscriptEntry>>,
    /// The `sequence` of the first entry that is shown. If absent, none is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub first: Option<u64>,
    /// The `sequence` of the last entry that is shown. If absent, none is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub last: Option<u64>,
    /// The number of entries in the whole transcript.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub total: u64,
    /// The answer that the running turn is writing. If absent, no turn runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_progress: Option<InProgress>,
    /// The end of the Worker's log at the moment that the reply shows. The events after it are the
    /// changes that the reply does not show.
    pub cursor: Cursor,
}

impl Query for GetTranscript {
    type Reply = TranscriptReply;

    async fn answer(self, reader: Reader<'_>) -> Result<TranscriptReply, RuntimeError> {
        let (moment, in_progress) = reader.moment_with_answer(self.worker)?;
        let limit = reader.limits().page("limit", self.limit)?;
        let total = moment.record.entries;
        let (first, last, backwards) = self.range(total, limit as u64);
        let entries = self.read(reader, first..=last, backwards).await?;
        Ok(TranscriptReply {
            first: entries.first().map(|entry| entry.sequence),
            last: entries.last().map(|entry| entry.sequence),
            entries,
            total,
            in_progress,
            cursor: moment.cursor,
        })
    }
}

impl GetTranscript {
    /// Reads as many of these entries as the budget of a page takes: the last ones if `backwards`, and
    /// the first ones otherwise.
    async fn read(
        &self,
        reader: Reader<'_>,
        mut wanted: RangeInclusive<u64>,
        backwards: bool,
    ) -> Result<Vec<Arc<TranscriptEntry>>, RuntimeError> {
        let (mut bytes, mut stride) = (PageBudget::new(), Stride::new());
        let mut entries = VecDeque::new();
        while !wanted.is_empty() {
            if !entries.is_empty() {
                fair().await;
            }
            let left = wanted.end() - wanted.start() + 1;
            let count = left.min(stride.get() as u64);
            let first = if backwards { wanted.end() + 1 - count } else { *wanted.start() };
            let length = usize::try_from(count).unwrap_or(usize::MAX);
            let mut page = VecDeque::from(reader.entries(self.worker, first, length).await?);
            stride.learn(page.iter().map(|entry| entry.text.len()));
            while let Some(entry) = if backwards { page.pop_back() } else { page.pop_front() } {
                let entry = Arc::new(entry.shown());
                if !bytes.takes(&entry) {
                    return Ok(entries.into());
                }
                if backwards {
                    entries.push_front(entry);
                } else {
                    entries.push_back(entry);
                }
            }
            wanted =
                if backwards { *wanted.start()..=first - 1 } else { first + count..=*wanted.end() };
        }
        Ok(entries.into())
    }

    /// Returns the sequences of the first and the last entry of the page, and whether a page that
    /// is too long loses its first entries rather than its last ones.
    fn range(&self, total: u64, limit: u64) -> (u64, u64, bool) {
        let up_to = |last: u64| (last.saturating_sub(limit) + 1, last, true);
        let beyond =
            |after: u64| (after.saturating_add(1), after.saturating_add(limit).min(total), false);
        match self.from.unwrap_or(TranscriptFrom::tail()) {
            TranscriptFrom::Start(_) => beyond(0),
            TranscriptFrom::Tail(_) => up_to(total),
            TranscriptFrom::After(from) => beyond(from.sequence),
            TranscriptFrom::Before(from) => up_to(from.sequence.saturating_sub(1).min(total)),
        }
    }
}
