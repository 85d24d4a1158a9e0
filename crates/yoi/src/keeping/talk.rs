//! A conversation that is kept, as it is read from its file.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use llm_engine::Role;
use worker_runtime::{
    WorkerId,
    model::TurnOutcome,
    store::{Store, StoreError, StoredEntry, StoredTurn, WorkerRecord},
};
use yoi_sqlite::SqliteStore;

use super::{file, partial, title::title};
use crate::failure::Failure;

/// The most values of a page that is read.
const PAGE: usize = 256;

/// A conversation that is kept.
#[derive(Clone, Debug)]
pub(crate) struct Talk {
    pub(crate) file: PathBuf,
    pub(crate) record: Arc<WorkerRecord>,
    /// The Worker's name, or the first words that were said.
    pub(crate) title: String,
}

/// Something that was said, or that an answer is missing.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) sequence: u64,
    pub(crate) speaker: &'static str,
    pub(crate) text: Arc<str>,
    pub(crate) at_ms: u64,
    pub(crate) model: Option<Arc<str>>,
    /// The reason why the text is not all that should be here.
    pub(crate) mark: Option<String>,
}

/// An entry as a paragraph for people.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.speaker)?;
        if let Some(mark) = &self.mark {
            write!(f, " ({mark})")?;
        }
        writeln!(f, ": {}", self.text.trim_end_matches('\n'))
    }
}

impl Talk {
    /// Reads the conversations in a file in which something was said. A Worker that cannot be read
    /// is told by `complain`.
    pub(super) async fn read(
        file: &Path,
        complain: impl FnMut(String),
    ) -> Result<Vec<Self>, Failure> {
        Self::read_from(&*file::existing(file).await?, file, complain).await
    }

    /// Reads the conversations from the open store of a file.
    pub(super) async fn read_from(
        store: &SqliteStore,
        file: &Path,
        mut complain: impl FnMut(String),
    ) -> Result<Vec<Self>, Failure> {
        let failed = |error| failed(file, &error);
        let mut talks = Vec::new();
        let mut after = 0;
        loop {
            let page = store.workers(after, PAGE).await.map_err(failed)?;
            for worker in &page {
                match worker {
                    Ok(worker) => {
                        after = worker.record.ordinal;
                        if worker.record.entries > 0 {
                            let record = Arc::clone(&worker.record);
                            let title = name(store, &record).await.map_err(failed)?;
                            talks.push(Self { file: file.to_owned(), record, title });
                        }
                    }
                    Err(corrupt) => {
                        after = corrupt.ordinal;
                        let problem = &corrupt.problem;
                        complain(format!(
                            "{}: a conversation is damaged: {problem}",
                            file.display()
                        ));
                    }
                }
            }
            if page.is_empty() {
                return Ok(talks);
            }
        }
    }

    pub(crate) fn id(&self) -> WorkerId {
        self.record.worker_id
    }

    /// Returns the name of the model of the latest turn, or that of its profile's provider.
    pub(crate) fn model(&self) -> Option<&str> {
        self.record.turn.as_ref()?.model.as_deref()
    }

    /// Reads all that was said, oldest first.
    pub(crate) async fn entries(&self) -> Result<Vec<Entry>, Failure> {
        self.entries_from(1).await
    }

    /// Reads the latest thing that the user said, and what was answered.
    pub(crate) async fn last_exchange(&self) -> Result<Vec<Entry>, Failure> {
        let mut entries = self.entries_from(self.record.entries.saturating_sub(1).max(1)).await?;
        let last = entries.iter().rposition(|entry| entry.speaker == "user").unwrap_or(0);
        Ok(entries.split_off(last))
    }

    /// Removes what had come of answers that were interrupted.
    pub(super) async fn remove_partials(&self, store: &SqliteStore) -> Result<(), Failure> {
        for turn in turns(store, self.id()).await.map_err(|error| failed(&self.file, &error))? {
            partial::remove(&self.file, turn.turn_id)
                .map_err(|error| Failure::storage(format!("{}: {error}", self.file.display())))?;
        }
        Ok(())
    }

