//! The scope whose usage is summed up.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Scope, ScopeRuntime, ScopeWorker};

/// The scope of usage: the whole Runtime, one Worker, or one tenant.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each payload documents itself")]
pub enum UsageScope {
    Runtime(ScopeRuntime),
    Worker(ScopeWorker),
    Tenant(UsageScopeTenant),
}

/// One tenant of the Runtime, with all Workers that it ever had.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct UsageScopeTenant {
    /// The name of the tenant, of 1 to `label_chars` characters, none of them a control character.
    #[schemars(schema_with = "crate::model::fragments::tenant")]
    pub tenant: String,
}

impl UsageScope {
    /// Returns the scope of a tenant.
    #[must_use]
    pub fn tenant(tenant: impl Into<String>) -> Self {
        Self::Tenant(UsageScopeTenant { tenant: tenant.into() })
    }
}

impl From<Scope> for UsageScope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Runtime(scope) => Self::Runtime(scope),
            Scope::Worker(scope) => Self::Worker(scope),
        }
    }
}
