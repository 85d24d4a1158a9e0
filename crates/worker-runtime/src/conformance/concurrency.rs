//! Checks with several tasks: readers beside a writer, and writers beside each other.

use std::time::Duration;

use tokio::{
    task::{JoinHandle, yield_now},
    time::sleep,
};

use crate::{
    conformance::{
        client::{LONG_LEASE_MS, Probe, request},
        factory::Factory,
        reference_model::Mirror,
        rule::{Checked, Rule},
    },
    model::TurnOutcome,
    store::{OpenRequest, StoredEvent, StoredEventBody, Totals},
};

const TURNS: usize = 20;
const WRITERS: u64 = 8;

/// While a Worker changes, entries, turns and events never contradict each other.
pub(super) async fn whole(factory: &impl Factory) -> Checked {
    let everything = OpenRequest { events_per_worker: 10_000, ..request(LONG_LEASE_MS) };
    let probe = Probe::open_as(factory.fresh().await, everything).await?;
    let mut mirror = Mirror::new(1);
    let created = mirror.create(probe.lease());
    probe.apply(&mut mirror, created).await?;
    let (id, seeded) = (mirror.worker_id, mirror.entries.len());
    let writer = converse(probe.clone(), mirror);
    for round in 1_u64.. {
        if writer.is_finished() {
            break;
        }
        let entries_before = probe.all_entries(id).await?.len() - seeded;
        let turns_before = probe.all_turns(id).await?.len();
        let events = probe.all_events(id).await?.1;
        let turns_after = probe.all_turns(id).await?.len();
        let entries_after = probe.all_entries(id).await?.len() - seeded;
        let entries = events.iter().filter(|it| bears_entry(it)).count();
        let turns =
            events.iter().filter(|it| matches!(it.body, StoredEventBody::TurnStarted)).count();
        Rule::Whole.expect((entries_before..=entries_after).contains(&entries), || {
            format!("events of {entries} entries were seen with {entries_before} to {entries_after} entries")
        })?;
        Rule::Whole.expect((turns_before..=turns_after).contains(&turns), || {
            format!("events of {turns} turns were seen with {turns_before} to {turns_after} turns")
        })?;
        // A clock that is paused goes on only while everybody waits.
        if round.is_multiple_of(16) {
            sleep(Duration::from_millis(1)).await;
        } else {
            yield_now().await;
        }
    }
    let mirror = join(writer).await?;
    let entries = probe.all_entries(id).await?.len();
    Rule::Whole.expect(entries == mirror.entries.len(), || {
        format!("there are {entries} entries in the end instead of {}", mirror.entries.len())
    })
}

/// Whether an event names an entry: an input, or the end of a turn that completed.
fn bears_entry(event: &StoredEvent) -> bool {
    match &event.body {
        StoredEventBody::InputAccepted { .. } => true,
        StoredEventBody::TurnEnded { outcome, .. } => *outcome == TurnOutcome::Completed,
        StoredEventBody::WorkerCreated { .. }
        | StoredEventBody::WorkerUpdated { .. }
        | StoredEventBody::WorkerStateChanged { .. }
        | StoredEventBody::WorkerDeleted
        | StoredEventBody::TurnStarted
        | StoredEventBody::TurnRetrying { .. } => false,
    }
}

/// Has a Worker converse in a task of its own.
fn converse(probe: Probe, mut mirror: Mirror) -> JoinHandle<Checked<Mirror>> {
    tokio::spawn(async move {
        for _ in 0..TURNS {
            for step in [Mirror::input, Mirror::answer] {
                let batch = step(&mirror, probe.lease());
                probe.apply(&mut mirror, batch).await?;
                yield_now().await;
            }
        }
        Ok(mirror)
    })
}

async fn join(writer: JoinHandle<Checked<Mirror>>) -> Checked<Mirror> {
    writer.await.unwrap_or_else(|_| Err(Rule::Answers.broken("a writer was lost")))
}

pub(super) async fn writers(factory: &impl Factory) -> Checked {
    let mut probe = Probe::open(factory.fresh().await).await?;
    let mut writers = Vec::new();
    for ordinal in 1..=WRITERS {
        let probe = probe.clone();
        writers.push(tokio::spawn(async move {
            let mut mirror = Mirror::new(ordinal);
            let created = mirror.create(probe.lease());
            probe.apply(&mut mirror, created).await?;
            converse(probe, mirror)
                .await
                .unwrap_or_else(|_| Err(Rule::Answers.broken("a writer was lost")))
        }));
    }
    let mut wanted = Totals { created: WRITERS, ..Totals::default() };
    for writer in writers {
        let mirror = join(writer).await?;
        probe.holds_for(Rule::Concurrency, &mirror).await?;
        let Some(record) = mirror.record else { continue };
        wanted.usage.add(&record.usage);
        wanted.outcomes.completed += record.turns;
    }
    probe.open_again().await?;
    let seen = probe.opened.totals;
    Rule::Concurrency
        .expect(seen == wanted, || format!("the totals are {seen:?} instead of {wanted:?}"))?;
    let listed = probe.workers(0, 100).await?.len() as u64;
    Rule::Concurrency.expect(listed == WRITERS, || format!("{listed} Workers are listed"))?;
    Ok(())
}
