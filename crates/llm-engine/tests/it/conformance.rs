//! The conformance kit lets right providers pass and finds what is wrong with others.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Poll, Waker},
    time::Duration,
};

use futures_util::{
    StreamExt,
    stream::{self, poll_fn},
};
use llm_engine::{
    EchoProvider, ModelCall, ModelRequest, Provider, ProviderEvent, ProviderStream, Script,
    ScriptedProvider, StopReason, TokenUsage,
    conformance::{Check, Subject, run},
};
use tokio::time::sleep;

use crate::support::{overloaded, tokens};

/// A provider made of a function.
struct Made<F>(F);

impl<F> Provider for Made<F>
where
    F: Fn(&ModelRequest) -> ProviderStream + Send + Sync + 'static,
{
    fn name(&self) -> &'static str {
        "made"
    }

    fn stream(&self, request: Arc<ModelRequest>) -> ProviderStream {
        (self.0)(&request)
    }
}

fn made(stream: impl Fn(&ModelRequest) -> ProviderStream + Send + Sync + 'static) -> Subject {
    Subject::new(Arc::new(Made(stream)))
}

fn scripted(script: Script) -> Subject {
    Subject::new(Arc::new(ScriptedProvider::new().script(script)))
}

fn finished() -> ProviderEvent {
    let usage = TokenUsage::default();
    ProviderEvent::Finished { stop_reason: StopReason::EndTurn, usage }
}

/// An answer after a short wait.
fn answer() -> ProviderStream {
    Box::pin(stream::once(sleep(Duration::from_millis(1))).map(|()| Ok(finished())))
}

/// Whether `check` is found to be broken.
async fn breaks(check: Check, make: impl Fn() -> Subject) {
    let short = Duration::from_millis(100);
    let hurried = || make().call_limit(short).poll_limit(short / 3);
    let violations = run(hurried).await.expect_err("the kit sees nothing wrong");
    assert!(violations.iter().any(|violation| violation.check == check), "{violations:?}");
}

#[tokio::test]
async fn right_providers_pass_on_one_thread() {
    check_right_providers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn right_providers_pass_on_several_threads() {
    check_right_providers().await;
}

async fn check_right_providers() {
    assert_eq!(run(|| Subject::new(Arc::new(EchoProvider::new()))).await, Ok(()));
    let slow = EchoProvider::with_delay(Duration::from_millis(1));
    assert_eq!(run(|| Subject::new(Arc::new(slow)).model("any")).await, Ok(()));
    let scripted = || Subject::new(Arc::new(ScriptedProvider::answer("Hello")));
    assert_eq!(run(scripted).await, Ok(()));
    assert_eq!(run(|| made(|_| answer())).await, Ok(()));
}

#[tokio::test]
async fn names_are_short_and_stable() {
    struct Named(&'static [&'static str], AtomicUsize);

    impl Provider for Named {
        fn name(&self) -> &str {
            self.0[self.1.fetch_add(1, Ordering::SeqCst) % self.0.len()]
        }

        fn stream(&self, _: Arc<ModelRequest>) -> ProviderStream {
            answer()
        }
    }

    for names in [&[""][..], &[" "], &["a\n"], &["a", "b"]] {
        breaks(Check::Name, || Subject::new(Arc::new(Named(names, AtomicUsize::new(0))))).await;
    }
}

#[tokio::test]
async fn work_waits_for_the_first_poll() {
    breaks(Check::Lazy, || {
        let at_work = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&at_work);
        made(move |_| {
            at_work.fetch_add(1, Ordering::SeqCst);
            answer()
        })
        .probe(move || count.load(Ordering::SeqCst))
    })
    .await;
    breaks(Check::Lazy, || {
        made(|_| {
            std::thread::sleep(Duration::from_millis(50));
            answer()
        })
    })
    .await;
}

#[tokio::test]
async fn calls_end_once() {
    for script in [
        Script::new().text("a").hang(),
        Script::new().text("a").end_early(),
        Script::new(),
        Script::new().error(overloaded()),
        Script::new().finish().text("more"),
        Script::new().finish().hang(),
        Script::new().flood("a"),
    ] {
        breaks(Check::Ends, || scripted(script.clone())).await;
    }
}

