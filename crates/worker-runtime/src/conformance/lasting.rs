//! Checks of data that outlasts a Worker or a process: keys, totals, deletion, restarts.

use std::sync::Arc;

use crate::{
    conformance::{
        client::Client,
        compare::expect_equal,
        factory::Factory,
        reference_model::ReferenceModel,
        rule::{CheckResult, Rule},
    },
    store::{CreateKey, StoreError, Totals, TurnLookup},
};

/// Commits inputs whose keys replace and drop earlier keys.
pub(super) async fn input_keys(factory: &impl Factory) -> CheckResult {
    let client = Client::open(factory.fresh().await).await?;
    let lease = client.lease();
    let mut model = ReferenceModel::new(1);
    let created = model.create(lease);
    client.apply(&mut model, created).await?;
    let steps: [(&str, &[&str]); 5] =
        [("a", &[]), ("b", &[]), ("c", &["a"]), ("b", &["b", "never was"]), ("d", &["c", "b"])];
    for (key, dropped) in steps {
        let input = model.input_with_key(lease, key, dropped);
        client.apply(&mut model, input).await?;
        client.check_as(Rule::InputKeys, &model).await?;
        let answer = model.answer(lease);
        client.apply(&mut model, answer).await?;
    }
    Ok(())
}

/// Creates and deletes Workers whose keys replace and drop earlier keys.
pub(super) async fn create_keys(factory: &impl Factory) -> CheckResult {
    let client = Client::open(factory.fresh().await).await?;
    let lease = client.lease();
    let mut kept: Vec<CreateKey> = Vec::new();
    let steps: [(&str, &[&str]); 5] =
        [("a", &[]), ("b", &[]), ("c", &["a"]), ("b", &["b", "never was"]), ("d", &["c"])];
    for ((key, dropped), ordinal) in steps.into_iter().zip(1..) {
        let mut model = ReferenceModel::new(ordinal);
        let created = model.create_with_key(lease, key, dropped);
        kept.retain(|kept| !dropped.contains(&&*kept.key));
        kept.extend(created.create_key.clone().map(|new| new.key));
        client.apply(&mut model, created).await?;
        expect_equal(Rule::CreateKeys, "key", &kept, &client.create_keys().await?)?;
        // The key outlives its Worker.
        for batch in [ReferenceModel::stop, ReferenceModel::delete] {
            let batch = batch(&model, lease);
            client.apply(&mut model, batch).await?;
        }
        expect_equal(Rule::CreateKeys, "key", &kept, &client.create_keys().await?)?;
    }
    Ok(())
}

/// Compares the totals after every commit of several Workers' lives.
pub(super) async fn totals(factory: &impl Factory) -> CheckResult {
    let mut client = Client::open(factory.fresh().await).await?;
    let mut wanted = Totals::default();
    check_totals(&client, &wanted)?;
    for ordinal in 1..=3 {
        let mut model = ReferenceModel::new(ordinal);
        for step in ReferenceModel::LIFE {
            let batch = step(&model, client.lease());
            wanted.add(&batch.totals);
            client.apply(&mut model, batch).await?;
            client.open_again().await?;
            check_totals(&client, &wanted)?;
        }
    }
    Ok(())
}

fn check_totals(client: &Client, wanted: &Totals) -> CheckResult {
    let seen = client.opened.totals;
    Rule::Totals
        .expect(seen == *wanted, || format!("the totals are {seen:?} instead of {wanted:?}"))
}

/// Deletes one of two Workers and looks for remains, also after a restart.
pub(super) async fn deletion(factory: &impl Factory) -> CheckResult {
    let client = Client::open(factory.fresh().await).await?;
    let lease = client.lease();
    let mut deleted = ReferenceModel::new(1);
    let mut neighbour = ReferenceModel::new(2);
    for model in [&mut deleted, &mut neighbour] {
        let created = model.create(lease);
        client.apply(model, created).await?;
        let input = model.input_with_key(lease, "key", &[]);
        client.apply(model, input).await?;
        let answer = model.answer(lease);
        client.apply(model, answer).await?;
    }
    let stop = deleted.stop(lease);
    client.apply(&mut deleted, stop).await?;
    let before = deleted.clone();
    let delete = deleted.delete(lease);
    client.apply(&mut deleted, delete).await?;
    check_deleted(&client, &before, &deleted).await?;
    // A batch that was decided before the deletion cannot bring the Worker back.
    for late in [before.input(lease), before.delete(lease)] {
        let answer = client.commit(late).await?;
        Rule::Deletion.expect(matches!(answer, Err(StoreError::Refused(_))), || {
            format!("a commit for a deleted Worker returned {answer:?}")
        })?;
    }
    check_deleted(&client, &before, &deleted).await?;
    client.check_as(Rule::Deletion, &neighbour).await?;
    client.release().await?;
    let client = Client::open(factory.reopen(Arc::clone(&client.store)).await).await?;
    check_deleted(&client, &before, &deleted).await?;
    client.check_as(Rule::Deletion, &neighbour).await
}

