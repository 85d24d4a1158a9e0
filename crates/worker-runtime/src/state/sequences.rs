//! The place of a Worker's newest commit in the logs.

/// The sequences of the first event of a Worker's newest commit: in the Runtime's log, and in the log
/// of the Worker's tenant. They are 0 if there is none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sequences {
    pub(crate) whole: u64,
    pub(crate) tenant: u64,
}
