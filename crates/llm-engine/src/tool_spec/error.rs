//! What can be wrong with a description of a tool.

use crate::ShortText;

/// A description of a tool that cannot be offered to a model.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{field} of the tool `{tool}` {problem}")]
#[non_exhaustive]
pub struct ToolSpecError {
    /// The name of the tool, cut if it is long.
    pub tool: ShortText,
    /// The field of [`ToolSpec`](crate::ToolSpec) that is wrong.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: ToolSpecProblem,
}

/// What is wrong with a field of a [`ToolSpec`](crate::ToolSpec).
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ToolSpecProblem {
    /// The name is empty, too long, or has a character that providers refuse.
    #[error("must be 1 to {limit} of the characters A-Z, a-z, 0-9, _ and -")]
    Name {
        /// The most characters.
        limit: usize,
    },
    /// The text is too long.
    #[error("has more than {limit} characters")]
    TooLong {
        /// The most characters.
        limit: usize,
    },
    /// The schema is too large.
    #[error("has more than {limit} bytes")]
    TooLarge {
        /// The most bytes.
        limit: usize,
    },
    /// The schema is nested too deeply.
    #[error("has more than {limit} values that contain each other")]
    TooDeep {
        /// The most values that contain each other.
        limit: usize,
    },
    /// A regular expression of the schema is too long.
    #[error("has a pattern of more than {limit} bytes")]
    PatternTooLong {
        /// The most bytes.
        limit: usize,
    },
    /// The schema is not one of an object. Providers take no other.
    #[error("must be a JSON Schema with \"type\": \"object\"")]
    NotOfAnObject,
    /// A reference of the schema leads out of it, to nothing, or is not a path. None is followed to
    /// a place outside.
    #[error("refers to `{reference}`; a reference is # and the path of a value in the schema")]
    Reference {
        /// The reference, cut if it is long.
        reference: ShortText,
    },
    /// The schema refers to too many places.
    #[error("refers to more than {limit} values")]
    TooManyReferences {
        /// The most values.
        limit: usize,
    },
    /// A reference leads back to itself, so that a check would never end.
    #[error("has a reference that leads back to itself")]
    EndlessReference,
    /// The schema has a keyword that moves its references elsewhere.
    #[error("has the keyword `{keyword}`, which moves references; leave it out")]
    Keyword {
        /// The keyword.
        keyword: &'static str,
    },
    /// The schema is not a JSON Schema that can be used.
    #[error("is no usable JSON Schema: {reason}")]
    NotASchema {
        /// The reason.
        reason: ShortText,
    },
}
