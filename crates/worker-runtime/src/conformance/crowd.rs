//! Checks of hundreds of Workers that commit at the same time.

use tokio::task::JoinHandle;

use crate::{
    conformance::{
        client::Client,
        concurrency::join,
        factory::Factory,
        reference_model::ReferenceModel,
        rule::{CheckResult, Rule},
    },
    store::{Batch, StoreError},
};

/// More than any page that a Runtime reads.
const WORKERS: u64 = 620;

/// The Worker among them whose second batch has a wrong version.
const WRONG: u64 = 301;

/// Creates many Workers at once, changes them at once with one wrong version among the batches, and
/// lists them.
pub(super) async fn crowd(factory: &impl Factory) -> CheckResult {
    let client = Client::open(factory.fresh().await).await?;
    let creations: Vec<_> =
        (1..=WORKERS).map(|ordinal| begin(&client, ReferenceModel::new(ordinal), 0)).collect();
    let mut models = Vec::new();
    for creation in creations {
        models.push(join(creation).await?);
    }
    let changes: Vec<_> = models
        .into_iter()
        .map(|model| {
            let past = if model.ordinal == WRONG { 7 } else { 0 };
            begin(&client, model, past)
        })
        .collect();
    let mut models = Vec::new();
    for change in changes {
        models.push(join(change).await?);
    }
    for model in models.iter().filter(|model| model.ordinal.abs_diff(WRONG) < 4) {
        client.check_as(Rule::Crowd, model).await?;
    }
    for limit in [7, 256, 1_000] {
        let mut seen = Vec::new();
        while let page =
            client.workers(seen.last().map_or(0, |it: &(u64, u64)| it.0), limit).await?
            && !page.is_empty()
            && seen.len() <= models.len()
        {
            let records = page.into_iter().flatten().map(|worker| worker.record);
            seen.extend(records.map(|record| (record.ordinal, record.version)));
        }
        let wanted: Vec<(u64, u64)> = models
            .iter()
            .map(|model| (model.ordinal, model.record.as_ref().map_or(0, |it| it.version)))
            .collect();
        let place = seen.iter().zip(&wanted).take_while(|(seen, wanted)| seen == wanted).count();
        Rule::Many.expect(seen == wanted, || {
            format!(
                "in pages of {limit}, {} Workers are listed instead of {}, the first {place} as they are",
                seen.len(),
                wanted.len()
            )
        })?;
    }
    Ok(())
}

/// Starts a task that commits the next batch of a Worker, whose expected version is too great by
/// `past`.
fn begin(
    client: &Client,
    mut model: ReferenceModel,
    past: u64,
) -> JoinHandle<CheckResult<ReferenceModel>> {
    let client = client.clone();
    tokio::spawn(async move {
        let lease = client.lease();
        let batch = if model.record.is_none() { model.create(lease) } else { model.input(lease) };
        let expected_version = batch.expected_version + past;
        let answer = client.commit(Batch { expected_version, ..batch.clone() }).await?;
        let is_right = match &answer {
            Ok(()) => past == 0,
            Err(StoreError::Refused(_)) => past > 0,
            Err(_) => false,
        };
        Rule::Crowd.expect(is_right, || {
            let (version, ordinal) = (batch.expected_version, model.ordinal);
            format!("a batch for version {expected_version} of Worker {ordinal}, which had version {version}, got {answer:?}")
        })?;
        if past == 0 {
            model.apply(&batch);
        }
        Ok(model)
    })
}
