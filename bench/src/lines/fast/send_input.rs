//! Line 2: an input until its receipt, beside asking an actor that does nothing.

use std::time::{Duration, Instant};

use kameo::actor::ActorRef;

use crate::{
    clock::on_thread,
    harness::{Side, compare},
    host::{Host, brief, brief_builder, quiet, say, two_threads},
    peers::{Kameo, ask},
    row::{Goal, Row},
};

/// Workers that each get an input before their turns run.
pub(super) const WORKERS: usize = 64;

/// More than there are tasks that wait for turns.
const MANY: usize = 1_024;

/// Measures line 2.
pub fn run(rows: &mut Vec<Row>) {
    let host = brief(WORKERS);
    let kameo = host.tokio.block_on(Kameo::start_all(WORKERS));
    let unit = WORKERS as u64;
    let [ours, other] = compare([
        Side::in_units(unit, |n| (0..n / unit).map(|_| on_one_thread(&host)).sum()),
        Side::in_units(unit, |n| asked(&host.tokio, &kameo, n)),
    ]);
    rows.push(Row::new("2 send_input, ct, ns", ours, "kameo ask", other, Goal::AtMost(1.5)));

    let many = brief(MANY);
    let unit = MANY as u64;
    let [ours, other] = compare([
        Side::in_units(unit, |n| (0..n / unit).map(|_| on_one_thread(&many)).sum()),
        Side::in_units(unit, |n| asked(&host.tokio, &kameo, n)),
    ]);
    let name = format!("2 send_input, ct, {MANY} Workers, ns");
    rows.push(Row::new(name, ours, "kameo ask", other, Goal::Reported));

    let unit = WORKERS as u64;
    let alone = brief(WORKERS);
    let host = Host::on(two_threads(), brief_builder(), WORKERS);
    let [unshared, ours, other] = compare([
        Side::in_units(unit, |n| (0..n / unit).map(|_| on_one_thread(&alone)).sum()),
        Side::in_units(unit, |n| (0..n / unit).map(|_| on_two_threads(&host)).sum()),
        Side::in_units(unit, |n| {
            let kameo = host.tokio.block_on(Kameo::start_all(WORKERS));
            let asking = async move {
                let start = Instant::now();
                for i in 0..n {
                    ask(&kameo[usize::try_from(i % unit).unwrap_or_default()]).await;
                }
                start.elapsed()
            };
            host.tokio.block_on(host.tokio.spawn(asking)).expect("no panic")
        }),
    ]);
    let name = "2 send_input, mt, ns";
    rows.push(Row::new(name, ours, "kameo ask", other, Goal::Reported));
    rows.push(Row::new(name, ours, "the same, ct", unshared, Goal::Reported));
}

/// Asks actors in turn.
fn asked(tokio: &tokio::runtime::Runtime, kameo: &[ActorRef<Kameo>], count: u64) -> Duration {
    on_thread(|| {
        tokio.block_on(async {
            for actor in kameo.iter().cycle().take(usize::try_from(count).unwrap_or_default()) {
                ask(actor).await;
            }
        });
    })
}

/// One input to each Worker. Their turns run afterwards, unmeasured.
pub(super) fn on_one_thread(host: &Host) -> Duration {
    let took = on_thread(|| {
        host.tokio.block_on(async {
            for &worker in &host.workers {
                say(&host.runtime, worker).await;
            }
        });
    });
    host.drain();
    took
}

fn on_two_threads(host: &Host) -> Duration {
    let (runtime, workers) = (host.runtime.clone(), host.workers.clone());
    let saying = async move {
        let start = Instant::now();
        for worker in workers {
            say(&runtime, worker).await;
        }
        let took = start.elapsed();
        quiet(&runtime).await;
        took
    };
    host.tokio.block_on(host.tokio.spawn(saying)).expect("no panic")
}
