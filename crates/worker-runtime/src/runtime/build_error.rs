//! The errors of building a Runtime, and of adding a profile to it.

use std::time::Duration;

use llm_engine::ShortText;

use crate::{
    background::restore::RestoreError, domain::profiles::ProfilesError, identity::RuntimeId,
    store::OpenError,
};

/// The reason why a Runtime could not be built. Its texts are short.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A setting is not allowed. The text names the setting and says what is allowed.
    #[error("{0}")]
    Invalid(ShortText),
    /// The provider of a profile needs the name of a model, and the profile has none.
    #[error("profile `{profile}`: {provider} needs the name of a model; set the profile's `model`")]
    ModelMissing {
        /// The name of the profile.
        profile: ShortText,
        /// The name of the provider.
        provider: ShortText,
    },
    /// No store was given, and the crate was built without `memory-store`.
    #[error("no store was given; pass one to `store`, or enable the feature `memory-store`")]
    NoStore,
    /// There is no tokio runtime to run on.
    #[error("no tokio runtime; build the Runtime within one")]
    NoTokio,
    /// A tokio runtime that the Runtime would use has shut down.
    #[error("a tokio runtime that has shut down; keep it as long as the Runtime")]
    TokioGone,
    /// A tokio runtime that the Runtime would use has no timers.
    #[error("a tokio runtime without timers; build it with `enable_time`")]
    NoTimers,
    /// Another Runtime owns the store.
    #[error("another Runtime owns the store for at least {remaining:?}")]
    StoreOwned {
        /// The remaining time of the other Runtime's lease, unless that lease is renewed.
        remaining: Duration,
    },
    /// The store belongs to another Runtime than the one asked for.
    #[error("the store belongs to the Runtime {runtime_id}")]
    OtherRuntime {
        /// The Runtime that the store belongs to.
        runtime_id: RuntimeId,
    },
    /// The store was written by a later version, whose stored form this one would damage.
    #[error(
        "the store has the stored form {format}, which is newer than this program's: use the version of the program that wrote it, or a later one"
    )]
    NewerFormat {
        /// The version of the stored form.
        format: u32,
    },
    /// The store failed.
    #[error("the store failed: {0}")]
    StoreFailed(ShortText),
    /// The clock, the source of ids or a provider panicked. The text names which.
    #[error("{0} panicked while the Runtime was built; the host's panic hook has said more")]
    Panicked(ShortText),
}

impl From<ProfilesError> for BuildError {
    fn from(error: ProfilesError) -> Self {
        match error {
            ProfilesError::Invalid(problem) => Self::Invalid(problem),
            ProfilesError::ModelMissing { profile, provider } => {
                Self::ModelMissing { profile, provider }
            }
            ProfilesError::Panicked(who) => Self::Panicked(who),
        }
    }
}

impl From<RestoreError> for BuildError {
    fn from(error: RestoreError) -> Self {
        Self::StoreFailed(error.to_string().into())
    }
}

impl From<OpenError> for BuildError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Owned { remaining } => Self::StoreOwned { remaining },
            OpenError::OtherRuntime { runtime_id } => Self::OtherRuntime { runtime_id },
            OpenError::NewerFormat { format } => Self::NewerFormat { format },
            OpenError::Failed(problem) => Self::StoreFailed(problem.into()),
        }
    }
}
