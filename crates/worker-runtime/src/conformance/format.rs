//! Checks of the stored form: a store refuses a Runtime that writes an older one.

use std::sync::Arc;

use crate::{
    conformance::{
        client::{Client, LONG_LEASE, request},
        factory::Factory,
        ids::new_uuid,
        reference_model::ReferenceModel,
        rule::{CheckResult, Rule},
    },
    identity::RuntimeId,
    store::{FORMAT, OpenError, OpenRequest, Store},
};

/// The stored form of a later version than this one.
const LATER: u32 = FORMAT + 1;

/// Opens a store with a greater stored form, and then with a smaller one.
pub(super) async fn format(factory: &impl Factory) -> CheckResult {
    let first = Client::open(factory.fresh().await).await?;
    let mut model = ReferenceModel::new(1);
    let created = model.create(first.lease());
    first.apply(&mut model, created).await?;
    check_refused_changes_nothing(&first).await?;

    let client = Client::open_as(Arc::clone(&first.store), later()).await?;
    // An owner is not disturbed by a Runtime that could not open the store anyway.
    let meanwhile = Client::try_open(&client.store, request(LONG_LEASE)).await?;
    Rule::Format.expect(meanwhile.is_err(), || {
        format!("`open` with a smaller form of a store that has an owner returned {meanwhile:?}")
    })?;
    let input = model.input(client.lease());
    client.apply(&mut model, input).await?;
    client.release().await?;

    check_newer(&client.store).await?;
    let store = factory.reopen(Arc::clone(&client.store)).await;
    check_newer(&store).await?;
    let again = Client::try_open(&store, later()).await?;
    let again = again.map_err(|error| {
        Rule::Format.violation(format!("`open` with the form that the store has failed: {error}"))
    })?;
    let client = Client { store, opened: again };
    client.check_as(Rule::Format, &model).await?;
    let answered = model.answer(client.lease());
    client.apply(&mut model, answered).await
}

fn later() -> OpenRequest {
    OpenRequest { format: LATER, ..request(LONG_LEASE) }
}

/// Makes requests with a greater form that are refused for another reason, so that the form stays.
/// Releases the store at the end.
async fn check_refused_changes_nothing(client: &Client) -> CheckResult {
    let owned = Client::try_open(&client.store, later()).await?;
    Rule::Format.expect(matches!(owned, Err(OpenError::Owned { .. })), || {
        format!("`open` with a greater form of a store that has an owner returned {owned:?}")
    })?;
    client.release().await?;
    let other = OpenRequest { runtime_id: Some(RuntimeId::from_uuid(new_uuid())), ..later() };
    let refused = Client::try_open(&client.store, other).await?;
    Rule::Format.expect(matches!(refused, Err(OpenError::OtherRuntime { .. })), || {
        format!("`open` by another Runtime with a greater form returned {refused:?}")
    })?;
    let next = Client::try_open(&client.store, request(LONG_LEASE)).await?;
    let opened = next.map_err(|error| {
        let seen = format!("after refused requests with a greater form, `open` failed: {error}");
        Rule::Format.violation(seen)
    })?;
    Client { store: Arc::clone(&client.store), opened }.release().await
}

async fn check_newer(store: &Arc<dyn Store>) -> CheckResult {
    let refused = Client::try_open(store, request(LONG_LEASE)).await?.map(|opened| opened.lease);
    Rule::Format.expect(refused == Err(OpenError::NewerFormat { format: LATER }), || {
        format!(
            "`open` with the form {FORMAT} of a store with the form {LATER} returned {refused:?}"
        )
    })
}
