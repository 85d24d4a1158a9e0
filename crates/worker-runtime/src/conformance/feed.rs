//! Checks of the feed of changes, for stores that keep one.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::{task::yield_now, time::sleep};

use crate::{
    conformance::{
        client::Client,
        concurrency::join,
        factory::Factory,
        reference_model::ReferenceModel,
        rule::{CheckResult, Rule},
    },
    identity::WorkerId,
    store::StoredChange,
};

const WRITERS: u64 = 64;

/// The reader of a feed: the newest change of each Worker, as far as the reader has come.
#[derive(Default)]
struct Reader {
    newest: BTreeMap<WorkerId, StoredChange>,
    last: u64,
    deletions_from: u64,
}

impl Reader {
    /// Reads on until a page is empty. Returns `false` if the store keeps no feed.
    async fn read_on(&mut self, client: &Client, limit: usize) -> CheckResult<bool> {
        loop {
            let Some(page) = client.changes(self.last, limit).await? else { return Ok(false) };
            self.deletions_from = page.deletions_from;
            let Some(last) = page.changes.last() else { return Ok(true) };
            self.last = last.number;
            self.newest.extend(page.changes.iter().map(|change| (change.worker_id, *change)));
        }
    }

    /// Returns a violation unless the reader has come to the newest change of a Worker that exists.
    fn check(&self, model: &ReferenceModel) -> CheckResult {
        let seen = self.newest.get(&model.worker_id);
        let wanted = (model.ordinal, model.events.len() as u64, false);
        let is_newest = seen.is_some_and(|change| {
            (change.ordinal, change.worker_sequence, change.deleted) == wanted
        });
        Rule::Feed.expect(is_newest, || {
            let (ordinal, sequence, _) = wanted;
            format!("the newest change of Worker {ordinal}, at event {sequence}, is {seen:?}")
        })
    }
}

/// Reads the feed after every commit of several Workers' lives, from the beginning and further on.
pub(super) async fn life(factory: &impl Factory) -> CheckResult {
    let mut client = Client::open(factory.fresh().await).await?;
    let mut models: Vec<ReferenceModel> = (1..=3).map(ReferenceModel::new).collect();
    let mut reader = Reader::default();
    if !reader.read_on(&client, 1).await? {
        return Ok(());
    }
    let life = [
        ReferenceModel::create,
        ReferenceModel::input,
        ReferenceModel::answer,
        ReferenceModel::stop,
    ];
    for step in life {
        for place in 0..models.len() {
            let batch = step(&models[place], client.lease());
            client.apply(&mut models[place], batch).await?;
            reader.read_on(&client, 2).await?;
            for model in models.iter().filter(|model| model.record.is_some()) {
                reader.check(model)?;
            }
        }
    }
    for limit in [1, 2, 100] {
        let mut afresh = Reader::default();
        afresh.read_on(&client, limit).await?;
        models.iter().try_for_each(|model| afresh.check(model))?;
    }

    let (deleted, before) = (models[1].worker_id, reader.last);
    let sequence = models[1].events.len() as u64 + 1;
    let delete = models[1].delete(client.lease());
    client.apply(&mut models[1], delete).await?;
    client.release().await?;
    client = Client::open(factory.reopen(Arc::clone(&client.store)).await).await?;
    let mut afresh = Reader::default();
    for reader in [&mut reader, &mut afresh] {
        reader.read_on(&client, 1).await?;
        let seen = reader.newest.get(&deleted);
        let is_shown = seen.is_some_and(|change| {
            change.deleted && change.ordinal == 2 && change.worker_sequence == sequence
        });
        // A store may forget deletions, but it must say so.
        Rule::Feed.expect(is_shown || reader.deletions_from > before, || {
            format!("a deletion with event {sequence} is shown as {seen:?}")
        })?;
        reader.check(&models[0])?;
        reader.check(&models[2])?;
    }
    Ok(())
}

/// Follows the feed while many Workers are created and changed at the same time.
pub(super) async fn followed(factory: &impl Factory) -> CheckResult {
    let client = Client::open(factory.fresh().await).await?;
    let mut reader = Reader::default();
    if !reader.read_on(&client, 3).await? {
        return Ok(());
    }
    let mut writers = Vec::new();
    for ordinal in 1..=WRITERS {
        let client = client.clone();
        writers.push(tokio::spawn(async move {
            let mut model = ReferenceModel::new(ordinal);
            for step in [ReferenceModel::create, ReferenceModel::input] {
                let batch = step(&model, client.lease());
                client.apply(&mut model, batch).await?;
            }
            Ok(model)
        }));
    }
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        reader.read_on(&client, 3).await?;
        // A paused clock advances only while every task waits.
        sleep(Duration::from_millis(1)).await;
        yield_now().await;
    }
    reader.read_on(&client, 3).await?;
    for writer in writers {
        reader.check(&join(writer).await?)?;
    }
    Ok(())
}
