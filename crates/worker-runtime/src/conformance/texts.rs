//! Checks of texts with characters that databases and encodings treat in a special way.

use std::sync::Arc;

use crate::{
    conformance::{
        client::Client,
        compare::expect_equal,
        factory::Factory,
        reference_model::ReferenceModel,
        rule::{CheckResult, Rule},
    },
    store::{CreateKey, TurnLookup},
};

/// Texts that a store must neither change nor take for each other: NUL, a byte order mark, line
/// separators, marks that combine with nothing, characters of four bytes and characters that are
/// none, and pairs that are equal without case, spaces, or a difference of normal forms.
const ODD: [&str; 20] = [
    "a",
    "A",
    "a ",
    " a",
    "a\u{0}",
    "a\u{0}b",
    "\u{0}",
    "\u{feff}a",
    "a\u{2028}b\u{2029}",
    "\u{301}",
    "e\u{301}",
    "\u{e9}",
    "\u{1f980}",
    "\u{10ffff}",
    "\u{ffff}",
    "ß",
    "ss",
    "%_\\",
    "\\u0000",
    "\u{7f}\u{85}",
];

/// Creates Workers whose every text is odd, and compares them before and after a restart.
pub(super) async fn texts(factory: &impl Factory) -> CheckResult {
    let client = Client::open(factory.fresh().await).await?;
    let lease = client.lease();
    let mut models = Vec::new();
    for (text, ordinal) in ODD.into_iter().zip(1..) {
        let (tenant, text) = (Some(Arc::from(text)), Arc::from(text));
        let mut model = ReferenceModel { tenant, text, ..ReferenceModel::new(ordinal) };
        for step in [ReferenceModel::create, ReferenceModel::input, ReferenceModel::answer] {
            let batch = step(&model, lease);
            client.apply(&mut model, batch).await?;
        }
        client.check_as(Rule::Texts, &model).await?;
        models.push(model);
    }
    client.release().await?;
    let client = Client::open(factory.reopen(Arc::clone(&client.store)).await).await?;
    for model in &models {
        client.check_as(Rule::Texts, model).await?;
    }
    Ok(())
}

/// Uses odd idempotency keys for inputs of one Worker and for creations, and drops some of them.
pub(super) async fn keys(factory: &impl Factory) -> CheckResult {
    let client = Client::open(factory.fresh().await).await?;
    let lease = client.lease();
    let mut model = ReferenceModel::new(1);
    let created = model.create(lease);
    client.apply(&mut model, created).await?;
    let mut create_keys: Vec<CreateKey> = Vec::new();
    // The first key is dropped again, which must not drop those that only resemble it.
    let steps = ODD.into_iter().map(|key| (key, [].as_slice())).chain([("z", [ODD[0]].as_slice())]);
    for ((key, dropped), ordinal) in steps.zip(2..) {
        let input = model.input_with_key(lease, key, dropped);
        client.apply(&mut model, input).await?;
        let answer = model.answer(lease);
        client.apply(&mut model, answer).await?;
        let mut other = ReferenceModel::new(ordinal);
        let created = other.create_with_key(lease, key, dropped);
        create_keys.retain(|kept| !dropped.contains(&&*kept.key));
        create_keys.extend(created.create_key.clone().map(|new| new.key));
        client.apply(&mut other, created).await?;
    }
    check_keys(&client, &model, &create_keys).await?;
    client.release().await?;
    let client = Client::open(factory.reopen(Arc::clone(&client.store)).await).await?;
    check_keys(&client, &model, &create_keys).await
}

async fn check_keys(
    client: &Client,
    model: &ReferenceModel,
    create_keys: &[CreateKey],
) -> CheckResult {
    client.check_as(Rule::Texts, model).await?;
    expect_equal(Rule::Texts, "key of a creation", create_keys, &client.create_keys().await?)?;
    for turn in &model.turns {
        let Some(key) = &turn.idempotency_key else { continue };
        let seen = client.turn(model.worker_id, TurnLookup::Key(Arc::clone(key))).await?;
        Rule::Texts.expect(seen == Some(model.found(turn)), || {
            let found = seen.map(|found| found.turn.idempotency_key.clone());
            format!("a look-up of the turn with the key {key:?} found the one with {found:?}")
        })?;
    }
    Ok(())
}