#[tokio::test]
async fn polls_do_not_block() {
    let script = Script::new().block(Duration::from_millis(50)).text("a").finish();
    breaks(Check::NeverBlocks, || scripted(script.clone())).await;
}

#[tokio::test]
async fn nothing_panics() {
    for script in [
        Script::new().panic_at_start(),
        Script::new().text("a").panic(),
        Script::new().text("a").finish().panic_in_drop(),
        Script::new().text("a").finish().panic(),
    ] {
        breaks(Check::NeverPanics, || scripted(script.clone())).await;
    }
}

#[tokio::test]
async fn calls_move() {
    breaks(Check::Moves, || {
        made(|_| {
            let is_due = Arc::new(AtomicUsize::new(0));
            let mut first_waker = None::<Waker>;
            let events = poll_fn(move |cx| {
                if is_due.load(Ordering::SeqCst) == 1 {
                    return Poll::Ready(Some(Ok(finished())));
                }
                if first_waker.is_none() {
                    let waker = first_waker.insert(cx.waker().clone()).clone();
                    let is_due = Arc::clone(&is_due);
                    tokio::spawn(async move {
                        sleep(Duration::from_millis(10)).await;
                        is_due.store(1, Ordering::SeqCst);
                        waker.wake();
                    });
                }
                Poll::Pending
            });
            Box::pin(events.take(1))
        })
    })
    .await;
}

#[tokio::test]
async fn calls_run_at_the_same_time() {
    breaks(Check::Concurrent, || {
        let running = Arc::new(AtomicUsize::new(0));
        made(move |_| {
            let running = Arc::clone(&running);
            Box::pin(stream::once(async move {
                if running.fetch_add(1, Ordering::SeqCst) > 0 {
                    return pending().await;
                }
                sleep(Duration::from_millis(1)).await;
                running.fetch_sub(1, Ordering::SeqCst);
                Ok(finished())
            }))
        })
    })
    .await;
}

#[tokio::test]
async fn calls_are_completed_in_order_and_steps_are_taken() {
    let complete = |index| ProviderEvent::CallComplete { index, call: ModelCall::new("f", "{}") };
    let calls = |indexes: &[usize]| {
        indexes.iter().fold(Script::new(), |script, index| script.event(complete(*index))).finish()
    };
    assert_eq!(run(|| scripted(calls(&[0, 1]))).await, Ok(()));
    for wrong in [&[1][..], &[0, 0], &[0, 2]] {
        breaks(Check::Calls, || scripted(calls(wrong))).await;
    }
    let refuses = |request: &ModelRequest| -> ProviderStream {
        if request.tools.is_empty() {
            return answer();
        }
        Box::pin(stream::once(async { Err(overloaded()) }))
    };
    breaks(Check::Calls, || made(refuses)).await;
}

#[tokio::test]
async fn odd_requests_end() {
    breaks(Check::OddRequests, || {
        made(
            |request| {
                if request.messages.is_empty() { Box::pin(stream::pending()) } else { answer() }
            },
        )
    })
    .await;
    breaks(Check::OddRequests, || {
        made(|request| {
            assert!(request.instructions.as_deref() != Some(""), "instructions are expected");
            answer()
        })
    })
    .await;
}

#[tokio::test]
async fn dropped_calls_leave_nothing_running() {
    breaks(Check::Drops, || {
        let at_work = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&at_work);
        made(move |_| {
            let at_work = Arc::clone(&at_work);
            let begin = async move { at_work.fetch_add(1, Ordering::SeqCst) };
            Box::pin(stream::once(begin).map(|_| Ok(finished())))
        })
        .probe(move || count.load(Ordering::SeqCst))
    })
    .await;
}

#[tokio::test]
async fn parts_are_not_more_than_the_whole() {
    let cached = tokens(2, 2).cached_input(3);
    let reasoned = tokens(2, 2).reasoning(3);
    for usage in [cached, reasoned] {
        let script = Script::new().usage(usage).finish();
        breaks(Check::Tokens, || scripted(script.clone())).await;
    }
}
