//! A provider each of whose calls goes its own way.

use std::{pin::Pin, time::Duration};

use futures_util::{Stream, StreamExt, stream};
use llm_engine::{
    EngineError, ErrorKind, Provider, ProviderEvent, StopReason, TokenUsage, provider_fn,
};

use super::MEANT;

type Events = Pin<Box<dyn Stream<Item = Event> + Send>>;

/// Returns a provider whose calls answer, hang, panic, flood, end early, or tell absurd numbers.
pub(crate) fn hostile_provider() -> impl Provider {
    provider_fn("hostile", |_| -> Events {
        match fastrand::u32(..20) {
            0 => panic!("{MEANT}"),
            1 => Box::pin(stream::pending()),
            2 => Box::pin(stream::empty()),
            3 => Box::pin(stream::poll_fn(|_| panic!("{MEANT}"))),
            4 => failing(ErrorKind::RateLimited, Some(Duration::from_millis(1))),
            5 => failing(ErrorKind::Server, Some(Duration::MAX)),
            6 => failing(ErrorKind::Authentication, None),
            7 => flood(),
            8 => absurd(),
            9 => Box::pin(stream::iter([text("cut")])),
            10 | 11 => Box::pin(stream::iter([text("slow ")]).chain(stream::pending())),
            _ => answer(fastrand::usize(1..20)),
        }
    })
}

type Event = Result<ProviderEvent, EngineError>;

#[expect(clippy::unnecessary_wraps, reason = "an item of a stream")]
fn text(text: &str) -> Event {
    Ok(ProviderEvent::TextDelta(text.to_owned()))
}

fn answer(pieces: usize) -> Events {
    let pieces = (0..pieces).map(|piece| text(&format!("piece {piece} ")));
    let usage = tokens(7, 3);
    let end = ProviderEvent::Finished { stop_reason: StopReason::EndTurn, usage };
    Box::pin(stream::iter(pieces.chain([Ok(end)]).collect::<Vec<_>>()).then(|event| async {
        if fastrand::u32(..4) == 0 {
            tokio::task::yield_now().await;
        }
        event
    }))
}

fn tokens(input: u64, output: u64) -> TokenUsage {
    TokenUsage::new().input(input).output(output)
}

fn failing(kind: ErrorKind, wait: Option<Duration>) -> Events {
    let mut error = EngineError::new(kind, "x".repeat(fastrand::usize(..100_000)));
    error.retry_after = wait;
    Box::pin(stream::iter([text("begun "), Err(error)]))
}

fn flood() -> Events {
    Box::pin(stream::iter((0..100_000).map(|_| text("flood "))))
}

fn absurd() -> Events {
    let usage = tokens(u64::MAX, u64::MAX);
    let end = ProviderEvent::Finished { stop_reason: StopReason::EndTurn, usage };
    Box::pin(stream::iter([Ok(ProviderEvent::Usage(usage)), text("absurd"), Ok(end)]))
}
