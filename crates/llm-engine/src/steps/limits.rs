//! The limits of the steps of a turn.

/// The limits of the steps of a turn.
///
/// The struct stays open to functional update: `StepLimits { steps: 8, ..Default::default() }`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StepLimits {
    /// The most model calls of a turn, at least one. In the last one the model is told to call no
    /// tool.
    pub steps: u32,
    /// The most calls of one step that run. The others fail.
    pub calls: usize,
    /// The most bytes of the arguments of one call.
    pub argument_bytes: usize,
    /// The number of equal calls with equal results after which the model is told to stop. After
    /// one more the turn fails. 0 allows any number.
    pub same_calls: u32,
}

impl Default for StepLimits {
    fn default() -> Self {
        Self { steps: 32, calls: 32, argument_bytes: 64 * 1024, same_calls: 3 }
    }
}
