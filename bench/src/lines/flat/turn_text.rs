//! Line 12: the text of a turn on its way from the engine to its readers.

use std::{
    hint::black_box,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use llm_engine::{Provider, ProviderEvent};
use parking_lot::Mutex;
use tokio::task::yield_now;
use worker::Profile;
use worker_runtime::{
    Runtime, Scope, Subscribe, WorkerRef,
    commands::{DeleteWorker, SendInput, StopWorker},
    queries::GetTurn,
};

use crate::{
    audience::Audience,
    clock::{on_thread, on_wall},
    harness::{Side, compare},
    host::{Host, create, threads},
    providers::{Talker, WORD},
    row::{Goal, Row},
};

const DELTAS: u64 = 10_000;
const SLOW_DELTAS: u64 = 1_000;
const BURST: u64 = 64;
const SUBSCRIBERS: u64 = 100;

/// Measures line 12.
pub fn run(rows: &mut Vec<Row>) {
    let name = |what: &str| format!("12 {what}, ns a delta");
    let (whole, longer) = (Talk::unheard(DELTAS), Talk::unheard(4 * DELTAS));
    let [ours, four_times, other, provider] =
        compare([whole.side(), longer.side(), plain_text(), provider_alone()]);
    let what = name("engine to buffer, nobody reads");
    rows.push(Row::new(what, ours, "a `String` under a mutex", other, Goal::AtMost(3.0)));
    let what = name("the provider alone, each delta dropped");
    rows.push(Row::new(what, provider, "a `String` under a mutex", other, Goal::Reported));
    let what = name("a text four times as long");
    rows.push(Row::new(what, four_times, "a text", ours, Goal::AtMost(1.2)));

    let (none, one) = (Talk::new(DELTAS, BURST, 0), Talk::new(DELTAS, BURST, 1));
    let many = Talk::new(DELTAS, BURST, SUBSCRIBERS);
    let [none, one, many] = compare([none.side(), one.side(), many.side()]);
    let what = format!("bursts of {BURST}, one subscriber");
    rows.push(Row::new(name(&what), one, "none", none, Goal::AtMost(2.0)));
    let what = format!("bursts of {BURST}, {SUBSCRIBERS} subscribers");
    rows.push(Row::new(name(&what), many, "none", none, Goal::AtMost(4.0)));

    let (alone, awaited) = (Talk::slowly(0), Talk::slowly(SUBSCRIBERS));
    let [silent, heard, in_all] =
        compare([alone.side(), awaited.side(), awaited.side_until_all_have_it()]);
    let each = |spent: f64| spent / SUBSCRIBERS as f64;
    let name_of =
        |what: &str| format!("12 single deltas, {SUBSCRIBERS} subscribers, {what}, ns each");
    let what = name_of("engine's thread");
    rows.push(Row::new(what, each(heard - silent), "100 ns", 100.0, Goal::AtMost(1.0)));
    let what = name_of("until all are woken, have it and wait");
    rows.push(Row::new(what, each(in_all), "100 ns", 100.0, Goal::Reported));
    let (none, many) = (Talk::new(DELTAS, 1, 0), Talk::new(DELTAS, 1, SUBSCRIBERS));
    let [alone, watched] = compare([none.side(), many.side()]);
    let what = name(&format!("single deltas at full speed, {SUBSCRIBERS} subscribers"));
    rows.push(Row::new(what, watched, "none", alone, Goal::Reported));
}

fn plain_text<'a>() -> Side<'a> {
    Side::in_units(DELTAS, |n| {
        on_thread(|| {
            for _ in 0..n / DELTAS {
                let text = Mutex::new(String::new());
                for _ in 0..DELTAS {
                    text.lock().push_str(black_box(WORD));
                }
                black_box(text);
            }
        })
    })
}

/// What comes from outside: a delta is a `String` that the provider makes.
fn provider_alone<'a>() -> Side<'a> {
    Side::in_units(DELTAS, |n| {
        let talker = Talker::new(DELTAS, DELTAS);
        on_thread(|| {
            for _ in 0..n / DELTAS {
                let mut stream = black_box(talker.stream(Arc::default()));
                let mut context = Context::from_waker(Waker::noop());
                for _ in 0..DELTAS {
                    let polled = stream.as_mut().poll_next(&mut context);
                    let Poll::Ready(Some(Ok(ProviderEvent::TextDelta(text)))) = polled else {
                        panic!("the talker talks");
                    };
                    drop(black_box(text));
                }
            }
        })
    })
}

/// A Worker that talks, and its subscribers. The engine has a thread of its own, and what is
/// measured is what that thread spends.
struct Talk {
    host: Host,
    talker: Talker,
    /// Whether there is nobody but the engine.
    unheard: bool,
    /// Keeps the engine's thread.
    _engine: tokio::runtime::Runtime,
}

impl Talk {
    fn new(deltas: u64, burst: u64, subscribers: u64) -> Self {
        Self::of(Talker::new(deltas, burst), &Audience::new(subscribers))
    }

    /// An answer at once, for nobody.
    fn unheard(deltas: u64) -> Self {
        Self { unheard: true, ..Self::new(deltas, deltas, 0) }
    }

    /// Every delta waits until all subscribers wait for it.
    fn slowly(subscribers: u64) -> Self {
        let audience = Audience::new(subscribers);
        Self::of(Talker::slowly(SLOW_DELTAS, Arc::clone(&audience)), &audience)
    }

    fn of(talker: Talker, audience: &Arc<Audience>) -> Self {
        let engine = threads(1);
        let builder = Runtime::builder()
            .profile(Profile::new("talker", Arc::new(talker.clone())))
            .turn_runtime(engine.handle().clone());
        let host = Host::on(threads(1), builder, 1);
        for _ in 0..audience.size {
            let subscribe = Subscribe::to(Scope::worker(host.workers[0]));
            let subscribe = host.runtime.subscribe(subscribe);
            let stream = host.tokio.block_on(subscribe).expect("a subscription");
            host.tokio.spawn(Arc::clone(audience).listen(stream));
        }
        Self { host, talker, unheard: false, _engine: engine }
    }

    fn side(&self) -> Side<'_> {
        let unit = self.talker.deltas;
        Side::in_units(unit, move |n| (0..n / unit).map(|_| self.turn()).sum())
    }

    /// By the clock on the wall: the readers' thread has as much to do as the engine's.
    fn side_until_all_have_it(&self) -> Side<'_> {
        let unit = self.talker.deltas;
        Side::in_units(unit, move |n| on_wall(|| (0..n / unit).for_each(|_| _ = self.turn())))
    }

    fn turn(&self) -> Duration {
        let Host { tokio, runtime, workers } = &self.host;
        if self.unheard {
            // Each turn has a Worker of its own and takes it along: texts that stay would need new memory.
            tokio.block_on(async {
                let worker = create(runtime).await;
                listen(runtime, worker).await;
                runtime.handle(StopWorker::of(worker)).await.expect("a stopped Worker");
                runtime.handle(DeleteWorker::of(worker)).await.expect("a deletion");
            });
        } else {
            // The readers' thread does not sleep meanwhile: to wake one is a system call, of whoever
            // wakes.
            let awake = tokio.spawn(async {
                loop {
                    yield_now().await;
                }
            });
            tokio.block_on(listen(runtime, workers[0]));
            awake.abort();
        }
        self.talker.spent()
    }
}

/// Has a Worker talk, to the end.
async fn listen(runtime: &Runtime, worker: WorkerRef) {
    let said = runtime.handle(SendInput::user(worker, "talk")).await.expect("a receipt");
    let turn = GetTurn::by_id(worker, said.receipt.turn_id);
    let ended = GetTurn { wait_ms: Some(60_000), ..turn };
    runtime.handle(ended).await.expect("a turn");
}
