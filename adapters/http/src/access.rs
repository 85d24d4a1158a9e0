//! Who acts: the Backend, or a tenant.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{FromRequestParts, Request as HttpRequest, State},
    http::{header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use worker_runtime::{
    Limits, Request, Runtime, RuntimeError, Subscribe, Subscription, TenantRuntime, WorkerId,
    WorkerRef,
};

use crate::Refusal;

/// Who acts, and what of the Runtime this may reach.
///
/// A middleware puts it into the extensions of a request, and handlers take it as an argument.
#[derive(Clone, Debug)]
pub enum Access {
    /// The Backend itself, which sees everything and may stop the Runtime: for its own operators.
    Backend(Runtime),
    /// A tenant, which sees what is its own.
    Tenant(TenantRuntime),
}

impl Access {
    /// Handles one request.
    pub async fn handle<R: Request<Kind>, Kind>(
        &self,
        request: R,
    ) -> Result<R::Reply, RuntimeError> {
        match self {
            Self::Backend(runtime) => runtime.handle(request).await,
            Self::Tenant(runtime) => runtime.handle(request).await,
        }
    }

    /// Subscribes to a live stream of events and text.
    pub async fn subscribe(&self, subscribe: Subscribe) -> Result<Subscription, RuntimeError> {
        match self {
            Self::Backend(runtime) => runtime.subscribe(subscribe).await,
            Self::Tenant(runtime) => runtime.subscribe(subscribe).await,
        }
    }

    /// Returns the reference to the Worker with this id.
    #[must_use]
    pub fn worker(&self, worker_id: WorkerId) -> WorkerRef {
        match self {
            Self::Backend(runtime) => runtime.worker(worker_id),
            Self::Tenant(runtime) => runtime.worker(worker_id),
        }
    }

    /// Returns the limits that count for this access.
    #[must_use]
    pub fn limits(&self) -> Limits {
        match self {
            Self::Backend(runtime) => runtime.limits().clone(),
            Self::Tenant(runtime) => runtime.limits(),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Access {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parts.extensions.get().cloned().ok_or(Refusal::Unauthorized)
    }
}

/// The tokens that [`bearer`] accepts, each with the access that it gives.
#[derive(Clone)]
pub struct Tokens(Arc<HashMap<[u8; 32], Access>>);

impl Tokens {
    /// Makes the tokens. They are kept as digests, so that the time of a comparison tells nothing.
    pub fn new<T: AsRef<str>>(tokens: impl IntoIterator<Item = (T, Access)>) -> Self {
        let digests = tokens.into_iter().map(|(token, access)| (digest(token.as_ref()), access));
        Self(Arc::new(digests.collect()))
    }
}

/// A middleware that gives a request with `Authorization: Bearer TOKEN` the access of its token, and
/// answers every other one with 401.
pub async fn bearer(
    State(tokens): State<Tokens>,
    mut request: HttpRequest,
    next: Next,
) -> Response {
    let header = request.headers().get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
    let token = header.and_then(|header| {
        let (scheme, token) = header.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    match token.and_then(|token| tokens.0.get(&digest(token))) {
        Some(access) => {
            request.extensions_mut().insert(access.clone());
            next.run(request).await
        }
        None => Refusal::Unauthorized.into_response(),
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}
