//! Reads a Worker's older events from the store.

use std::{ops::RangeInclusive, sync::Arc};

use crate::{
    identity::WorkerId,
    log::EventBlock,
    model::{TranscriptEntry, TurnDetail},
    state::core::Core,
    store::{EventReference, StoreError, StoredEvent},
};

/// The events of a Worker after a sequence, as the store has them.
#[derive(Debug)]
pub(crate) enum OlderEvents {
    /// The events that follow, at least one.
    Events(EventBlock),
    /// The store no longer has the next event. It has no event up to the sequence `floor`.
    Missed { floor: u64 },
    /// The store does not have the Worker, because it was deleted. The deletion may not be applied
    /// yet.
    Absent,
}

impl Core {
    /// Reads up to `limit` events of a Worker after the sequence `after`, with the entries and
    /// turns that they name.
    ///
    /// # Errors
    ///
    /// An error of the store, or [`StoreError::Refused`] if its answers contradict each other.
    pub(crate) async fn older_events(
        &self,
        worker_id: WorkerId,
        after: u64,
        limit: usize,
    ) -> Result<OlderEvents, StoreError> {
        let mut page = self.ask(|store| store.events(worker_id, after, limit)).await?;
        if page.oldest == 0 {
            return Ok(OlderEvents::Absent);
        }
        if page.oldest > after + 1 {
            return Ok(OlderEvents::Missed { floor: page.oldest - 1 });
        }
        page.events.truncate(limit);
        if page.events.is_empty() {
            return self.absent_or_contradictory(worker_id).await;
        }
        let turns = self.turns_of(worker_id, &page.events).await?;
        let entries = self.entries_of(worker_id, &page.events, &turns).await?;
        match EventBlock::join(worker_id, after + 1, page.events, &entries, &turns) {
            Some(block) => Ok(OlderEvents::Events(block)),
            None => self.absent_or_contradictory(worker_id).await,
        }
    }

    /// Reads the turns that end with one of these events, with their ordinals.
    async fn turns_of(
        &self,
        worker_id: WorkerId,
        events: &[StoredEvent],
    ) -> Result<Vec<(u64, Arc<TurnDetail>)>, StoreError> {
        let ended = events.iter().filter_map(|event| match event.reference() {
            Some(EventReference::Turn(ordinal)) => Some(ordinal),
            Some(EventReference::Entry(_)) | None => None,
        });
        let Some((ordinals, count)) = span(ended, events.len())? else {
            return Ok(Vec::new());
        };
        let turns = self.ask(|store| store.turns(worker_id, *ordinals.start(), count)).await?;
        Ok(ordinals.zip(turns).collect())
    }

    /// Reads the entries that these events and turns name.
    async fn entries_of(
        &self,
        worker_id: WorkerId,
        events: &[StoredEvent],
        turns: &[(u64, Arc<TurnDetail>)],
    ) -> Result<Vec<Arc<TranscriptEntry>>, StoreError> {
        let inputs = events.iter().filter_map(|event| match event.reference() {
            Some(EventReference::Entry(sequence)) => Some(sequence),
            Some(EventReference::Turn(_)) | None => None,
        });
        let answers = turns.iter().filter_map(|(_, turn)| turn.answer_sequence);
        let named = inputs.chain(answers);
        let Some((sequences, count)) = span(named, events.len())? else { return Ok(Vec::new()) };
        self.ask(|store| store.entries(worker_id, *sequences.start(), count)).await
    }

    /// Decides why something is missing in the store: the Worker was deleted meanwhile, or the
    /// store contradicts itself.
    async fn absent_or_contradictory(
        &self,
        worker_id: WorkerId,
    ) -> Result<OlderEvents, StoreError> {
        let page = self.ask(|store| store.events(worker_id, 0, 1)).await?;
        if page.oldest == 0 { Ok(OlderEvents::Absent) } else { Err(contradiction()) }
    }
}

/// Returns the range that some ordinals or sequences span, and its length; `None` without numbers.
///
/// The range has no more than one number for each of the `events`, because every entry and every
/// end of a turn has an event of its own. A longer range is an error of the store.
fn span(
    numbers: impl Iterator<Item = u64>,
    events: usize,
) -> Result<Option<(RangeInclusive<u64>, usize)>, StoreError> {
    let Some((first, last)) = numbers.fold(None, |range, number| match range {
        None => Some((number, number)),
        Some((first, last)) => Some((number.min(first), number.max(last))),
    }) else {
        return Ok(None);
    };
    let count = usize::try_from(last - first).unwrap_or(usize::MAX).saturating_add(1);
    if count > events { Err(contradiction()) } else { Ok(Some((first..=last, count))) }
}

fn contradiction() -> StoreError {
    StoreError::Refused(
        "the events of a worker name entries or turns that are not there".to_owned(),
    )
}
