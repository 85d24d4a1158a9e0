//! The code of each check.

use std::{
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    task::{spawn, spawn_blocking},
    time::sleep,
};

use super::{
    Check, Subject, Violation,
    call::{Call, Item},
};
use crate::{ProviderEvent, TokenCount};

/// The number of calls that run at the same time.
const CALLS: usize = 8;

/// The maximum length of a name, in characters.
const NAME_CHARS: usize = 64;

/// The time that a check waits to see work that began too early, and the longest wait for work to
/// end.
const EARLY_WORK: Duration = Duration::from_millis(50);
const LATE_WORK: Duration = Duration::from_secs(2);

/// The largest number of events after which a call is dropped.
const DROPS: usize = 8;

pub(super) async fn run(check: Check, subject: &Subject) -> Vec<Violation> {
    let checked = match check {
        Check::Name => name(subject),
        Check::Lazy => lazy(subject).await,
        Check::Ends => ends(subject).await,
        Check::NeverBlocks => never_blocks(subject).await,
        Check::NeverPanics => never_panics(subject).await,
        Check::Moves => moves(subject).await,
        Check::Concurrent => concurrent(subject).await,
        Check::OddRequests => return odd_requests(subject).await,
        Check::Drops => drops(subject).await,
        Check::Calls => calls(subject).await,
        Check::Tokens => tokens(subject).await,
    };
    checked.err().into_iter().collect()
}

fn demand(kept: bool, check: Check, what: &str) -> Result<(), Violation> {
    if kept { Ok(()) } else { Err(Violation::new(check, what)) }
}

/// Returns whether more items come after `item`.
fn goes_on(item: Option<&Item>) -> bool {
    !matches!(item, None | Some(Err(_) | Ok(ProviderEvent::Finished { .. })))
}

fn name(subject: &Subject) -> Result<(), Violation> {
    let name = subject.provider.name();
    let is_short = (1..=NAME_CHARS).contains(&name.chars().count());
    let is_printable = !name.trim().is_empty() && !name.contains(char::is_control);
    let what = format!("it is not 1 to {NAME_CHARS} printable characters");
    demand(is_short && is_printable, Check::Name, &what)?;
    demand(subject.provider.name() == name, Check::Name, "it changes")
}

async fn lazy(subject: &Subject) -> Result<(), Violation> {
    let before = subject.at_work();
    let call = Call::begin(subject, subject.ordinary())?;
    sleep(EARLY_WORK).await;
    demand(subject.at_work() <= before, Check::Lazy, "work begins before the first poll")?;
    let mut quickest = call.slowest;
    for _ in 0..2 {
        quickest = quickest.min(Call::begin(subject, subject.ordinary())?.slowest);
    }
    demand(quickest <= subject.poll_limit, Check::Lazy, "beginning a call holds its thread")
}

async fn ends(subject: &Subject) -> Result<(), Violation> {
    let mut call = Call::begin(subject, subject.ordinary())?;
    if let Err(error) = call.drain().await?.result {
        return Err(Violation::new(Check::Ends, format!("an ordinary request failed: {error}")));
    }
    for _ in 0..2 {
        demand(call.next().await?.is_none(), Check::Ends, "something comes after the end")?;
    }
    Ok(())
}

async fn never_blocks(subject: &Subject) -> Result<(), Violation> {
    let mut quickest = Duration::MAX;
    for _ in 0..3 {
        let mut call = Call::begin(subject, subject.ordinary())?;
        drop(call.drain().await?);
        quickest = quickest.min(call.close()?);
        if quickest <= subject.poll_limit {
            return Ok(());
        }
    }
    let what = format!("a poll held its thread for {quickest:?}, {:?} at most", subject.poll_limit);
    Err(Violation::new(Check::NeverBlocks, what))
}

