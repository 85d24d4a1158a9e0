//! Tests of kept conversations.

mod continuing;
#[cfg(unix)]
mod interrupted;
mod log;
mod places;
mod rpc;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{
    folder::folder,
    process::{Ended, Process, yoi},
};

/// A user's data directory.
struct Home(PathBuf);

impl Home {
    /// Makes an empty one. `name` must be unique among all tests.
    fn new(name: &str) -> Self {
        Self(folder(&format!("keeping_{name}")))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = yoi();
        command.env_remove("YOI_STORE").env("XDG_DATA_HOME", &self.0).env("TZ", "UTC");
        command.args(arguments);
        command
    }

    fn start(&self, arguments: &[&str]) -> Process {
        Process::spawn(&mut self.command(arguments))
    }

    /// Runs a command to its end, without input.
    fn end(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).end()
    }

    /// Runs a command that must succeed, and returns its output.
    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        let ended = self.end(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        ended.stdout
    }

    /// Runs a command that must fail with an exit code, and returns its messages.
    #[track_caller]
    fn refused(&self, arguments: &[&str], code: i32) -> String {
        let ended = self.end(arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
        ended.stderr
    }

    /// Sends lines to a chat, which must end well, and returns its output.
    #[track_caller]
    fn chat(&self, arguments: &[&str], lines: &str) -> String {
        let mut chat = self.start(&[&["chat"], arguments].concat());
        chat.write(lines);
        let ended = chat.end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.stdout
    }

    /// The kept conversations as `yoi log list` tells them, the latest first.
    #[track_caller]
    fn listed(&self) -> Vec<Value> {
        let lines = self.ok(&["log", "list", "--json"]);
        lines.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect()
    }

    #[track_caller]
    fn titles(&self) -> Vec<String> {
        let titles = self.listed().into_iter();
        titles.map(|talk| talk["title"].as_str().expect("there is one").to_owned()).collect()
    }

    fn talks(&self) -> PathBuf {
        self.0.join("yoi").join("talks")
    }

    /// The names of the files with conversations.
    fn files(&self) -> Vec<String> {
        let names = names(&self.talks());
        names.into_iter().filter(|name| name.ends_with(".sqlite")).collect()
    }
}

/// The names in a folder, in order. A folder that does not exist has none.
fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let names = entries.map(|entry| entry.expect("it can be read").file_name());
    let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
