//! Tells the pieces of several calls apart.
//!
//! The protocol numbers the calls of an answer. Servers leave the number out, or have one for all
//! calls, and they give an id with the first piece, with each, late, or not at all. A piece is
//! added to a call only if it can belong to no other: otherwise the answer fails, because two calls
//! that are taken for one would have an effect that nobody asked for.

use super::fragment::Fragment;
use crate::{
    EngineError,
    providers::{
        failure::protocol,
        http::{Answer, Written},
    },
};

/// Where a piece belongs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    /// It begins a call.
    New,
    /// It is the next piece of this call.
    Of(usize),
    /// It repeats what came of a call, or says nothing.
    Nothing,
    /// It may belong to several calls.
    Unclear,
}

/// Adds the pieces in one part of the stream.
pub(super) fn pieces(fragments: &[Fragment<'_>], answer: &mut Answer) -> Result<(), EngineError> {
    // The calls to which an earlier piece of this part belongs.
    let mut beside = Vec::new();
    for fragment in fragments {
        let arguments = fragment.arguments();
        let (piece, calls) = (Piece::of(fragment, &arguments), answer.calls());
        let call = match piece.place(calls, &beside) {
            Place::New if fragment.name().is_empty() => return Err(unclear()),
            Place::New => {
                let begun = fragment.begun(answer);
                answer.begin_call(begun)?
            }
            Place::Of(call) => call,
            Place::Nothing => continue,
            Place::Unclear => return Err(unclear()),
        };
        let begun = &mut answer.calls()[call].begun;
        begun.id = begun.id.take().or_else(|| fragment.id.clone());
        answer.add_arguments(call, &arguments);
        beside.push(call);
    }
    Ok(())
}

/// Adds the calls of a whole message. Servers that stream repeat what they streamed in one.
pub(super) fn wholes(fragments: &[Fragment<'_>], answer: &mut Answer) -> Result<(), EngineError> {
    let is_first = answer.calls().is_empty();
    for (index, fragment) in fragments.iter().enumerate() {
        let arguments = fragment.arguments();
        let streamed = answer.calls().get(index);
        let is_repeated = streamed
            .is_some_and(|it| it.begun.name == fragment.name() && it.arguments == arguments);
        if is_first && !fragment.name().is_empty() {
            let begun = fragment.begun(answer);
            let call = answer.begin_call(begun)?;
            answer.add_arguments(call, &arguments);
        } else if !is_repeated {
            return Err(unclear());
        }
    }
    Ok(())
}

fn unclear() -> EngineError {
    protocol("it cannot be told which call of a tool a piece of it belongs to")
}

/// What tells where a piece belongs.
struct Piece<'a> {
    index: Option<i64>,
    id: Option<&'a str>,
    name: &'a str,
    arguments: &'a str,
}

impl<'a> Piece<'a> {
    fn of(fragment: &'a Fragment<'_>, arguments: &'a str) -> Self {
        let id = fragment.id.as_deref();
        Self { index: fragment.index, id, name: fragment.name(), arguments }
    }

    fn place(&self, calls: &mut [Written], beside: &[usize]) -> Place {
        let named = |id: &str| {
            let is_named = |call: &Written| call.begun.id.as_deref() == Some(id);
            calls.iter().rposition(|call| is_named(call) && self.can_have_index_of(call))
        };
        match self.id {
            Some(id) => match named(id) {
                Some(call) => self.repeats_id(&mut calls[call], call),
                None => self.with_new_id(calls, beside),
            },
            None => self.without_id(calls, beside),
        }
    }

    fn can_have_index_of(&self, call: &Written) -> bool {
        self.index.zip(call.begun.key).is_none_or(|(one, other)| one == other)
    }

    /// Returns whether the piece may be of a call by its number.
    fn may_be_of(&self, call: &Written) -> bool {
        self.index.is_none() || call.begun.key == self.index
    }

    fn begins_object(&self) -> bool {
        self.arguments.trim_start().starts_with('{')
    }

    fn says_nothing(&self) -> bool {
        self.arguments.trim().is_empty()
    }

    /// A piece with the id of a call belongs to it, unless that call is whole.
    fn repeats_id(&self, call: &mut Written, place: usize) -> Place {
        let is_same = self.name.is_empty() || self.name == call.begun.name;
        let is_repeated = is_same && (self.says_nothing() || self.arguments == call.arguments);
        match call.is_object() {
            true if is_repeated => Place::Nothing,
            true if !self.name.is_empty() => Place::New,
            false if is_same => Place::Of(place),
            _ => Place::Unclear,
        }
    }

    /// A piece with an id that no call has begins a call, or brings the id of one late.
    fn with_new_id(&self, calls: &mut [Written], beside: &[usize]) -> Place {
        let candidates = calls.iter_mut().enumerate().filter(|(_, call)| self.may_be_of(call));
        let mut nameless: Vec<_> = candidates.filter(|(_, call)| call.begun.id.is_none()).collect();
        if !self.name.is_empty() {
            let mut all = nameless.iter_mut();
            let is_new = all.all(|(place, call)| self.is_behind(call, beside.contains(place)));
            return if is_new { Place::New } else { Place::Unclear };
        }
        let [(place, call)] = &mut *nameless else { return Place::Unclear };
        if self.begins_behind(call) { Place::Unclear } else { Place::Of(*place) }
    }

    /// A piece without an id belongs to the one call of its number, if there is one such.
    fn without_id(&self, calls: &mut [Written], beside: &[usize]) -> Place {
        let candidates = calls.iter_mut().enumerate().filter(|(_, call)| self.may_be_of(call));
        let mut candidates: Vec<_> = candidates.collect();
        if !self.name.is_empty() {
            return self.with_name(&mut candidates, beside);
        }
        let Some((place, last)) = candidates.pop() else {
            return if self.says_nothing() { Place::Nothing } else { Place::Unclear };
        };
        if self.says_nothing() && last.is_object() {
            return Place::Nothing;
        }
        let is_only = candidates.iter_mut().all(|(_, call)| call.is_object());
        if is_only && !self.begins_behind(last) { Place::Of(place) } else { Place::Unclear }
    }

    /// A piece with a name and without an id begins a call, or repeats the name of the last one.
    fn with_name(&self, candidates: &mut [(usize, &mut Written)], beside: &[usize]) -> Place {
        let mut all = candidates.iter_mut();
        if all.all(|(place, call)| self.is_behind(call, beside.contains(place))) {
            return Place::New;
        }
        let Some(((place, last), before)) = candidates.split_last_mut() else {
            return Place::New;
        };
        // A server that gives an id with the first piece of a call would have given one to another.
        let is_same = last.had_id && self.name == last.begun.name;
        let is_only = before.iter_mut().all(|(_, call)| call.is_object());
        match last.is_object() {
            _ if !(is_same && is_only) => Place::Unclear,
            true if self.says_nothing() => Place::Nothing,
            true => Place::Unclear,
            false => Place::Of(*place),
        }
    }

    /// Returns whether the piece, which has a name, cannot be of a call: that one is whole, and the
    /// piece has another name or begins an object, or it has no arguments, and both are in one part
    /// of the stream under different names.
    fn is_behind(&self, call: &mut Written, is_beside: bool) -> bool {
        let is_other = self.name != call.begun.name;
        if call.is_object() {
            is_other || self.begins_object()
        } else {
            is_beside && is_other && call.arguments.trim().is_empty()
        }
    }

    /// Returns whether the piece begins an object behind a whole one.
    fn begins_behind(&self, call: &mut Written) -> bool {
        self.begins_object() && call.is_object()
    }
}
