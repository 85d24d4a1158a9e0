//! Small fixed workloads of the most used paths, for a tool that counts instructions.
//!
//! `bench/callgrind` runs each by its name in a process of its own and counts only what happens
//! within [`measured`].

use std::{hint::black_box, io, sync::Arc};

use worker::Profile;
use worker_runtime::{Runtime, Scope, queries::GetWorker};

use crate::{
    host::{Host, ask, current_thread, follow, follow_each, say, until_delta, until_turn_ends},
    providers::Dictated,
};

/// The argument that makes the program run a workload.
pub const WORKLOAD: &str = "workload";

/// The number of times that each workload does the operation it is named after.
const TIMES: usize = 1024;

const WORKLOADS: &[(&str, fn())] = &[
    ("get_worker", get_worker),
    ("create_worker", create_worker),
    ("send_input", send_input),
    ("echo_turn", echo_turn),
    ("delta", delta),
];

/// Runs the named workloads. If none is named, prints the number of operations in each workload,
/// and the names of all.
///
/// # Errors
///
/// Fails if there is no workload with one of the names.
pub fn run(names: &[String]) -> io::Result<()> {
    if names.is_empty() {
        println!("{TIMES}");
        for (name, _) in WORKLOADS {
            println!("{name}");
        }
    }
    for name in names {
        let workload = WORKLOADS.iter().find(|(known, _)| known == name);
        let (_, run) = workload.ok_or_else(|| io::Error::other(format!("no workload {name}")))?;
        run();
    }
    Ok(())
}

/// Runs the work whose instructions are counted.
#[inline(never)]
fn measured<T>(work: impl FnOnce() -> T) -> T {
    black_box(work())
}

fn get_worker() {
    let Host { tokio, runtime, workers } = &Host::new(TIMES);
    measured(|| {
        tokio.block_on(async {
            for &worker in workers {
                ask(runtime, GetWorker { worker }).await;
            }
        });
    });
}

fn create_worker() {
    let mut host = Host::new(TIMES);
    measured(|| host.grow(2 * TIMES));
}

/// Creates a Runtime whose Workers have all taken a turn.
fn warm() -> Host {
    let host = Host::new(TIMES);
    host.say_to_all();
    host.drain();
    host
}

fn send_input() {
    let host = warm();
    measured(|| host.say_to_all());
    host.drain();
}

/// Runs turns, each from the input to the end that the Worker's subscriber reads.
fn echo_turn() {
    let Host { tokio, runtime, workers } = &warm();
    let mut streams = tokio.block_on(follow_each(runtime, workers));
    measured(|| {
        tokio.block_on(async {
            for (&worker, stream) in workers.iter().zip(&mut streams) {
                say(runtime, worker, "hello").await;
                until_turn_ends(stream).await;
            }
        });
    });
}

/// Sends deltas from the model to a subscriber that reads each one separately.
fn delta() {
    let (sender, provider) = Dictated::new();
    let builder = Runtime::builder().profile(Profile::new("dictated", Arc::new(provider)));
    let Host { tokio, runtime, workers } = &Host::on(current_thread(), builder, 1);
    let mut stream = tokio.block_on(follow(runtime, Scope::worker(workers[0])));
    tokio.block_on(say(runtime, workers[0], "talk"));
    measured(|| {
        tokio.block_on(async {
            for _ in 0..TIMES {
                sender.send("word ".to_owned()).expect("the turn runs");
                until_delta(&mut stream).await;
            }
        });
    });
}
