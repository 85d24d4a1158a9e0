//! `get_usage`: the usage of a Worker or of the whole Runtime.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    error::RuntimeError,
    model::{Usage, UsageScope},
    request::Query,
    state::view::Reader,
};

/// A query for the tokens and the time that turns consumed.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GetUsage {
    /// The scope whose turns are counted.
    pub scope: UsageScope,
}

impl GetUsage {
    /// Asks for the usage of a scope.
    #[must_use]
    pub fn new(scope: impl Into<UsageScope>) -> Self {
        Self { scope: scope.into() }
    }
}

/// The reply to `get_usage`: the tokens and the time that turns consumed.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct UsageReply {
    /// The sum over all ended turns in the scope. In the scope of the Runtime, and in that of a tenant,
    /// it includes the turns of deleted Workers.
    pub usage: Usage,
}

impl Query for GetUsage {
    type Reply = UsageReply;

    async fn answer(self, reader: Reader<'_>) -> Result<UsageReply, RuntimeError> {
        let usage = match self.scope {
            UsageScope::Runtime(_) => reader.figures().figures.usage,
            UsageScope::Worker(scope) => reader.look(scope.worker, |state| state.record.usage)?,
            UsageScope::Tenant(scope) => {
                let of_tenant = reader.caller.narrowed("scope.tenant", Some(&scope.tenant))?;
                Reader::of(&of_tenant).figures().figures.usage
            }
        };
        Ok(UsageReply { usage })
    }
}
