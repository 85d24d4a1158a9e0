//! `yoi schema --check`: whether a folder holds the documents as they are, and nothing else.

use std::{fmt::Write, path::Path};

use similar::TextDiff;

use super::folder;
use crate::{exit::Exit, failure::Failure, output};

/// Compares names and bytes, and shows what differs as a unified diff.
pub(super) fn check(folder: &Path, expected: &[(&str, String)]) -> Result<Exit, Failure> {
    let mut found = folder::read(folder)?;
    let mut report = String::new();
    for (name, new) in expected {
        let path = folder.join(name).display().to_string();
        match found.remove(*name) {
            None => tell(&mut report, &format!("{path}: missing")),
            Some(old) if old == new.as_bytes() => {}
            Some(old) => report.push_str(&difference(&path, &String::from_utf8_lossy(&old), new)),
        }
    }
    for stray in found.keys() {
        let path = folder.join(stray).display().to_string();
        tell(&mut report, &format!("{path}: not a document of the contract; remove it"));
    }
    if report.is_empty() {
        return Ok(Exit::Completed);
    }
    output::print(&report)?;
    let folder = folder.display();
    Err(Failure::new(format!(
        "{folder} differs from what this build generates; `yoi schema --write {folder}` refreshes it"
    )))
}

fn tell(report: &mut String, line: &str) {
    report.push_str(line);
    report.push('\n');
}

fn difference(path: &str, old: &str, new: &str) -> String {
    if old == new {
        return format!("{path}: not text in UTF-8\n");
    }
    let diff = TextDiff::from_lines(old, new);
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "{}",
        diff.unified_diff().header(&format!("{path} (found)"), &format!("{path} (generated)"))
    );
    text
}
