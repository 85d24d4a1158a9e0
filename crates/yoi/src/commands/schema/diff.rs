//! `yoi schema diff`: whether clients of an old contract can go on with a new one.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use schema_compat::{Difference, Impact, compare_sets};
use serde_json::{Value, json};
use worker_runtime::schema;

use super::folder;
use crate::{exit::Exit, failure::Failure, output};

const AFTER_HELP: &str = "\
Examples:
  yoi schema diff old/schema schema
  yoi schema diff old/runtime_command.json schema/runtime_command.json
  yoi schema diff --json old/schema schema | jq -r '.[] | select(.impact == \"breaking\").path'

Exit codes:
    0  nothing differs, or only what serves the clients of OLD still
    1  something breaks them
    2  OLD or NEW cannot be read";

/// Tell whether those who hold the documents OLD can go on with NEW.
///
/// Each difference is a line: its impact, the document, the path through the values, and what
/// changed. The name of a document says whether clients or the Runtime write it.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Diff {
    /// A document, or a folder of documents.
    old: PathBuf,

    /// The same, now.
    new: PathBuf,

    /// Print the differences as a JSON array.
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(super) fn execute(self) -> Result<Exit, Failure> {
        let differences = match (self.old.is_dir(), self.new.is_dir()) {
            (true, true) => compare_sets(&documents(&self.old)?, &documents(&self.new)?),
            (false, false) => {
                let name = self.document_name();
                let set = |path: &Path| -> Result<_, Failure> {
                    let text = fs::read(path).map_err(|it| folder::cannot("read", path, &it))?;
                    Ok(BTreeMap::from([(name.clone(), parse(path, &text)?)]))
                };
                compare_sets(&set(&self.old)?, &set(&self.new)?)
            }
            (true, false) | (false, true) => {
                return Err(Failure::usage("OLD and NEW must both be files, or both folders"));
            }
        };
        output::print(&if self.json { as_json(&differences) } else { as_lines(&differences) })?;
        let is_breaking = differences.iter().any(|it| it.impact == Impact::Breaking);
        Ok(if is_breaking { Exit::Failed } else { Exit::Completed })
    }

    /// What the two files are versions of: whichever of their names is a document's.
    fn document_name(&self) -> String {
        let known = schema::documents();
        let names = [file_name(&self.old), file_name(&self.new)];
        let found = names.iter().find(|name| known.iter().any(|(file, _)| file == *name));
        found.unwrap_or(&names[0]).clone()
    }
}

fn documents(folder: &Path) -> Result<BTreeMap<String, Value>, Failure> {
    folder::read(folder)?
        .into_iter()
        .filter(|(name, _)| Path::new(name).extension().is_some_and(|it| it == "json"))
        .map(|(name, text)| parse(&folder.join(&name), &text).map(|it| (name, it)))
        .collect()
}

fn parse(path: &Path, text: &[u8]) -> Result<Value, Failure> {
    serde_json::from_slice(text)
        .map_err(|error| Failure::usage(format!("{} is not JSON: {error}", path.display())))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn as_lines(differences: &[Difference]) -> String {
    let line = |it: &Difference| it.to_string() + "\n";
    differences.iter().map(line).collect()
}

fn as_json(differences: &[Difference]) -> String {
    let items: Value = differences
        .iter()
        .map(|it| {
            json!({
                "impact": it.impact.to_string(),
                "document": it.document,
                "path": it.path,
                "change": it.change.to_string(),
            })
        })
        .collect();
    format!("{items:#}\n")
}
