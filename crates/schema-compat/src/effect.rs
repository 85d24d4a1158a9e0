//! The effect of a change on the set of accepted values, and its impact in each direction.

use super::{Direction, Impact};

/// The effect of a change on the set of values that a schema accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// The schema accepts more values.
    Widens,
    /// The schema accepts fewer values.
    Narrows,
    /// The change is not visible, or both sides must expect it.
    Keeps,
    /// The schema accepts some more and some fewer values, lacks a part that clients rely on, or is
    /// not understood.
    Breaks,
}

impl Effect {
    pub(super) fn impact(self, direction: Direction) -> Impact {
        match (self, direction) {
            (Self::Keeps, _)
            | (Self::Widens, Direction::Request)
            | (Self::Narrows, Direction::Reply | Direction::Answer) => Impact::Additive,
            (Self::Breaks, _)
            | (Self::Widens, Direction::Reply | Direction::Answer)
            | (Self::Narrows, Direction::Request) => Impact::Breaking,
        }
    }
}
