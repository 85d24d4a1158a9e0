//! Who made an opaque part, and so who is given it back.

use std::sync::Arc;

use crate::{ModelRequest, Opaque};

/// The provider and the model of a call. An opaque part is given back only where both are those
/// that made it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Origin {
    provider: Arc<str>,
    model: Arc<str>,
}

impl Origin {
    /// Returns the origin of what `provider` answers to a request. A request without a model is one
    /// of the model that the provider chooses.
    pub(super) fn new(provider: &Arc<str>, request: &ModelRequest) -> Self {
        let model = request.model.clone().unwrap_or_default();
        Self { provider: Arc::clone(provider), model }
    }

    /// Creates a part of this origin.
    pub(super) fn part(&self, kind: &str, bytes: &str) -> Opaque {
        Opaque {
            provider: Arc::clone(&self.provider),
            model: Arc::clone(&self.model),
            kind: kind.into(),
            bytes: bytes.into(),
        }
    }

    /// Returns whether a part came from here.
    pub(super) fn made(&self, part: &Opaque) -> bool {
        part.provider == self.provider && part.model == self.model
    }
}
