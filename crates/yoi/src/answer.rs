//! Prints the answer of a turn to stdout while it streams.

mod screen;
mod turn_end;
mod turn_stream;

use clap::Args;
use futures_util::FutureExt;
use worker_runtime::{StreamItem, event::EventBody};

use self::{screen::Screen, turn_stream::TurnUpdate};
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

/// The flags that say what is printed of a turn.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Shows {
    /// Print the tokens and the time of each turn to stderr.
    #[arg(long)]
    usage: bool,

    /// Print the model's reasoning as well: dimmed at a terminal, otherwise to stderr.
    #[arg(long)]
    pub(crate) reasoning: bool,

    /// Print the answer at a terminal as the model wrote it, without formatting its Markdown.
    #[arg(long)]
    plain: bool,
}

/// Prints the answer of one turn.
#[derive(Debug)]
pub(crate) struct AnswerPrinter {
    format: Format,
    output: Output,
    /// The terminal, if the answer is formatted for it.
    screen: Option<Screen>,
    spinner: Spinner,
    /// The length of the text that was written, in bytes.
    written: usize,
    ends_line: bool,
    has_reasoning: bool,
    shows: Shows,
    /// Whether the line of reasoning on stderr has no newline yet.
    is_in_thought: bool,
}

impl AnswerPrinter {
    pub(crate) fn new(format: Format, shows: Shows) -> Self {
        let spinner = match format {
            Format::Text | Format::Nothing => Spinner::new(),
            Format::Json => Spinner::none(),
        };
        let output = Output::new();
        let is_formatted = matches!(format, Format::Text) && !shows.plain && output.is_styled();
        Self {
            format,
            output,
            screen: is_formatted.then(Screen::default),
            spinner,
            written: 0,
            ends_line: true,
            has_reasoning: false,
            shows,
            is_in_thought: false,
        }
    }

    /// Prints the items of `stream` until the turn ends, and diagnostics and retries to stderr.
    pub(crate) async fn print(mut self, mut stream: TurnStream) -> Result<TurnEnd, Failure> {
        while let Some(update) = self.next(&mut stream).await? {
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

    /// Returns the next update. What came at once is shown at once.
    async fn next(&mut self, stream: &mut TurnStream) -> Result<Option<TurnUpdate>, Failure> {
        if let Some(screen) = &mut self.screen {
            if let Some(update) = stream.next().now_or_never() {
                return Ok(update);
            }
            screen.show()?;
        }
        tokio::select! {
            update = stream.next() => Ok(update),
            () = self.spinner.spin() => Ok(None),
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
            && self.shows.usage
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
        if let StreamItem::ReasoningDelta { text, .. } = item
            && self.shows.reasoning
        {
            self.think(text);
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
            self.end_thought();
            if let Some(screen) = &mut self.screen {
                screen.finish()?;
            } else if !self.ends_line {
                self.output.write("\n").await?;
            }
        }
        self.output.flush().await
    }

    /// Shows a piece of the reasoning.
    fn think(&mut self, piece: &str) {
        self.spinner.stop();
        match &mut self.screen {
            Some(screen) => screen.reasoning(piece),
            None => report::thought(piece),
        }
        self.is_in_thought = !piece.ends_with('\n');
    }

    /// Ends the line of reasoning on stderr.
    fn end_thought(&mut self) {
        if std::mem::take(&mut self.is_in_thought) && self.screen.is_none() {
            report::thought("\n");
        }
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
        self.end_thought();
        self.written = offset + piece.len();
        self.ends_line = rest.ends_with('\n');
        match &mut self.screen {
            Some(screen) => screen.text(rest),
            None => self.output.write(rest).await?,
        }
        Ok(())
    }
}
