//! `yoi schema --check`: compares a folder with the documents of this build.

use std::{fmt::Write, path::Path};

use similar::TextDiff;

use super::folder;
use crate::{exit::Exit, failure::Failure, output};

/// Compares names and bytes, and prints the differences as a unified diff. Fails if there are any.
pub(super) fn check(folder: &Path, expected: &[(&str, String)]) -> Result<Exit, Failure> {
    let mut found = folder::read(folder)?;
    let mut report = String::new();
    for (name, new) in expected {
        let path = folder.join(name).display().to_string();
        match found.remove(*name) {
            None => push_line(&mut report, &format!("{path}: missing")),
            Some(old) if old == new.as_bytes() => {}
            Some(old) => report.push_str(&difference(&path, &String::from_utf8_lossy(&old), new)),
        }
    }
    for stray in found.keys() {
        let path = folder.join(stray).display().to_string();
        push_line(&mut report, &format!("{path}: not a document of the contract; remove it"));
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

fn push_line(report: &mut String, line: &str) {
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
