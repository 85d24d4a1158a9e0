//! `yoi schema`: prints, writes, checks or compares the documents of the wire contract.

mod check;
mod diff;
mod folder;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use llm_engine::ShortText;
use serde_json::{Map, Value};
use worker_runtime::schema;

use crate::{exit::Exit, failure::Failure, output};

const AFTER_HELP: &str = "\
Examples:
  yoi schema                            print all documents as one JSON object, by file name
  yoi schema stream_item                print one document
  yoi schema --write                    write all documents into schema/
  yoi schema --check                    check that schema/ is what --write would write
  yoi schema diff old/schema schema     tell what breaks clients of old/schema

Exit codes:
    0  success; with --check: nothing differs
    1  with --check: something differs
    2  the command line is invalid, or a file or folder cannot be read or written";

/// Print, write, check or compare the documents of the wire contract.
///
/// They are JSON Schemas (draft 2020-12) of all requests, replies, events and errors, and the table
/// of a Worker's lifecycle.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(crate) struct Schema {
    #[command(subcommand)]
    command: Option<Command>,

    /// The document to print, such as `runtime_command`; all documents if absent.
    #[arg(conflicts_with_all = ["write", "check"])]
    name: Option<String>,

    /// Write the documents into a folder.
    #[arg(
        long,
        value_name = "DIR",
        num_args = 0..=1,
        default_missing_value = "schema",
        conflicts_with = "check"
    )]
    write: Option<PathBuf>,

    /// Check that a folder holds the documents of this build and nothing else.
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = "schema")]
    check: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Diff(diff::Diff),
}

impl Schema {
    pub(crate) fn execute(self) -> Result<Exit, Failure> {
        if let Some(Command::Diff(diff)) = self.command {
            return diff.execute();
        }
        if let Some(folder) = self.write {
            return folder::write(&folder, &files());
        }
        if let Some(folder) = self.check {
            return check::check(&folder, &files());
        }
        output::print(&match self.name {
            Some(name) => one(&name)?,
            None => all()?,
        })?;
        Ok(Exit::Completed)
    }
}

/// Returns the name and the text of each document's file.
fn files() -> Vec<(&'static str, String)> {
    let documents = schema::documents().into_iter();
    documents.map(|(name, document)| (name, schema::render(&document))).collect()
}

fn one(name: &str) -> Result<String, Failure> {
    let wanted = name.strip_suffix(".json").unwrap_or(name);
    let files = files();
    let stem = |file: &'static str| file.strip_suffix(".json").unwrap_or(file);
    let names: Vec<&str> = files.iter().map(|(file, _)| stem(file)).collect();
    let found = files.into_iter().find(|(file, _)| stem(file) == wanted);
    found.map(|(_, text)| text).ok_or_else(|| {
        let name = ShortText::cut(name, 64);
        Failure::usage(format!("no document `{name}`; there are {}", names.join(", ")))
    })
}

fn all() -> Result<String, Failure> {
    let documents: Map<String, Value> = schema::documents()
        .into_iter()
        .map(|(name, document)| (name.to_owned(), document))
        .collect();
    serde_json::to_string_pretty(&documents)
        .map(|text| text + "\n")
        .map_err(|error| Failure::new(format!("the documents cannot be written: {error}")))
}
