//! The names of the checks, and the violations that they find.

use std::fmt;

/// A check of one part of the contract of [`Provider`](crate::Provider).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Check {
    /// The provider's name is short, printable, and always the same.
    Name,
    /// Beginning a call returns at once, and work begins with the first poll.
    Lazy,
    /// A call ends with one `Finished` or one `Err`, and gives nothing afterwards. An ordinary call
    /// finishes.
    Ends,
    /// No poll blocks its thread.
    NeverBlocks,
    /// No call panics.
    NeverPanics,
    /// A call can go on in another task and on another thread.
    Moves,
    /// Several calls run at the same time.
    Concurrent,
    /// Calls with unusual conversations end as well.
    OddRequests,
    /// Dropping a call ends its work, at any point.
    Drops,
    /// A request that offers a tool and holds calls with their results is answered like others, and
    /// calls of tools are completed in the order of their numbers, without gaps.
    Calls,
    /// No count of a part of the tokens is larger than the count of the whole.
    Tokens,
}

impl Check {
    /// All checks, in the order in which they run.
    pub const ALL: [Self; 11] = [
        Self::Name,
        Self::Lazy,
        Self::Ends,
        Self::NeverBlocks,
        Self::NeverPanics,
        Self::Moves,
        Self::Concurrent,
        Self::OddRequests,
        Self::Drops,
        Self::Calls,
        Self::Tokens,
    ];
}

/// A part of the contract that a provider did not keep.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Violation {
    /// The check that found the violation.
    pub check: Check,
    /// The observed behaviour.
    pub what: String,
}

impl Violation {
    pub(super) fn new(check: Check, what: impl Into<String>) -> Self {
        Self { check, what: what.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.check, self.what)
    }
}
