//! The events of one commit, for a store that keeps the commit's entries and turns anyway.

use std::sync::Arc;

use crate::{
    log::{EventRun, Spans, run::What},
    model::{Labels, Shared, TranscriptEntry, TurnDetail, WorkerState},
    store::WorkerRecord,
};

/// The events of one commit, which has its entries and its turn by the turn's ordinal: they are not
/// counted once more, and to forget the events, none of them need come from memory.
#[derive(Debug)]
pub(crate) enum KeptRun {
    Created(Arc<WorkerRecord>),
    Begun {
        ordinal: u32,
        from: WorkerState,
        labels: Shared<Labels>,
    },
    Ended {
        ordinal: u32,
        from: WorkerState,
        to: WorkerState,
        labels: Shared<Labels>,
    },
    /// Whatever else; boxed, because there are many of the others.
    AsTold(Box<EventRun>),
}

impl KeptRun {
    /// The events of a commit, whose turn has this ordinal; the first is 1.
    pub(crate) fn new(run: &EventRun, ordinal: u64) -> Self {
        match (&run.0, u32::try_from(ordinal)) {
            (What::Created { record, redacted: false, .. }, _) => Self::Created(Arc::clone(record)),
            (What::Begun { entry: _, from, labels, redacted: false }, Ok(ordinal)) => {
                Self::Begun { ordinal, from: *from, labels: labels.clone() }
            }
            (What::Ended { turn: _, entry: _, from, to, labels, redacted: false }, Ok(ordinal)) => {
                Self::Ended { ordinal, from: *from, to: *to, labels: labels.clone() }
            }
            (
                What::Created { .. } | What::Begun { .. } | What::Ended { .. } | What::Others(_),
                _,
            ) => Self::AsTold(Box::new(run.clone())),
        }
    }

    /// The events again, with the entries and turns of the Worker from its first ones on.
    pub(crate) fn told(
        &self,
        entries: &[Arc<TranscriptEntry>],
        turns: &[Arc<TurnDetail>],
    ) -> EventRun {
        let turn = |ordinal: u32| &turns[place(ordinal.into())];
        let entry = |sequence| Arc::clone(&entries[place(sequence)]);
        match self {
            Self::Created(record) => EventRun::created(Arc::clone(record)),
            Self::Begun { ordinal, from, labels } => {
                EventRun::begun(entry(turn(*ordinal).input_sequence), *from, labels.clone())
            }
            Self::Ended { ordinal, from, to, labels } => {
                let turn = turn(*ordinal);
                let answer = turn.answer_sequence.map(|sequence| entry(sequence.get()));
                EventRun::ended(Arc::clone(turn), answer, (*from, *to), labels.clone())
            }
            Self::AsTold(run) => (**run).clone(),
        }
    }
}

impl Spans for KeptRun {
    fn len(&self) -> usize {
        match self {
            Self::Created(_) => EventRun::OF_CREATION,
            Self::Begun { .. } => EventRun::OF_BEGIN,
            Self::Ended { .. } => EventRun::OF_END,
            Self::AsTold(run) => run.len(),
        }
    }
}

/// The place of what is counted from 1.
fn place(number: u64) -> usize {
    usize::try_from(number - 1).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_little_room() {
        assert_eq!(size_of::<KeptRun>(), 16);
    }
}
