//! Checks with several tasks: a reader beside a writer, and several writers at the same time.

use std::time::Duration;

use tokio::{
    task::{JoinHandle, yield_now},
    time::sleep,
};

use crate::{
    conformance::{
        client::{Client, LONG_LEASE, request},
        factory::Factory,
        reference_model::ReferenceModel,
        rule::{CheckResult, Rule},
    },
    model::TurnOutcome,
    store::{OpenRequest, StoredEvent, StoredEventBody, Totals},
};

const TURNS: usize = 20;
const WRITERS: u64 = 8;

/// Reads a Worker while a writer changes it. Entries, turns and events must never contradict each
/// other.
pub(super) async fn whole(factory: &impl Factory) -> CheckResult {
    let everything = OpenRequest { events_per_worker: 10_000, ..request(LONG_LEASE) };
    let client = Client::open_as(factory.fresh().await, everything).await?;
    let mut model = ReferenceModel::new(1);
    let created = model.create(client.lease());
    client.apply(&mut model, created).await?;
    let (id, seeded) = (model.worker_id, model.entries.len());
    let writer = converse(client.clone(), model);
    for round in 1_u64.. {
        if writer.is_finished() {
            break;
        }
        let entries_before = client.all_entries(id).await?.len() - seeded;
        let turns_before = client.all_turns(id).await?.len();
        let events = client.all_events(id).await?.1;
        let turns_after = client.all_turns(id).await?.len();
        let entries_after = client.all_entries(id).await?.len() - seeded;
        let entries = events.iter().filter(|event| has_entry(event)).count();
        let turns = events
            .iter()
            .filter(|event| matches!(event.body, StoredEventBody::TurnStarted))
            .count();
        Rule::Whole.expect((entries_before..=entries_after).contains(&entries), || {
            format!("the events refer to {entries} entries, but there are {entries_before} to {entries_after}")
        })?;
        Rule::Whole.expect((turns_before..=turns_after).contains(&turns), || {
            format!("the events start {turns} turns, but there are {turns_before} to {turns_after}")
        })?;
        // A paused clock advances only while every task waits.
        if round.is_multiple_of(16) {
            sleep(Duration::from_millis(1)).await;
        } else {
            yield_now().await;
        }
    }
    let model = join(writer).await?;
    let entries = client.all_entries(id).await?.len();
    Rule::Whole.expect(entries == model.entries.len(), || {
        format!("there are {entries} entries at the end instead of {}", model.entries.len())
    })
}

/// Whether an event refers to an entry: it is an input, or the end of a turn that completed.
fn has_entry(event: &StoredEvent) -> bool {
    matches!(
        &event.body,
        StoredEventBody::InputAccepted { .. }
            | StoredEventBody::TurnEnded { outcome: TurnOutcome::Completed, .. }
    )
}

/// Starts a task that commits inputs and answers of a Worker.
fn converse(client: Client, mut model: ReferenceModel) -> JoinHandle<CheckResult<ReferenceModel>> {
    tokio::spawn(async move {
        for _ in 0..TURNS {
            for step in [ReferenceModel::input, ReferenceModel::answer] {
                let batch = step(&model, client.lease());
                client.apply(&mut model, batch).await?;
                yield_now().await;
            }
        }
        Ok(model)
    })
}

/// Awaits a task that commits.
pub(super) async fn join<T>(writer: JoinHandle<CheckResult<T>>) -> CheckResult<T> {
    writer.await.unwrap_or_else(|_| Err(Rule::Answers.violation("a task that commits panicked")))
}

/// Commits for several Workers at the same time, and compares Workers, totals and listing.
pub(super) async fn writers(factory: &impl Factory) -> CheckResult {
    let mut client = Client::open(factory.fresh().await).await?;
    let mut writers = Vec::new();
    for ordinal in 1..=WRITERS {
        let client = client.clone();
        writers.push(tokio::spawn(async move {
            let mut model = ReferenceModel::new(ordinal);
            let created = model.create(client.lease());
            client.apply(&mut model, created).await?;
            join(converse(client, model)).await
        }));
    }
    let mut wanted = Totals { created: WRITERS, ..Totals::default() };
    for writer in writers {
        let model = join(writer).await?;
        client.check_as(Rule::Concurrency, &model).await?;
        let Some(record) = model.record else { continue };
        wanted.usage.add(&record.usage);
        wanted.outcomes.completed += record.turns;
    }
    client.open_again().await?;
    let seen = client.opened.totals;
    Rule::Concurrency
        .expect(seen == wanted, || format!("the totals are {seen:?} instead of {wanted:?}"))?;
    let listed = client.all_workers().await?.len() as u64;
    Rule::Concurrency.expect(listed == WRITERS, || {
        format!("{listed} Workers are listed instead of {WRITERS}")
    })?;
    Ok(())
}