/// Polls a call after its end and then closes it, so that panics in those steps are found.
async fn never_panics(subject: &Subject) -> Result<(), Violation> {
    let mut call = Call::begin(subject, subject.ordinary())?;
    drop(call.drain().await?);
    for _ in 0..2 {
        if let Poll::Ready(item) = call.poll(&mut Context::from_waker(Waker::noop())) {
            item?;
        }
    }
    call.close().map(drop)
}

async fn moves(subject: &Subject) -> Result<(), Violation> {
    let mut call = Call::begin(subject, subject.ordinary())?;
    // This waker wakes nobody: the call must use the waker of the next poll.
    if let Poll::Ready(item) = call.poll(&mut Context::from_waker(Waker::noop()))
        && !goes_on(item?.as_ref())
    {
        return Ok(());
    }
    let in_task = spawn(async move { (call.next().await, call) });
    let (item, mut call) = in_task.await.map_err(|_| lost_task())?;
    if !goes_on(item.map_err(moved)?.as_ref()) {
        return Ok(());
    }
    let runtime = Handle::current();
    let on_thread = spawn_blocking(move || runtime.block_on(call.drain()).map(drop));
    on_thread.await.map_err(|_| lost_task())?.map_err(moved)
}

fn moved(violation: Violation) -> Violation {
    Violation::new(Check::Moves, format!("after a move, {}", violation.what))
}

fn lost_task() -> Violation {
    Violation::new(Check::NeverPanics, "the task of a call was lost")
}

async fn concurrent(subject: &Subject) -> Result<(), Violation> {
    let mut calls = Vec::new();
    for _ in 0..CALLS {
        let mut call = Call::begin(subject, subject.ordinary())?;
        calls.push(spawn(async move { call.drain().await.map(drop) }));
    }
    for call in calls {
        call.await.map_err(|_| lost_task())?.map_err(|violation| {
            let what = format!("of {CALLS} calls at the same time, {}", violation.what);
            Violation::new(Check::Concurrent, what)
        })?;
    }
    Ok(())
}

async fn odd_requests(subject: &Subject) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (label, request) in subject.odd() {
        let ended = async { Call::begin(subject, request)?.drain().await };
        if let Err(violation) = ended.await {
            let what = format!("where {label}: {}", violation.what);
            violations.push(Violation::new(Check::OddRequests, what));
        }
    }
    violations
}

async fn drops(subject: &Subject) -> Result<(), Violation> {
    let before = subject.at_work();
    for events in 0..=DROPS {
        let mut call = Call::begin(subject, subject.ordinary())?;
        for _ in 0..events {
            if !goes_on(call.next().await?.as_ref()) {
                break;
            }
        }
        call.close()?;
    }
    let limit = subject.call_limit.min(LATE_WORK);
    let mut waited = Duration::ZERO;
    while subject.at_work() > before {
        demand(waited < limit, Check::Drops, "work goes on after a call was dropped")?;
        sleep(EARLY_WORK).await;
        waited += EARLY_WORK;
    }
    Ok(())
}

/// Makes requests with a tool and without one, which may both hold calls of before.
async fn calls(subject: &Subject) -> Result<(), Violation> {
    for (label, request) in subject.calling()? {
        if let Err(error) = Call::begin(subject, request)?.drain().await?.result {
            return Err(Violation::new(Check::Calls, format!("{label} failed: {error}")));
        }
    }
    Ok(())
}

async fn tokens(subject: &Subject) -> Result<(), Violation> {
    let usage = Call::begin(subject, subject.ordinary())?.drain().await?.usage;
    let fits = |part: Option<TokenCount>, whole: Option<TokenCount>| {
        part.zip(whole).is_none_or(|(part, whole)| part.get() <= whole.get())
    };
    let cached = fits(usage.cached_input_tokens, usage.input_tokens);
    demand(cached, Check::Tokens, "cached_input_tokens is more than input_tokens")?;
    let reasoned = fits(usage.reasoning_tokens, usage.output_tokens);
    demand(reasoned, Check::Tokens, "reasoning_tokens is more than output_tokens")
}