async fn check_deleted(
    client: &Client,
    before: &ReferenceModel,
    deleted: &ReferenceModel,
) -> CheckResult {
    client.check_as(Rule::Deletion, deleted).await?;
    for turn in &before.turns {
        for selector in [TurnLookup::Id(turn.turn_id), TurnLookup::Key("key".into())] {
            let seen = client.turn(deleted.worker_id, selector).await?;
            Rule::Deletion.expect(seen.is_none(), || {
                "a turn of the deleted Worker is still found".to_owned()
            })?;
        }
    }
    Ok(())
}

/// Compares everything after each of several restarts.
pub(super) async fn restart(factory: &impl Factory) -> CheckResult {
    let mut client = Client::open(factory.fresh().await).await?;
    let mut models: Vec<ReferenceModel> = (1..=3).map(ReferenceModel::new).collect();
    let mut wanted = Totals::default();
    let mut create_keys: Vec<CreateKey> = Vec::new();
    for round in 0..3 {
        let lease = client.lease();
        for model in &mut models {
            if model.record.is_none() {
                let created = model.create_with_key(lease, &format!("{}", model.ordinal), &[]);
                create_keys.extend(created.create_key.clone().map(|new| new.key));
                wanted.add(&created.totals);
                client.apply(model, created).await?;
            }
            let input = model.input_with_key(lease, &format!("{round}"), &[]);
            client.apply(model, input).await?;
            let answer = model.answer(lease);
            wanted.add(&answer.totals);
            client.apply(model, answer).await?;
        }
        client.release().await?;
        let again = Client::open(factory.reopen(Arc::clone(&client.store)).await).await?;
        let (old, new) = (client.opened, again.opened);
        Rule::Restart.expect(new.runtime_id == old.runtime_id, || {
            format!("the Runtime's id changed from {} to {}", old.runtime_id, new.runtime_id)
        })?;
        Rule::Restart.expect(new.lease.fencing_token > old.lease.fencing_token, || {
            format!(
                "lease {} was granted after lease {}",
                new.lease.fencing_token, old.lease.fencing_token
            )
        })?;
        Rule::Restart.expect(new.totals == wanted, || {
            format!("the totals are {:?} instead of {wanted:?}", new.totals)
        })?;
        expect_equal(
            Rule::Restart,
            "key of a creation",
            &create_keys,
            &again.create_keys().await?,
        )?;
        for model in &models {
            again.check_as(Rule::Restart, model).await?;
        }
        client = again;
    }
    Ok(())
}

/// Damages the second of three records, if the factory can do so.
pub(super) async fn unreadable(factory: &impl Factory) -> CheckResult {
    let client = Client::open(factory.fresh().await).await?;
    let lease = client.lease();
    let mut models: Vec<ReferenceModel> = (1..=3).map(ReferenceModel::new).collect();
    for model in &mut models {
        let created = model.create(lease);
        client.apply(model, created).await?;
    }
    if !factory.corrupt(models[1].worker_id).await {
        return Ok(());
    }
    let page = client.all_workers().await?;
    let ordinals: Vec<Result<u64, u64>> = page
        .iter()
        .map(|listed| match listed {
            Ok(worker) => Ok(worker.record.ordinal),
            Err(unreadable) => Err(unreadable.ordinal),
        })
        .collect();
    Rule::CorruptWorker.expect(ordinals == [Ok(1), Err(2), Ok(3)], || {
        format!("with the second of three records damaged, `workers` returned {ordinals:?}")
    })?;
    let paged = client.workers(1, 1).await?;
    Rule::CorruptWorker.expect(matches!(paged.as_slice(), [Err(_)]), || {
        "a page that holds only the damaged record does not report it".to_owned()
    })?;
    client.check_as(Rule::CorruptWorker, &models[0]).await?;
    client.check_as(Rule::CorruptWorker, &models[2]).await
}
