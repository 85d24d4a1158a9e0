//! The turn engine, which adds limits, retries and a guaranteed end to a provider.

mod call;
mod cancellation;
mod guard;
mod output;
mod retry;
mod turn;
mod watch;

use std::{fmt, sync::Arc};

use tokio_util::sync::CancellationToken;

use crate::{ModelRequest, Policy, Provider};

pub(crate) use guard::guarded;
pub use turn::Turn;

/// Runs turns with one provider and one policy. Cloning it is cheap.
#[derive(Clone)]
pub struct Engine {
    provider: Arc<dyn Provider>,
    policy: Arc<Policy>,
}

impl Engine {
    /// Creates an engine with the default policy.
    pub fn new(provider: Arc<dyn Provider>) -> Self {
        Self::with_policy(provider, Policy::default())
    }

    /// Creates an engine with a policy, which all its turns share.
    pub fn with_policy(provider: Arc<dyn Provider>, policy: impl Into<Arc<Policy>>) -> Self {
        Self { provider, policy: policy.into() }
    }

    /// Returns the policy of every turn.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Returns the provider of every turn.
    #[must_use]
    pub fn provider(&self) -> &Arc<dyn Provider> {
        &self.provider
    }

    /// Creates a turn, which begins when its stream is first polled.
    pub fn turn(&self, request: impl Into<TurnRequest>) -> Turn {
        self.clone().into_turn(request)
    }

    /// Creates a turn like [`turn`](Self::turn), but consumes the engine instead of cloning it.
    pub fn into_turn(self, request: impl Into<TurnRequest>) -> Turn {
        Turn::new(self, request.into())
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("provider", &self.provider.name())
            .field("policy", &self.policy)
            .finish()
    }
}

/// The request of a turn, and the token that cancels it.
#[derive(Clone, Debug)]
pub struct TurnRequest {
    /// The request of each model call.
    pub model_request: Arc<ModelRequest>,
    /// The token that ends the turn with [`Cancelled`](crate::TurnEvent::Cancelled). A turn that is
    /// cancelled by being dropped needs no token.
    pub cancellation: Option<CancellationToken>,
}

impl TurnRequest {
    /// Sets the token that cancels the turn.
    #[must_use]
    pub fn cancelled_by(mut self, token: CancellationToken) -> Self {
        self.cancellation = Some(token);
        self
    }
}

impl From<Arc<ModelRequest>> for TurnRequest {
    fn from(model_request: Arc<ModelRequest>) -> Self {
        Self { model_request, cancellation: None }
    }
}

impl From<ModelRequest> for TurnRequest {
    fn from(model_request: ModelRequest) -> Self {
        Arc::new(model_request).into()
    }
}
