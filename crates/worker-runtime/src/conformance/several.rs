//! Checks of batches with several turns, and of specs, which a store may keep apart.

use std::sync::Arc;

use crate::{
    conformance::{
        client::Client,
        factory::Factory,
        reference_model::ReferenceModel,
        rule::{CheckResult, Rule},
    },
    store::{Batch, Lease, TurnLookup},
};

/// A function that makes the next batch of a Worker.
type Step = fn(&ReferenceModel, Lease) -> Batch;

/// Commits batches that end one turn and begin others, each with its entries.
pub(super) async fn turns(factory: &impl Factory) -> CheckResult {
    const INPUT: Step = ReferenceModel::input;
    const ANSWER: Step = ReferenceModel::answer;
    let client = Client::open(factory.fresh().await).await?;
    let lease = client.lease();
    let mut model = ReferenceModel::new(1);
    let created = model.create(lease);
    client.apply(&mut model, created).await?;
    let batches: [&[Step]; 5] = [
        &[INPUT],
        &[ANSWER, INPUT],
        &[ANSWER, INPUT, ANSWER, INPUT, ANSWER, INPUT],
        &[ANSWER],
        &[INPUT, ANSWER, INPUT, ANSWER],
    ];
    for steps in batches {
        let batch = model.together(lease, steps.iter().copied());
        client.apply(&mut model, batch).await?;
        client.check_as(Rule::SeveralTurns, &model).await?;
    }
    for turn in &model.turns {
        let lookup = TurnLookup::Id(turn.turn_id);
        let seen = client.turn(model.worker_id, lookup).await?;
        Rule::SeveralTurns.expect(seen == Some(model.found(turn)), || {
            format!("a look-up of the turn {} found {:?}", turn.turn_id, seen.map(|it| it.turn))
        })?;
    }
    Ok(())
}

/// Changes specs of two Workers, with changes of other things in between.
pub(super) async fn spec(factory: &impl Factory) -> CheckResult {
    let mut client = Client::open(factory.fresh().await).await?;
    let mut models = [ReferenceModel::new(1), ReferenceModel::new(2)];
    for model in &mut models {
        let created = model.create(client.lease());
        client.apply(model, created).await?;
    }
    for round in 0..3 {
        let lease = client.lease();
        let instructions = format!("instructions {round}");
        let changed = models[0].update(lease, "changed", Some(&instructions));
        client.apply(&mut models[0], changed).await?;
        client.check_as(Rule::Spec, &models[0]).await?;
        for model in &mut models {
            let kept = model.update(lease, &format!("kept {round}"), None);
            client.apply(model, kept).await?;
            for step in [ReferenceModel::input, ReferenceModel::answer] {
                let batch = step(model, lease);
                client.apply(model, batch).await?;
            }
            client.check_as(Rule::Spec, model).await?;
        }
        client.release().await?;
        client = Client::open(factory.reopen(Arc::clone(&client.store)).await).await?;
        for model in &models {
            client.check_as(Rule::Spec, model).await?;
        }
    }
    Ok(())
}
