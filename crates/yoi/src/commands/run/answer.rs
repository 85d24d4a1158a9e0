//! A turn's answer on its way to stdout, and how the turn ended.

use futures_util::StreamExt;
use llm_engine::StopReason;
use worker_runtime::{
    StreamItem, Subscription,
    event::EventBody,
    model::{TranscriptEntry, TurnError},
};

use crate::{exit::Exit, failure::Failure, output::Output, report};

/// How the answer is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Format {
    /// Its text alone.
    Text,
    /// Every stream item, one a line.
    Json,
}

/// A turn's answer on its way to stdout.
#[derive(Debug)]
pub(super) struct Answer {
    format: Format,
    output: Output,
    /// How much of the text was written, in bytes.
    written: usize,
    ends_line: bool,
}

/// How a turn ended.
enum End<'a> {
    Completed(StopReason, &'a TranscriptEntry),
    Failed(&'a TurnError, Option<&'a TranscriptEntry>),
    Cancelled(Option<&'a TranscriptEntry>),
    Lost,
}

impl Answer {
    pub(super) fn new(format: Format, output: Output) -> Self {
        Self { format, output, written: 0, ends_line: true }
    }

    /// Writes what the stream of a Worker brings until its turn ends.
    pub(super) async fn print(mut self, mut stream: Subscription) -> Result<Exit, Failure> {
        while let Some(item) = stream.next().await {
            let end = end_in(&item);
            match self.format {
                Format::Text => self.text(&item, end.as_ref()).await?,
                Format::Json => self.json(&item).await?,
            }
            if let Some(end) = end {
                return end.verdict();
            }
        }
        Err(Failure::new("the stream ended before the turn"))
    }

    async fn json(&mut self, item: &StreamItem) -> Result<(), Failure> {
        let line = serde_json::to_string(item)
            .map_err(|error| Failure::new(format!("an item cannot be written: {error}")))?;
        self.output.write(&line).await?;
        self.output.write("\n").await?;
        self.output.flush().await
    }

    async fn text(&mut self, item: &StreamItem, end: Option<&End<'_>>) -> Result<(), Failure> {
        if let StreamItem::TextDelta { offset, text, .. } = item {
            self.write(usize::try_from(*offset).unwrap_or(usize::MAX), text).await?;
        }
        if let Some(end) = end {
            // What the stream did not bring, because the reader of stdout was too slow for it.
            if let Some(entry) = end.entry() {
                self.write(0, &entry.text).await?;
            }
            if !self.ends_line {
                self.output.write("\n").await?;
            }
        }
        self.output.flush().await
    }

    /// Writes a piece that begins at `offset` of the text, but nothing twice.
    async fn write(&mut self, offset: usize, piece: &str) -> Result<(), Failure> {
        let known = self.written.saturating_sub(offset);
        let Some(news) = piece.get(known..).filter(|news| !news.is_empty()) else { return Ok(()) };
        self.written = offset + piece.len();
        self.ends_line = news.ends_with('\n');
        self.output.write(news).await
    }
}

impl End<'_> {
    fn entry(&self) -> Option<&TranscriptEntry> {
        match self {
            Self::Completed(_, entry) => Some(entry),
            Self::Failed(_, entry) | Self::Cancelled(entry) => *entry,
            Self::Lost => None,
        }
    }

    fn verdict(&self) -> Result<Exit, Failure> {
        match self {
            Self::Completed(stop_reason, _) => {
                if let Some(note) = cut_short(*stop_reason) {
                    report::note(note);
                }
                Ok(Exit::Completed)
            }
            Self::Failed(error, _) if error.retryable => Err(Failure::for_now(&error.message)),
            Self::Failed(error, _) => Err(Failure::new(&error.message)),
            Self::Cancelled(_) => Err(Failure::new("the turn was cancelled")),
            Self::Lost => Err(Failure::new("the turn was lost")),
        }
    }
}

fn cut_short(stop_reason: StopReason) -> Option<&'static str> {
    match stop_reason {
        StopReason::EndTurn | StopReason::StopSequence | StopReason::Other => None,
        StopReason::MaxTokens => Some("the answer ends where the model's limit of tokens was"),
        StopReason::Refusal => Some("the model refused to answer"),
        StopReason::ContentFilter => Some("the provider's content filter cut the answer"),
    }
}

fn end_in(item: &StreamItem) -> Option<End<'_>> {
    let StreamItem::Event(it) = item else { return None };
    match &it.event.body {
        EventBody::TurnCompleted { stop_reason, entry, usage: _ } => {
            Some(End::Completed(*stop_reason, entry))
        }
        EventBody::TurnFailed { error, entry, usage: _ } => {
            Some(End::Failed(error, entry.as_deref()))
        }
        EventBody::TurnCancelled { entry, .. } => Some(End::Cancelled(entry.as_deref())),
        EventBody::TurnLost { usage: _ } => Some(End::Lost),
        EventBody::RuntimeStarted {}
        | EventBody::RuntimeStopping { .. }
        | EventBody::RuntimeStopped {}
        | EventBody::WorkerCreated { .. }
        | EventBody::WorkerUpdated { .. }
        | EventBody::WorkerStateChanged { .. }
        | EventBody::WorkerDeleted {}
        | EventBody::InputAccepted { .. }
        | EventBody::TurnStarted {}
        | EventBody::TurnRetrying { .. }
        | EventBody::Diagnostic { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use worker_runtime::model::TurnErrorKind;

    use super::*;

    #[test]
    fn scripts_can_tell_what_is_worth_another_try() {
        for (retryable, expected) in [(true, Exit::TryAgain), (false, Exit::Failed)] {
            let error = TurnError {
                kind: TurnErrorKind::Server,
                message: "the provider failed".to_owned(),
                retryable,
                retry_after_ms: None,
            };
            let failure = End::Failed(&error, None).verdict().expect_err("the turn failed");
            assert_eq!(failure.exit, expected);
        }
    }
}
