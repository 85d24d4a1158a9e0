//! The digest by which a creation that is sent again is recognised.

use serde::Serialize;

use super::CreateWorker;
use crate::{
    domain::idempotency,
    model::{ConfigBundle, Input, Intent, Labels, ProfileSelector, ScopeClaim, SeedEntry},
};

impl CreateWorker {
    /// Returns the digest of the fields that must be equal when the command is sent again under its
    /// idempotency key. An absent field counts as its default value.
    pub(super) fn digest(&self) -> [u8; 16] {
        #[derive(Serialize)]
        struct Body<'a> {
            display_name: Option<&'a str>,
            intent: &'a Intent,
            profile: &'a ProfileSelector,
            instructions: Option<&'a str>,
            config_bundle: Option<&'a ConfigBundle>,
            requested_capabilities: &'a [String],
            scope_claims: &'a [ScopeClaim],
            labels: Option<&'a Labels>,
            history: &'a [SeedEntry],
            initial_input: Option<&'a Input>,
        }
        let Self {
            display_name,
            intent,
            profile,
            instructions,
            config_bundle,
            requested_capabilities,
            scope_claims,
            labels,
            history,
            initial_input,
            // The key itself is the tenant's.
            tenant: _,
            idempotency_key: _,
            meta: _,
        } = self;
        idempotency::digest(&Body {
            display_name: display_name.as_deref(),
            intent: intent.as_ref().unwrap_or(&Intent::default()),
            profile: profile.as_ref().unwrap_or(&ProfileSelector::default()),
            instructions: instructions.as_deref(),
            config_bundle: config_bundle.as_ref(),
            requested_capabilities: requested_capabilities.as_deref().unwrap_or_default(),
            scope_claims: scope_claims.as_deref().unwrap_or_default(),
            labels: labels.as_ref().filter(|labels| !labels.is_empty()),
            history: history.as_deref().unwrap_or_default(),
            initial_input: initial_input.as_ref(),
        })
    }
}
