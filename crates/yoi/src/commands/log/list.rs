//! `yoi log list`: lists the kept conversations.

use std::num::NonZeroUsize;

use clap::Args;
use serde_json::json;

use super::time;
use crate::{
    exit::Exit,
    failure::Failure,
    keeping::{self, StoreArgs, Talk},
    output::print_sanitized,
};

/// The fewest characters of an id that are shown: its time in milliseconds, by which it can be told
/// from those that are not listed, too.
const ID_CHARS: usize = 13;

/// List the kept conversations, the latest first.
///
/// Each line has the beginning of the conversation's id, when something was said last, the number of
/// turns, the model, and the name or the first words.
#[derive(Args, Debug)]
pub(super) struct List {
    /// List no more than N conversations.
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<NonZeroUsize>,

    /// Print each conversation as JSON, one a line.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    store: StoreArgs,
}

impl List {
    pub(super) async fn execute(self) -> Result<Exit, Failure> {
        let place = self.store.needed()?;
        let talks =
            keeping::newest(&place, self.limit.map_or(usize::MAX, NonZeroUsize::get)).await?;
        let lines = if self.json { talks.iter().map(json_line).collect() } else { table(&talks) };
        print_sanitized(&lines)?;
        Ok(Exit::Completed)
    }
}

fn json_line(talk: &Talk) -> String {
    let record = &talk.record;
    let mut line = json!({
        "worker_id": record.worker_id,
        "title": talk.title,
        "created_at_ms": record.created_at_ms,
        "active_at_ms": record.active_at_ms,
        "turns": record.turns,
        "file": talk.file.to_string_lossy(),
    });
    if let Some(model) = talk.model() {
        line["model"] = json!(model);
    }
    format!("{line}\n")
}

fn table(talks: &[Talk]) -> String {
    let ids: Vec<String> = talks.iter().map(|talk| talk.id().to_string()).collect();
    let id_width = distinct(&ids);
    let rows: Vec<[String; 3]> = talks
        .iter()
        .map(|talk| {
            let turns = talk.record.turns;
            let plural = if turns == 1 { "" } else { "s" };
            let model = talk.model().unwrap_or("-").to_owned();
            [time::local(talk.record.active_at_ms), format!("{turns} turn{plural}"), model]
        })
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let (turns_width, model_width) = (width(1).unwrap_or(0), width(2).unwrap_or(0));
    let lines = talks.iter().zip(&ids).zip(&rows).map(|((talk, id), [time, turns, model])| {
        let id = &id[..id_width];
        format!(
            "{id}  {time}  {turns:>turns_width$}  {model:model_width$}  {}\n",
            one_line(&talk.title)
        )
    });
    lines.collect()
}

/// Returns the number of characters that tell all ids apart.
fn distinct(ids: &[String]) -> usize {
    let mut sorted: Vec<&String> = ids.iter().collect();
    sorted.sort_unstable();
    let common =
        |pair: &[&String]| pair[0].bytes().zip(pair[1].bytes()).take_while(|(a, b)| a == b).count();
    let longest = sorted.windows(2).map(|pair| common(pair) + 1).max().unwrap_or(0);
    longest.clamp(ID_CHARS, ids.first().map_or(ID_CHARS, String::len))
}

/// Returns a name as it fits into a line.
fn one_line(title: &str) -> String {
    title.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_as_short_as_they_can_be_told_apart() {
        let check = |ids: &[&str], expected| {
            let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
            assert_eq!(distinct(&ids), expected, "{ids:?}");
        };
        check(&[], 13);
        check(&["019ae3b2-1111"], 13);
        check(&["019ae3b2-1111-7", "019ae3b2-1111-8"], 15);
        check(&["019ae3b2-1121-7", "029ae3b2-1111-7", "019ae3b2-1111-7"], 13);
    }
}
