//! A turn's answer on its way to stdout, and how the turn ended.

mod turn_end;
mod turn_stream;

use worker_runtime::{StreamItem, event::EventBody};

use self::turn_stream::News;
pub(crate) use self::{turn_end::TurnEnd, turn_stream::TurnStream};
use crate::{failure::Failure, output::Output, report, spinner::Spinner};

/// How the answer is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Format {
    /// Its text alone.
    Text,
    /// Every stream item, one a line.
    Json,
}

/// A turn's answer on its way to stdout.
#[derive(Debug)]
pub(crate) struct AnswerPrinter {
    format: Format,
    output: Output,
    spinner: Spinner,
    /// How much of the text was written, in bytes.
    written: usize,
    ends_line: bool,
}

impl AnswerPrinter {
    pub(crate) fn new(format: Format) -> Self {
        let spinner = match format {
            Format::Text => Spinner::new(),
            Format::Json => Spinner::none(),
        };
        Self { format, output: Output::new(), spinner, written: 0, ends_line: true }
    }

    /// Writes what the stream of a Worker brings until its turn ends. Says on stderr what was
    /// noticed.
    pub(crate) async fn print(mut self, mut stream: TurnStream) -> Result<TurnEnd, Failure> {
        while let Some(news) = self.next(&mut stream).await {
            let item = match news {
                News::Item(item) => item,
                News::Noticed(message) => {
                    self.note(&message);
                    continue;
                }
            };
            let end = match &item {
                StreamItem::Event(it) => TurnEnd::of(&it.event.body),
                StreamItem::TextDelta { .. }
                | StreamItem::ReasoningDelta { .. }
                | StreamItem::Synced { .. }
                | StreamItem::Gap { .. }
                | StreamItem::Ended { .. } => None,
            };
            match self.format {
                Format::Text => self.text(&item, end.as_ref()).await?,
                Format::Json => self.json(&item).await?,
            }
            if let Some(end) = end {
                return Ok(end);
            }
        }
        Err(Failure::new("the stream ended before the turn"))
    }

    async fn next(&mut self, stream: &mut TurnStream) -> Option<News> {
        tokio::select! {
            news = stream.next() => news,
            () = self.spinner.turn() => None,
        }
    }

    fn note(&mut self, message: &str) {
        self.spinner.hide();
        report::note(message);
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
        if let StreamItem::Event(it) = item
            && let EventBody::TurnRetrying { delay_ms, error, .. } = &it.event.body
        {
            let seconds = delay_ms.div_ceil(1000);
            self.note(&format!("{}; the next attempt is within {seconds} s", error.message));
        }
        if let Some(end) = end {
            self.spinner.stop();
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
        self.spinner.stop();
        self.written = offset + piece.len();
        self.ends_line = news.ends_with('\n');
        self.output.write(news).await
    }
}
