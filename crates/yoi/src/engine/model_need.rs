//! Whether a model has to be named.

/// Whether a provider is asked for a model, which has to be named, or about all of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Model {
    Named,
    Any,
}
