//! However a server cuts calls into pieces, they are the same calls, or the answer fails.

use llm_engine::{ErrorKind, providers::ProviderKind};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tokio::runtime::Builder;

use crate::calling::{called, framed};

/// The calls: two of one tool, and one whose arguments look like several objects.
const CALLS: [(&str, &str, &str); 3] = [
    ("id-a", "f", r#"{"a":{"b":{}},"c":[1,2]}"#),
    ("id-b", "f", "{}"),
    ("id-c", "g", r#"{"x":"{}{\"a\":1}","y":2}"#),
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Index {
    Own,
    Shared,
    None,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Id {
    First,
    Each,
    Second,
    Null,
    None,
}

/// How a server cuts calls into pieces.
#[derive(Clone, Debug)]
struct Habit {
    index: Index,
    id: Id,
    has_name_in_each: bool,
    /// The places at which the arguments of each call are cut.
    cuts: Vec<Vec<usize>>,
    /// Whether the first piece of a call has no arguments.
    begins_empty: bool,
    /// Whether the last piece of a call has no arguments.
    ends_empty: bool,
    /// The order of the pieces of several calls. None is one call after the other.
    order: Option<Vec<usize>>,
    /// Which pieces are in one part of the stream with the one before, if that is of another call.
    is_beside: Vec<bool>,
}

fn habit() -> impl Strategy<Value = Habit> {
    let index = prop::sample::select(vec![Index::Own, Index::Shared, Index::None]);
    let id = prop::sample::select(vec![Id::First, Id::Each, Id::Second, Id::Null, Id::None]);
    let cuts = prop::collection::vec(prop::collection::vec(0..25_usize, 0..4), 3);
    let order = prop::option::of(prop::collection::vec(0..3_usize, 24));
    (
        (index, id, any::<bool>(), cuts),
        (any::<bool>(), any::<bool>(), order, prop::collection::vec(any::<bool>(), 24)),
    )
        .prop_map(
            |(
                (index, id, has_name_in_each, cuts),
                (begins_empty, ends_empty, order, is_beside),
            )| {
                Habit {
                    index,
                    id,
                    has_name_in_each,
                    cuts,
                    begins_empty,
                    ends_empty,
                    order,
                    is_beside,
                }
            },
        )
}

/// The pieces of a call.
fn pieces(habit: &Habit, call: usize) -> Vec<Value> {
    let (id, name, arguments) = CALLS[call];
    let mut cuts: Vec<_> = habit.cuts[call].iter().map(|cut| *cut.min(&arguments.len())).collect();
    cuts.extend([0, arguments.len()]);
    cuts.sort_unstable();
    cuts.dedup();
    let mut texts: Vec<_> = cuts.windows(2).map(|cut| &arguments[cut[0]..cut[1]]).collect();
    if habit.begins_empty {
        texts.insert(0, "");
    }
    if habit.ends_empty {
        texts.push("");
    }
    let piece = |(place, text): (usize, &&str)| {
        let (mut piece, mut function) = (Map::new(), Map::new());
        match habit.index {
            Index::Own => drop(piece.insert("index".to_owned(), call.into())),
            Index::Shared => drop(piece.insert("index".to_owned(), 0.into())),
            Index::None => {}
        }
        let has_id = match habit.id {
            Id::First => place == 0,
            Id::Each => true,
            Id::Second => place == 1,
            Id::Null | Id::None => false,
        };
        if has_id {
            piece.insert("id".to_owned(), id.into());
        } else if habit.id == Id::Null {
            piece.insert("id".to_owned(), "null".into());
        }
        if place == 0 || habit.has_name_in_each {
            function.insert("name".to_owned(), name.into());
        }
        function.insert("arguments".to_owned(), (*text).into());
        piece.insert("function".to_owned(), function.into());
        Value::Object(piece)
    };
    texts.iter().enumerate().map(piece).collect()
}

/// The parts of the stream.
fn parts(habit: &Habit) -> Vec<String> {
    let mut waiting: Vec<_> = (0..3).map(|call| pieces(habit, call).into_iter()).collect();
    let mut all = Vec::new();
    let mut begun = 0;
    // The first piece of a call comes after that of the call before, so that their order is known.
    for call in habit.order.iter().flatten() {
        if *call <= begun
            && let Some(piece) = waiting[*call].next()
        {
            begun = begun.max(*call + 1);
            all.push((*call, piece));
        }
    }
    for (call, rest) in waiting.into_iter().enumerate() {
        all.extend(rest.map(|piece| (call, piece)));
    }
    let mut parts: Vec<Vec<(usize, Value)>> = Vec::new();
    for (place, (call, piece)) in all.into_iter().enumerate() {
        let is_beside = habit.is_beside.get(place) == Some(&true);
        match parts.last_mut() {
            Some(last) if is_beside && last.iter().all(|(other, _)| *other != call) => {
                last.push((call, piece));
            }
            Some(_) | None => parts.push(vec![(call, piece)]),
        }
    }
    let delta = |part: Vec<(usize, Value)>| {
        let calls: Vec<_> = part.into_iter().map(|(_, piece)| piece).collect();
        json!({"choices": [{"index": 0, "delta": {"tool_calls": calls}}]}).to_string()
    };
    let end = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]});
    parts.into_iter().map(delta).chain([end.to_string(), "[DONE]".to_owned()]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn they_are_the_same_calls_or_the_answer_fails(habit in habit()) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let parts = parts(&habit);
        let called = runtime.block_on(async {
            called(ProviderKind::OpenAi, framed(ProviderKind::OpenAi, &parts).end()).await
        });
        let is_numbered = habit.index == Index::Own && !habit.has_name_in_each;
        match &called.result {
            Ok(_) => {
                let calls = called.calls();
                let calls: Vec<_> = calls.iter().map(|(_, name, text)| (*name, *text)).collect();
                let written = CALLS.map(|(_, name, text)| (name, text));
                prop_assert_eq!(calls, written, "{:#?}", parts);
            }
            Err(error) => {
                prop_assert_eq!(error.kind, ErrorKind::Protocol);
                prop_assert!(called.calls().is_empty());
                prop_assert!(!is_numbered, "{} {:#?}", error, parts);
                let is_sequence =
                    habit.order.is_none() && matches!(habit.id, Id::First | Id::Each);
                prop_assert!(!is_sequence, "{} {:#?}", error, parts);
            }
        }
    }
}