    async fn entries_from(&self, first: u64) -> Result<Vec<Entry>, Failure> {
        let failed = |error| failed(&self.file, &error);
        let store = file::existing(&self.file).await?;
        let stored = entries(&store, self.id(), first).await.map_err(failed)?;
        let turns = turns(&store, self.id()).await.map_err(failed)?;
        let is_running = self.record.running_turn().is_some() && file::owner(&self.file).is_some();
        let by_input: BTreeMap<u64, &StoredTurn> =
            turns.iter().filter_map(|turn| Some((turn.input_sequence?, &**turn))).collect();
        let by_answer: BTreeMap<u64, &StoredTurn> =
            turns.iter().filter_map(|turn| Some((turn.answer_sequence?, &**turn))).collect();
        let mut shown = Vec::new();
        for entry in stored {
            let turn = by_answer.get(&entry.sequence);
            shown.push(Entry {
                sequence: entry.sequence,
                speaker: speaker(entry.role),
                text: Arc::clone(&entry.text),
                at_ms: entry.at_ms,
                model: turn.and_then(|turn| turn.model.clone()),
                mark: entry.truncated.then(|| "interrupted".to_owned()),
            });
            let unanswered = by_input.get(&entry.sequence);
            if let Some(turn) = unanswered.filter(|turn| turn.answer_sequence.is_none()) {
                shown.extend(self.without_answer(turn, &entry, is_running));
            }
        }
        Ok(shown)
    }

    /// Returns what is shown of a turn whose answer is not in the transcript. `None` if the turn has
    /// ended as turns do.
    fn without_answer(
        &self,
        turn: &StoredTurn,
        input: &StoredEntry,
        is_running: bool,
    ) -> Option<Entry> {
        let partial = match turn.outcome {
            None | Some(TurnOutcome::Lost) => partial::read(&self.file, turn.turn_id),
            Some(_) => None,
        };
        let mark = match turn.outcome {
            None if is_running => "is being answered".to_owned(),
            None | Some(TurnOutcome::Lost) if partial.is_some() => "interrupted".to_owned(),
            None | Some(TurnOutcome::Lost | TurnOutcome::Cancelled) => {
                "interrupted before anything came".to_owned()
            }
            Some(TurnOutcome::Failed) => {
                let error = turn.error.as_ref().map(|error| format!(": {}", error.message));
                format!("failed{}", error.unwrap_or_default())
            }
            Some(TurnOutcome::Completed) => return None,
        };
        Some(Entry {
            sequence: input.sequence,
            speaker: speaker(Role::Assistant),
            text: partial.unwrap_or_default().into(),
            at_ms: turn.ended_at_ms.unwrap_or(input.at_ms),
            model: turn.model.clone(),
            mark: Some(mark),
        })
    }
}

fn speaker(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::System => "system",
        Role::Assistant => "assistant",
        _ => "other",
    }
}

/// Returns the Worker's name, or the first words that were said.
async fn name(store: &SqliteStore, record: &WorkerRecord) -> Result<String, StoreError> {
    if let Some(name) = &record.display_name {
        return Ok(name.to_string());
    }
    let first = store.entries(record.worker_id, 1, 1).await?;
    Ok(first.first().and_then(|entry| title(&entry.text)).unwrap_or_else(|| "…".to_owned()))
}

async fn entries(
    store: &SqliteStore,
    worker: WorkerId,
    first: u64,
) -> Result<Vec<Arc<StoredEntry>>, StoreError> {
    let mut all = Vec::new();
    loop {
        let next = all.last().map_or(first, |last: &Arc<StoredEntry>| last.sequence + 1);
        let page = store.entries(worker, next, PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

async fn turns(store: &SqliteStore, worker: WorkerId) -> Result<Vec<Arc<StoredTurn>>, StoreError> {
    let mut all = Vec::new();
    loop {
        let page = store.turns(worker, all.len() as u64 + 1, PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

fn failed(file: &Path, error: &StoreError) -> Failure {
    Failure::storage(format!("{}: {error}", file.display()))
}
