//! The parts of an answer that have begun.

use serde::Serialize;

use crate::{Json, Opaque};

/// The calls that the model has begun, in the order in which it began them.
#[derive(Debug, Default)]
pub(super) struct Calls {
    pub(super) list: Vec<Written>,
    /// The number of calls that were given out as complete, which are the first ones.
    pub(super) complete: usize,
}

/// How a call begins.
#[derive(Debug, Default)]
pub(in crate::providers) struct Begun {
    /// The number by which the protocol tells calls apart while it streams them.
    pub(in crate::providers) key: Option<i64>,
    /// The name by which the protocol tells calls apart while it streams them.
    pub(in crate::providers) item: Option<String>,
    /// The provider's id of the call.
    pub(in crate::providers) id: Option<String>,
    pub(in crate::providers) name: String,
    /// The arguments, if no pieces of them come.
    pub(in crate::providers) arguments: String,
    /// What the provider wants back with the call.
    pub(in crate::providers) state: Option<Opaque>,
}

/// A call, as far as it was written.
#[derive(Debug)]
pub(in crate::providers) struct Written {
    pub(in crate::providers) begun: Begun,
    /// Whether the id came with the beginning, if it came.
    pub(in crate::providers) had_id: bool,
    pub(in crate::providers) arguments: String,
    pub(in crate::providers) end: End,
    /// Whether the arguments are one whole object. `None` if that was not looked at.
    pub(super) is_object: Option<bool>,
}

/// How far a call has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::providers) enum End {
    /// The end was not told.
    Open,
    /// The end was told, but the arguments are no object: they may have been cut off there.
    Told,
    /// The call is whole.
    Whole,
}

impl Written {
    /// Returns whether the arguments are one whole object, to which nothing can be added.
    pub(in crate::providers) fn is_object(&mut self) -> bool {
        let arguments = &self.arguments;
        *self.is_object.get_or_insert_with(|| is_object(arguments))
    }
}

fn is_object(arguments: &str) -> bool {
    arguments.trim_end().ends_with('}')
        && Json::parse(arguments).is_ok_and(|arguments| arguments.is_object())
}

/// A block of signed reasoning, as far as it came.
#[derive(Debug, Default, Serialize)]
pub(super) struct Signed {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) thinking: String,
    pub(super) signature: String,
}
