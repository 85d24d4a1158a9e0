//! `yoi schema diff`: compares two versions of the documents of the wire contract.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use schema_compat::{Difference, Impact, compare_sets, is_known};
use serde_json::{Value, json};

use super::folder::cannot;
use crate::{exit::Exit, failure::Failure, output};

const AFTER_HELP: &str = "\
Examples:
  yoi schema diff old/schema schema
  yoi schema diff old/runtime_command.json schema/runtime_command.json
  yoi schema diff --json old/schema schema | jq -r '.[] | select(.impact == \"breaking\").path'

Exit codes:
    0  all differences are additive or of source, or there are none
    1  a difference is breaking
    2  the command line is invalid, or OLD or NEW cannot be read";

/// Tell whether programs that were made for the documents OLD can go on with NEW.
///
/// Each difference is printed as a line: its impact, the document, the path through the values, and
/// the change. The impact is `additive`, `source` (a type has another name in generated code, and
/// the values are the same) or `breaking`. The name of a document tells whether clients or the
/// Runtime write its values.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Diff {
    /// A document, or a folder of documents.
    old: PathBuf,

    /// The newer version of the same document or folder.
    new: PathBuf,

    /// Print the differences as a JSON array.
    #[arg(long)]
    json: bool,
}

/// Documents by file name.
type Documents = BTreeMap<String, Value>;

impl Diff {
    pub(super) fn execute(self) -> Result<Exit, Failure> {
        let (old, new) = documents(&self.old, &self.new)?;
        let differences = compare_sets(&old, &new);
        output::print(&if self.json { as_json(&differences) } else { as_lines(&differences) })?;
        let is_breaking = differences.iter().any(|it| it.impact == Impact::Breaking);
        Ok(if is_breaking { Exit::Failed } else { Exit::Completed })
    }
}

/// Reads the documents at `old` and `new`, which must both be folders of documents or both be
/// files.
fn documents(old: &Path, new: &Path) -> Result<(Documents, Documents), Failure> {
    match (old.is_dir(), new.is_dir()) {
        (true, true) => Ok((folder(old)?, folder(new)?)),
        (false, false) => {
            // Two files are versions of one document. Its name is the first of their names that is
            // known, or else the name of `old`.
            let names = [file_name(old), file_name(new)];
            let name = names.iter().find(|name| is_known(name)).unwrap_or(&names[0]);
            let set = |path| Ok::<_, Failure>(Documents::from([(name.clone(), document(path)?)]));
            Ok((set(old)?, set(new)?))
        }
        (true, false) | (false, true) => {
            Err(Failure::usage("OLD and NEW must both be files, or both folders"))
        }
    }
}

fn folder(folder: &Path) -> Result<Documents, Failure> {
    let mut documents = Documents::new();
    for entry in fs::read_dir(folder).map_err(|error| cannot("read", folder, &error))? {
        let path = entry.map_err(|error| cannot("read", folder, &error))?.path();
        if path.extension() == Some(OsStr::new("json")) {
            documents.insert(file_name(&path), document(&path)?);
        }
    }
    Ok(documents)
}

fn document(path: &Path) -> Result<Value, Failure> {
    let text = fs::read(path).map_err(|error| cannot("read", path, &error))?;
    serde_json::from_slice(&text)
        .map_err(|error| Failure::usage(format!("{} is not JSON: {error}", path.display())))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn as_lines(differences: &[Difference]) -> String {
    differences.iter().map(|difference| difference.to_string() + "\n").collect()
}

fn as_json(differences: &[Difference]) -> String {
    let items: Value = differences
        .iter()
        .map(|difference| {
            json!({
                "impact": difference.impact.to_string(),
                "document": difference.document,
                "path": difference.path,
                "change": difference.change.to_string(),
            })
        })
        .collect();
    format!("{items:#}\n")
}
