//! What a dialect makes a request of.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use serde_json::{Map, Value};

use crate::{
    ModelRequest, Role,
    providers::{
        compatibility::Switches,
        conversation::{Conversation, StepForm},
        origin::Origin,
    },
};

/// The form in which a server wants its requests.
#[derive(Clone)]
pub(in crate::providers) struct Form {
    /// What is known of the server before it is asked.
    pub(in crate::providers) switches: Switches,
    /// Additional fields of the body.
    pub(in crate::providers) extra: Map<String, Value>,
    /// Whether the beginning of a conversation should be kept in the provider's cache.
    pub(in crate::providers) cache: bool,
    /// The provider's kind and address, for what only it understands.
    pub(in crate::providers) provider: Arc<str>,
}

/// A request, and the form in which the server wants it.
pub(in crate::providers) struct Ask<'a> {
    pub(in crate::providers) request: &'a ModelRequest,
    pub(in crate::providers) form: &'a Form,
    /// The switches of the form, with what the server has taught about this model.
    pub(in crate::providers) switches: Switches,
    /// Who is asked.
    pub(in crate::providers) origin: Origin,
}

impl Ask<'_> {
    /// Returns the conversation, for a provider that takes steps in this form.
    pub(super) fn conversation(&self, steps: StepForm) -> Conversation<'_> {
        let (switches, origin) = (&self.switches, &self.origin);
        Conversation { request: self.request, switches, origin, steps }
    }

    /// Returns the temperature, if the server takes one.
    pub(super) fn temperature(&self) -> Option<f64> {
        self.request.sampling.temperature.filter(|_| self.switches.temperature)
    }

    /// Returns the probability mass, if the server takes one.
    pub(super) fn top_p(&self) -> Option<f64> {
        self.request.sampling.top_p.filter(|_| self.switches.top_p)
    }

    /// Returns a name for the conversation by which a provider finds it in its cache. It is made of
    /// the beginning, which further messages do not change.
    pub(super) fn cache_key(&self) -> Option<String> {
        if !(self.form.cache && self.switches.prompt_cache_key) {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        self.request.instructions.hash(&mut hasher);
        let first = self.request.messages.iter().find(|message| message.role == Role::User);
        first.map(|message| &message.text).hash(&mut hasher);
        Some(format!("{:016x}", hasher.finish()))
    }
}
