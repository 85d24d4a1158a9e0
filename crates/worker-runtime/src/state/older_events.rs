//! Reads a Worker's older events from the store.

use std::{ops::RangeInclusive, sync::Arc};

use crate::{
    log::EventBlock,
    state::{core::Core, worker_cell::WorkerCell},
    store::{
        Complaint, EventReference, EventsFound, ReadError, StoredEntry, StoredEvent, StoredTurn,
    },
};

/// The events of a Worker after a sequence, as the store has them.
#[derive(Debug)]
pub(crate) enum OlderEvents {
    /// The events that follow.
    Events(EventBlock),
    /// The store no longer has the next event. It has no event up to the sequence `floor`.
    Missed { floor: u64 },
}

impl Core {
    /// Reads the `count` events of a Worker after the sequence `after`, which are published, with
    /// the entries and turns that they name.
    pub(crate) async fn older_events(
        &self,
        cell: &WorkerCell,
        after: u64,
        count: usize,
    ) -> Result<OlderEvents, ReadError> {
        let events = match self.store.events(cell, after, count).await? {
            EventsFound::Events(events) => events,
            EventsFound::Missed { floor } => return Ok(OlderEvents::Missed { floor }),
        };
        let turns = self.turns_of(cell, &events).await?;
        let entries = self.entries_of(cell, &events, &turns).await?;
        let block = EventBlock::join(cell.owner(), after + 1, events, &entries, &turns);
        let block = block.filter(EventBlock::fits_together).ok_or_else(|| self.mismatch(cell))?;
        Ok(OlderEvents::Events(block))
    }

    /// Reads the turns that end with one of these events, with their ordinals.
    async fn turns_of(
        &self,
        cell: &WorkerCell,
        events: &[StoredEvent],
    ) -> Result<Vec<(u64, Arc<StoredTurn>)>, ReadError> {
        let ended = events.iter().filter_map(|event| match event.reference() {
            Some(EventReference::Turn(ordinal)) => Some(ordinal),
            Some(EventReference::Entry(_)) | None => None,
        });
        let Some(ordinals) = span(ended) else { return Ok(Vec::new()) };
        let count = self.length(cell, &ordinals, events.len())?;
        let turns = self.store.turns(cell, *ordinals.start(), count).await?;
        Ok(ordinals.zip(turns).collect())
    }

    /// Reads the entries that these events and turns name.
    async fn entries_of(
        &self,
        cell: &WorkerCell,
        events: &[StoredEvent],
        turns: &[(u64, Arc<StoredTurn>)],
    ) -> Result<Vec<Arc<StoredEntry>>, ReadError> {
        let inputs = events.iter().filter_map(|event| match event.reference() {
            Some(EventReference::Entry(sequence)) => Some(sequence),
            Some(EventReference::Turn(_)) | None => None,
        });
        let answers = turns.iter().filter_map(|(_, turn)| turn.answer_sequence);
        let Some(sequences) = span(inputs.chain(answers)) else { return Ok(Vec::new()) };
        let count = self.length(cell, &sequences, events.len())?;
        self.store.entries(cell, *sequences.start(), count).await
    }

    /// Returns the length of a range of ordinals or sequences that some events name. The range has
    /// no more than one number for each of the `events`, because every entry and every end of a
    /// turn has an event of its own.
    fn length(
        &self,
        cell: &WorkerCell,
        range: &RangeInclusive<u64>,
        events: usize,
    ) -> Result<usize, ReadError> {
        let length = usize::try_from(range.end() - range.start()).unwrap_or(usize::MAX);
        let length = length.saturating_add(1);
        if length > events { Err(self.mismatch(cell)) } else { Ok(length) }
    }

    fn mismatch(&self, cell: &WorkerCell) -> ReadError {
        self.store.complain(Complaint::Mismatch, cell.worker_id)
    }
}

/// Returns the range that some ordinals or sequences span; `None` without numbers.
fn span(numbers: impl Iterator<Item = u64>) -> Option<RangeInclusive<u64>> {
    numbers.fold(None, |range, number| match range {
        None => Some(number..=number),
        Some(range) => Some(number.min(*range.start())..=number.max(*range.end())),
    })
}
