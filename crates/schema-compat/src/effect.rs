//! What a change does to the set of accepted values, and what that means in each direction.

use super::{Direction, Impact};

/// What a change does to the values that a schema accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It accepts more than before.
    Widens,
    /// It accepts less than before.
    Narrows,
    /// Neither side can tell, or both were told to expect it.
    Keeps,
    /// It accepts more here and less there, takes away what somebody relies on, or is not understood.
    Breaks,
}

impl Effect {
    pub(super) fn impact(self, direction: Direction) -> Impact {
        match (self, direction) {
            (Self::Keeps, _)
            | (Self::Widens, Direction::Request)
            | (Self::Narrows, Direction::Reply) => Impact::Additive,
            (Self::Breaks, _)
            | (Self::Widens, Direction::Reply)
            | (Self::Narrows, Direction::Request) => Impact::Breaking,
        }
    }
}
