//! The result of a command of a conversation.

/// The result of a command.
pub(super) enum Outcome {
    Silent,
    /// A text for stdout.
    Text(String),
    /// A note for the user.
    Note(String),
    /// The next message is written in a program of the user's.
    Edit,
    /// Reasoning is shown from now on, or no longer.
    Reasoning,
    /// The reason why the command cannot be carried out.
    Refused(String),
    Leave,
}
