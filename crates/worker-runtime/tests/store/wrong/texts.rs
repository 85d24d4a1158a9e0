//! Stores that change texts, or lose their tenants.

use std::sync::Arc;

use worker_runtime::{
    WorkerId,
    store::{Batch, FoundTurn, Store, TenantTotals, TurnLookup},
};

use super::plain;
use crate::wrapper::Answer;

plain! {
    /// Drops a byte order mark at the beginning of an entry.
    DropsMark {
        fn commit(&self, batch: &Batch) -> Answer<()> {
            let mut batch = batch.clone();
            for entry in &mut batch.entries {
                if let Some(rest) = entry.text.strip_prefix('\u{feff}') {
                    let rest = rest.into();
                    Arc::make_mut(entry).text = rest;
                }
            }
            self.0.commit(&batch)
        }
    }

    /// Looks a key up as a text that ends with the first NUL.
    CutsKeys {
        fn turn(&self, id: WorkerId, selector: TurnLookup) -> Answer<Option<FoundTurn>> {
            self.0.turn(id, match selector {
                TurnLookup::Key(key) => TurnLookup::Key(key.split('\0').next().unwrap().into()),
                TurnLookup::Id(_) => selector,
            })
        }
    }

    /// Counts all for a tenant whose name has capitals as one whose name has none.
    FoldsTenants {
        fn commit(&self, batch: &Batch) -> Answer<()> {
            let tenant = batch.tenant.as_ref().map(|tenant| tenant.to_lowercase().into());
            self.0.commit(&Batch { tenant, ..batch.clone() })
        }
    }

    /// Begins every page of tenants at the first one.
    RepeatsTenants {
        fn tenant_totals(&self, _: Option<Arc<str>>, limit: usize) -> Answer<Vec<TenantTotals>> {
            self.0.tenant_totals(None, limit)
        }
    }
}
