//! `yoi log export`: writes a kept conversation for other programs.

use std::{fs, path::PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::time;
use crate::{
    exit::Exit,
    failure::Failure,
    keeping::{self, Entry, StoreArgs, Talk},
    output::print_sanitized,
};

/// Write a conversation for other programs.
#[derive(Args, Debug)]
pub(super) struct Export {
    /// The name of the conversation, its id, or the beginning of its id.
    worker: String,

    /// The form.
    #[arg(long, value_enum, default_value_t = Format::Markdown)]
    format: Format,

    /// Write to FILE, which is replaced, and not to stdout.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A heading for each speaker.
    Markdown,
    /// An object a line, with `role`, `text`, `at_ms`, and `model` and `mark` where there are any.
    Jsonl,
}

impl Export {
    pub(super) async fn execute(self) -> Result<Exit, Failure> {
        let talk = keeping::chosen(&self.store.needed()?, &[self.worker]).await?.remove(0);
        let entries = talk.entries().await?;
        let text = match self.format {
            Format::Markdown => markdown(&talk, &entries),
            Format::Jsonl => entries.iter().map(json_line).collect(),
        };
        match self.output {
            None => print_sanitized(&text)?,
            Some(path) => fs::write(&path, text).map_err(|error| {
                Failure::storage(format!("cannot write {}: {error}", path.display()))
            })?,
        }
        Ok(Exit::Completed)
    }
}

fn markdown(talk: &Talk, entries: &[Entry]) -> String {
    let (title, id) = (talk.title.replace('\n', " "), talk.id());
    let began = time::local(talk.record.created_at_ms);
    let mut parts = vec![format!("# {title}\n\n{id}, {began}\n")];
    for Entry { speaker, text, model, mark, .. } in entries {
        let model = model.as_ref().map(|model| format!(", {model}")).unwrap_or_default();
        let mark = mark.as_ref().map(|mark| format!(" ({mark})")).unwrap_or_default();
        parts.push(format!("## {speaker}{model}{mark}\n"));
        if !text.is_empty() {
            parts.push(format!("{}\n", text.trim_end_matches('\n')));
        }
    }
    parts.join("\n")
}

fn json_line(entry: &Entry) -> String {
    let mut line = json!({ "role": entry.speaker, "text": *entry.text, "at_ms": entry.at_ms });
    if let Some(model) = &entry.model {
        line["model"] = json!(**model);
    }
    if let Some(mark) = &entry.mark {
        line["mark"] = json!(mark);
    }
    format!("{line}\n")
}
