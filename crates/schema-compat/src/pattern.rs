//! Compares regular expressions by the strings that they match.

mod ecma;

use std::collections::BTreeSet;

use regex_automata::{
    Anchored, MatchKind,
    dfa::{Automaton, StartKind, dense},
    nfa::thompson::{self, WhichCaptures},
    util::{primitives::StateID, start},
};

/// Larger automata are not built. Patterns that need them are compared as text.
const MOST_BYTES: usize = 1 << 20;
/// Longer comparisons are given up.
const MOST_STATES: usize = 20_000;

/// The difference between two sets of patterns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Moved {
    /// A string is accepted now that was not.
    pub(super) adds: bool,
    /// A string was accepted that is not now.
    pub(super) drops: bool,
}

/// Returns which strings match all the patterns of `new` and not all of `old`, or the reverse.
/// Returns `None` if a pattern is not understood or the comparison would take too long.
pub(super) fn moved(old: &[&str], new: &[&str]) -> Option<Moved> {
    let (old, new) = (automata(old)?, automata(new)?);
    let before = old.len();
    let all: Vec<_> = old.into_iter().chain(new).collect();
    let begin = start::Config::new().anchored(Anchored::Yes);
    let first = all.iter().map(|dfa| dfa.start_state(&begin).ok()).collect::<Option<Vec<_>>>()?;

    let bytes = telling_bytes(&all);
    let mut moved = Moved::default();
    let mut seen = BTreeSet::from([first.clone()]);
    let mut left = vec![first];
    while let Some(states) = left.pop() {
        let accepts = |range: std::ops::Range<usize>| {
            range.into_iter().all(|at| ends_with_match(&all[at], states[at]))
        };
        match (accepts(0..before), accepts(before..all.len())) {
            (false, true) => moved.adds = true,
            (true, false) => moved.drops = true,
            (true, true) | (false, false) => {}
        }
        if moved.adds && moved.drops {
            break;
        }
        for &byte in &bytes {
            let next: Vec<_> =
                all.iter().zip(&states).map(|(dfa, &at)| dfa.next_state(at, byte)).collect();
            if seen.insert(next.clone()) {
                left.push(next);
            }
        }
        if seen.len() > MOST_STATES {
            return None;
        }
    }
    Some(moved)
}

type Dfa = dense::DFA<Vec<u32>>;

/// Builds an automaton for each pattern. Without patterns, every string is accepted.
fn automata(patterns: &[&str]) -> Option<Vec<Dfa>> {
    let patterns = if patterns.is_empty() { &[""] } else { patterns };
    patterns.iter().map(|pattern| automaton(pattern)).collect()
}

/// Builds an automaton that accepts the strings in which the pattern matches somewhere. It refuses
/// all bytes that are not UTF-8.
fn automaton(pattern: &str) -> Option<Dfa> {
    let pattern = ecma::to_rust(pattern)?;
    dense::Builder::new()
        .configure(
            dense::Config::new()
                .start_kind(StartKind::Anchored)
                .match_kind(MatchKind::All)
                .accelerate(false)
                .dfa_size_limit(Some(MOST_BYTES))
                .determinize_size_limit(Some(MOST_BYTES)),
        )
        .thompson(
            thompson::Config::new()
                .which_captures(WhichCaptures::None)
                .nfa_size_limit(Some(MOST_BYTES)),
        )
        .build(&format!(r"\A(?s:.)*(?:{pattern})(?s:.)*\z"))
        .ok()
}

fn ends_with_match(dfa: &Dfa, state: StateID) -> bool {
    dfa.is_match_state(dfa.next_eoi_state(state))
}

/// Returns one byte of each class of bytes that no automaton tells apart.
fn telling_bytes(all: &[Dfa]) -> Vec<u8> {
    let mut classes = BTreeSet::new();
    let class =
        |byte: u8| -> Vec<u8> { all.iter().map(|dfa| dfa.byte_classes().get(byte)).collect() };
    (0..=u8::MAX).filter(|&byte| classes.insert(class(byte))).collect()
}
