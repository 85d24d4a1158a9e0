//! A Runtime with controlled time and ids, which tests call with JSON like a transport.

mod clock;
mod oracle;
mod stepped_store;
mod wire;
mod world;
#[path = "../store/wrapper.rs"]
mod wrapper;

pub(crate) use clock::{BEGIN_MS, CountedIds, TestClock};
pub(crate) use stepped_store::{SteppedStore, Verdict};
pub(crate) use wire::{
    and, cancel_turn, cancel_worker, create, delete, full_creation, get_latest_turn,
    get_transcript, get_turn, get_turn_by_key, get_worker, read_events, runtime_scope, scope_of,
    send, send_keyed, stop, stop_runtime, texts, types, update, without,
};
pub(crate) use world::{
    ANSWER, Builder, FIRST_PIECE, PAUSE, TOKENS, World, at_once, collect, next_item, slow_answer,
};
