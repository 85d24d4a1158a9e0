//! Prints the answer of a turn to stdout while it streams.

mod turn_end;
mod turn_stream;

use worker_runtime::{StreamItem, event::EventBody};

use self::turn_stream::TurnUpdate;
pub(crate) use self::{turn_end::TurnEnd, turn_stream::TurnStream};
use crate::{
    failure::Failure, output::Output, provider_words, report, spinner::Spinner,
    usage_line::usage_line,
};

/// The form in which the answer is printed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Format {
    /// The text of the answer.
    Text,
    /// Every stream item as JSON, one a line.
    Json,
    /// Nothing on stdout.
    Nothing,
}

/// Prints the answer of one turn.
#[derive(Debug)]
pub(crate) struct AnswerPrinter {
    format: Format,
    output: Output,
    spinner: Spinner,
    /// The length of the text that was written, in bytes.
    written: usize,
    ends_line: bool,
    has_reasoning: bool,
    /// Whether the tokens and the time are printed to stderr at the end.
    shows_usage: bool,
}

impl AnswerPrinter {
    pub(crate) fn new(format: Format) -> Self {
        let spinner = match format {
            Format::Text | Format::Nothing => Spinner::new(),
            Format::Json => Spinner::none(),
        };
        Self {
            format,
            output: Output::new(),
            spinner,
            written: 0,
            ends_line: true,
            has_reasoning: false,
            shows_usage: false,
        }
    }

    /// Sets whether the tokens and the time of the turn are printed to stderr at its end.
    pub(crate) fn with_usage(self, shows_usage: bool) -> Self {
        Self { shows_usage, ..self }
    }

    /// Prints the items of `stream` until the turn ends, and diagnostics and retries to stderr.
    pub(crate) async fn print(mut self, mut stream: TurnStream) -> Result<TurnEnd, Failure> {
        while let Some(update) = self.next(&mut stream).await {
            let item = match update {
                TurnUpdate::Item(item) => item,
                TurnUpdate::Diagnostic(message) => {
                    self.note(&message);
                    continue;
                }
            };
            self.has_reasoning |= matches!(item, StreamItem::ReasoningDelta { .. });
            let mut end = match &item {
                StreamItem::Event(shared) => TurnEnd::from_event(&shared.event.body),
                _ => None,
            };
            if let Some(TurnEnd::Completed { has_reasoning, .. }) = &mut end {
                *has_reasoning |= self.has_reasoning;
            }
            match self.format {
                Format::Text | Format::Nothing => self.text(&item, end.as_ref()).await?,
                Format::Json => self.json(&item).await?,
            }
            if let Some(end) = end {
                self.usage(&item);
                return Ok(end);
            }
        }
        // A Runtime that has lost its store takes no more changes.
        Err(Failure::storage(
            "the conversation had to end: it can no longer be written to its file",
        ))
    }

    async fn next(&mut self, stream: &mut TurnStream) -> Option<TurnUpdate> {
        tokio::select! {
            update = stream.next() => update,
            () = self.spinner.spin() => None,
        }
    }

    fn note(&mut self, message: &str) {
        self.spinner.hide();
        report::note(message);
    }

    /// Prints what the turn that `item` ends consumed, if that is wanted.
    fn usage(&mut self, item: &StreamItem) {
        let StreamItem::Event(shared) = item else { return };
        if let EventBody::TurnCompleted { usage, .. }
        | EventBody::TurnFailed { usage, .. }
        | EventBody::TurnCancelled { usage, .. }
        | EventBody::TurnLost { usage } = &shared.event.body
            && self.shows_usage
        {
            self.note(&usage_line(usage));
        }
    }

    async fn json(&mut self, item: &StreamItem) -> Result<(), Failure> {
        let line = serde_json::to_string(item)
            .map_err(|error| Failure::new(format!("an item cannot be written: {error}")))?;
        self.output.write(&line).await?;
        self.output.write("\n").await?;
        self.output.flush().await
    }

    async fn text(&mut self, item: &StreamItem, end: Option<&TurnEnd>) -> Result<(), Failure> {
        if let StreamItem::TextDelta { offset, text, .. } = item {
            self.write(usize::try_from(*offset).unwrap_or(usize::MAX), text).await?;
        }
        if let StreamItem::Event(shared) = item
            && let EventBody::TurnRetrying { delay_ms, error, .. } = &shared.event.body
        {
            let seconds = delay_ms.div_ceil(1000);
            self.note(&format!("{}; the next attempt is within {seconds} s", error.message));
            if let Some(said) = error.provider.as_deref().and_then(provider_words::line) {
                report::more(&said);
            }
        }
        if let Some(end) = end {
            self.spinner.stop();
            // The entry has the text that did not come as deltas because stdout was slower than the
            // turn.
            if let Some(entry) = end.entry() {
                self.write(0, &entry.text).await?;
            }
            if !self.ends_line {
                self.output.write("\n").await?;
            }
        }
        self.output.flush().await
    }

    /// Writes the part of `piece` that was not written before. `piece` begins at `offset` of the
    /// text, in bytes.
    async fn write(&mut self, offset: usize, piece: &str) -> Result<(), Failure> {
        let known = self.written.saturating_sub(offset);
        let Some(rest) = piece.get(known..).filter(|rest| !rest.is_empty()) else { return Ok(()) };
        if let Format::Nothing = self.format {
            return Ok(());
        }
        self.spinner.stop();
        self.written = offset + piece.len();
        self.ends_line = rest.ends_with('\n');
        self.output.write(rest).await
    }
}
