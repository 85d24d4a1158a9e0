//! Line 4: a Worker comes to be, beside an actor.

use std::time::Duration;

use kameo::actor::ActorRef;

use crate::{
    clock::ThreadTimer,
    harness::{Side, compare_units},
    host::{Host, create, current_thread},
    peers::Kameo,
    row::{Goal, Row},
};

const ROUNDS: usize = 31;

/// Rounds in which both sides keep what they have.
const GROWING_ROUNDS: usize = 11;

/// Workers, and actors, of a round.
const AT_ONCE: u64 = 10_000;

/// Measures line 4.
pub fn run(rows: &mut Vec<Row>) {
    let tokio = current_thread();
    let mut gone = Vec::new();
    let [ours, other] = compare_units(
        ROUNDS,
        [
            Side::in_units(AT_ONCE, |n| created(&Host::new(0), n)),
            Side::in_units(AT_ONCE, |n| {
                let took = started(&tokio, n, &mut gone);
                stop(&tokio, &mut gone);
                took
            }),
        ],
    );
    let against = "kameo actor spawned and started";
    let name = format!("4 create_worker, {AT_ONCE} in a new Runtime, ns");
    rows.push(Row::new(name, ours, against, other, Goal::AtMost(0.5)));
    let (growing, mut kept) = (Host::new(0), Vec::new());
    let [ours, other] = compare_units(
        GROWING_ROUNDS,
        [
            Side::in_units(AT_ONCE, |n| created(&growing, n)),
            Side::in_units(AT_ONCE, |n| started(&tokio, n, &mut kept)),
        ],
    );
    let name = "4 create_worker, beside all those of 11 such rounds, ns";
    rows.push(Row::new(name, ours, against, other, Goal::Reported));
}

fn created(host: &Host, count: u64) -> Duration {
    host.tokio.block_on(async {
        let timer = ThreadTimer::start();
        for _ in 0..count {
            create(&host.runtime).await;
        }
        timer.elapsed()
    })
}

fn started(
    tokio: &tokio::runtime::Runtime,
    count: u64,
    actors: &mut Vec<ActorRef<Kameo>>,
) -> Duration {
    actors.reserve(usize::try_from(count).unwrap_or_default());
    tokio.block_on(async {
        let timer = ThreadTimer::start();
        for _ in 0..count {
            actors.push(Kameo::start().await);
        }
        timer.elapsed()
    })
}

fn stop(tokio: &tokio::runtime::Runtime, actors: &mut Vec<ActorRef<Kameo>>) {
    tokio.block_on(async {
        for actor in actors.drain(..) {
            actor.kill();
            actor.wait_for_shutdown().await;
        }
    });
}
