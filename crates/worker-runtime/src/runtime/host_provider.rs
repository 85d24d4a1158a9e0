//! A provider of the Backend's whose `Drop` is contained, wherever its last reference is dropped.

use std::sync::Arc;

use llm_engine::{ModelRequest, Provider, ProviderStream};
use worker::Profile;

use crate::sync::Foreign;

struct HostProvider(Foreign<Arc<dyn Provider>>);

impl Provider for HostProvider {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn needs_model(&self) -> bool {
        self.0.needs_model()
    }

    fn stream(&self, request: Arc<ModelRequest>) -> ProviderStream {
        self.0.stream(request)
    }
}

/// Returns the profile with its provider contained.
pub(super) fn contained_in(mut profile: Profile) -> Profile {
    profile.provider = Arc::new(HostProvider(Foreign::new(profile.provider)));
    profile
}
