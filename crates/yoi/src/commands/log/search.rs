//! `yoi log search`: finds text in kept conversations.

use std::num::NonZeroUsize;

use clap::{Args, builder::NonEmptyStringValueParser};
use serde_json::json;

use crate::{
    exit::Exit,
    failure::Failure,
    keeping::{self, Entry, StoreArgs, Talk},
    output::print_sanitized,
    report,
};

/// Find the lines that have TEXT in them, in whatever case.
///
/// Each line begins with the id of the conversation and the speaker. The latest conversation comes
/// first.
#[derive(Args, Debug)]
pub(super) struct Search {
    /// The text, which is taken as it is.
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    text: String,

    /// Print no more than N lines.
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<NonZeroUsize>,

    /// Print each match as JSON, one a line.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    store: StoreArgs,
}

impl Search {
    pub(super) async fn execute(self) -> Result<Exit, Failure> {
        let wanted = self.text.to_lowercase();
        let limit = self.limit.map_or(usize::MAX, NonZeroUsize::get);
        let mut found = 0;
        for talk in keeping::all(&self.store.needed()?).await? {
            let entries = match talk.entries().await {
                Ok(entries) => entries,
                // It was deleted meanwhile, or is damaged. The others are searched all the same.
                Err(failure) => {
                    failure.note("");
                    continue;
                }
            };
            let lines: Vec<String> = entries
                .iter()
                .flat_map(|entry| entry.text.lines().map(move |line| (entry, line)))
                .filter(|(_, line)| line.to_lowercase().contains(&wanted))
                .map(|(entry, line)| self.found(&talk, entry, line))
                .take(limit - found)
                .collect();
            found += lines.len();
            print_sanitized(&lines.concat())?;
            if found == limit {
                break;
            }
        }
        if found == 0 {
            report::note("nothing was found");
        }
        Ok(if found > 0 { Exit::Completed } else { Exit::Failed })
    }

    fn found(&self, talk: &Talk, entry: &Entry, line: &str) -> String {
        if !self.json {
            return format!("{} {}: {line}\n", talk.id(), entry.speaker);
        }
        let found = json!({
            "worker_id": talk.id(),
            "title": talk.title,
            "sequence": entry.sequence,
            "role": entry.speaker,
            "at_ms": entry.at_ms,
            "line": line,
        });
        format!("{found}\n")
    }
}
