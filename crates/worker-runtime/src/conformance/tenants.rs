//! Checks of the totals of tenants.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    conformance::{
        client::Client,
        compare::expect_equal,
        factory::Factory,
        reference_model::ReferenceModel,
        rule::{CheckResult, Rule},
    },
    store::{TenantTotals, Totals},
};

/// The tenants of the Workers, one after the other. Some names differ only in their case, in a
/// character that many databases cut off, or in the form of an accent; some sort differently by
/// language or by UTF-16.
const TENANTS: [Option<&str>; 12] = [
    Some("b"),
    Some("a"),
    None,
    Some("B"),
    Some("a\u{0}"),
    Some("é"),
    Some("e\u{301}"),
    Some("\u{ff5e}"),
    Some("\u{1f980}"),
    Some("a "),
    Some("a"),
    None,
];

/// Compares the totals after the lives of Workers of several tenants and of none.
pub(super) async fn totals(factory: &impl Factory) -> CheckResult {
    let mut client = Client::open(factory.fresh().await).await?;
    let mut wanted = BTreeMap::new();
    check(&client, &wanted).await?;
    let mut models = Vec::new();
    for (tenant, ordinal) in TENANTS.into_iter().zip(1..) {
        let tenant: Option<Arc<str>> = tenant.map(Arc::from);
        models.push(ReferenceModel { tenant, ..ReferenceModel::new(ordinal) });
    }
    for step in ReferenceModel::LIFE {
        for model in &mut models {
            let batch = step(model, client.lease());
            if let Some(tenant) = &batch.tenant {
                let of_tenant: &mut Totals = wanted.entry(Arc::clone(tenant)).or_default();
                of_tenant.add(&batch.totals);
            }
            client.apply(model, batch).await?;
        }
        for model in &models {
            client.check_as(Rule::TenantTotals, model).await?;
        }
        check(&client, &wanted).await?;
    }
    client.release().await?;
    client = Client::open(factory.reopen(Arc::clone(&client.store)).await).await?;
    check(&client, &wanted).await
}

async fn check(client: &Client, wanted: &BTreeMap<Arc<str>, Totals>) -> CheckResult {
    let wanted: Vec<TenantTotals> = wanted
        .iter()
        .map(|(tenant, totals)| TenantTotals { tenant: Arc::clone(tenant), totals: *totals })
        .collect();
    for limit in [1, 3, 100] {
        let seen = client.tenant_totals(limit).await?;
        expect_equal(Rule::TenantTotals, "tenant", &wanted, &seen)?;
    }
    Ok(())
}
