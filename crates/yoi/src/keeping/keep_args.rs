//! The flags that say whether and where conversations are kept, and which one is continued.

use std::{env, path::PathBuf};

use clap::Args;

use super::place::Place;
use crate::{failure::Failure, paths};

/// The variable that names the place, or turns keeping off.
const VARIABLE: &str = "YOI_STORE";

/// The flag that names the place.
#[derive(Args, Debug)]
pub(crate) struct StoreArgs {
    /// The place of kept conversations: a folder, or one file whose name ends in `.sqlite`.
    ///
    /// In a folder each run has a file of its own, so that several can run at once. One file is for
    /// one run at a time. Without this flag, it is what the variable `YOI_STORE` says, which is a
    /// path, or `off` or nothing to keep no conversation; without that, `yoi/talks` in the
    /// platform's data directory.
    #[arg(long, value_name = "PATH", help_heading = "Conversations")]
    store: Option<PathBuf>,
}

/// The flags of `yoi run` and `yoi chat` about keeping.
#[derive(Args, Debug)]
#[command(next_help_heading = "Conversations")]
pub(crate) struct KeepArgs {
    /// Go on with the latest conversation.
    ///
    /// The profile, the provider, its address and the model are those of then, unless flags say
    /// otherwise. Other flags of then do not count any more.
    #[arg(short, long = "continue", conflicts_with = "resume")]
    continues: bool,

    /// Go on with this conversation: its name, its id, or the beginning of one, as `yoi log`
    /// lists them.
    #[arg(long, value_name = "WORKER")]
    resume: Option<String>,

    #[command(flatten)]
    store: StoreArgs,

    /// Keep nothing of this conversation.
    #[arg(long, conflicts_with_all = ["store", "continues", "resume"])]
    no_store: bool,
}

/// The conversation that is continued.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted<'a> {
    Latest,
    /// Its name, its id, or the beginning of its id.
    Named(&'a str),
}

impl StoreArgs {
    /// Returns the place that a flag or the variable names, or the platform's. `None` if keeping is
    /// turned off, or if there is no home directory.
    fn place(&self) -> Option<Place> {
        if let Some(path) = &self.store {
            return Some(Place::at(path.clone()));
        }
        match env::var_os(VARIABLE) {
            None => paths::talks().map(Place::Folder),
            Some(value) if value.is_empty() || value == "off" => None,
            Some(path) => Some(Place::at(path.into())),
        }
    }

    /// Returns the place, which a user asks for who wants to see what is kept.
    pub(crate) fn needed(&self) -> Result<Place, Failure> {
        self.place().ok_or_else(|| {
            Failure::configuration(if env::var_os(VARIABLE).is_some() {
                "YOI_STORE turns the keeping of conversations off: name a place by `--store PATH`"
            } else {
                "there is no home directory, so no conversation is kept: name a place by `--store \
                 PATH`"
            })
        })
    }

    fn is_given(&self) -> bool {
        self.store.is_some()
    }
}

impl KeepArgs {
    /// Returns the conversation to continue.
    pub(super) fn wanted(&self) -> Option<Wanted<'_>> {
        let named = self.resume.as_deref().map(Wanted::Named);
        named.or(self.continues.then_some(Wanted::Latest))
    }

    /// Returns the place where a new conversation is kept, if it is.
    pub(super) fn place(&self) -> Option<Place> {
        if self.no_store { None } else { self.store.place() }
    }

    /// Returns the place where a conversation to continue is kept.
    pub(super) fn needed(&self) -> Result<Place, Failure> {
        self.store.needed()
    }

    /// Returns whether the user asked for the keeping, so that a failure must end the command.
    pub(super) fn is_asked(&self) -> bool {
        self.store.is_given()
    }
}
