//! A small Backend on the store. Its Workers talk without end, and every receipt is printed to
//! stdout.
//!
//! `talk FILE [--workers N] [--delay-ms N] [--lease-ms N]`
//!
//! The program prints JSON lines: `restored` once it owns the store, `receipt` for every input that
//! was acknowledged, `ended` for every turn, `talk_ended` when a Worker stops talking because of an
//! error, and `stopped` when another process has taken over. The exit code is then 3.

#![forbid(unsafe_code)]

use std::{
    error::Error, ffi::OsString, path::PathBuf, process::ExitCode, sync::Arc, time::Duration,
};

use llm_engine::EchoProvider;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};
use worker_runtime::{
    Profile, Runtime, RuntimeError,
    commands::{CreateWorker, SendInput},
    model::{PageRequest, RuntimeState, Severity},
    queries::{GetOverview, GetRuntime, GetTurn, ListDiagnostics},
};
use yoi_sqlite::SqliteStore;

/// The exit code when another process has taken over the store.
const TAKEN_OVER: u8 = 3;

struct Options {
    file: PathBuf,
    workers: u64,
    delay: Duration,
    lease: Duration,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = OsString>) -> Result<Self, Box<dyn Error>> {
        let file = arguments.next().ok_or("say which file the store is in")?;
        let mut options = Self {
            file: file.into(),
            workers: 4,
            delay: Duration::from_millis(2),
            lease: Duration::from_secs(5),
        };
        while let Some(name) = arguments.next() {
            let value = arguments.next().and_then(|it| it.into_string().ok());
            let value = value.ok_or("an option needs a number")?.parse()?;
            match name.to_str() {
                Some("--workers") => options.workers = value,
                Some("--delay-ms") => options.delay = Duration::from_millis(value),
                Some("--lease-ms") => options.lease = Duration::from_millis(value),
                Some(_) | None => return Err(format!("no such option: {}", name.display()).into()),
            }
        }
        Ok(options)
    }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    run(std::env::args_os().skip(1))
}

/// Talks until another process has taken over.
#[tokio::main]
pub(crate) async fn run(
    arguments: impl Iterator<Item = OsString>,
) -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::read(arguments)?;
    let runtime = own(&options).await?;
    let overview = runtime.handle(GetOverview::default()).await?;
    let epoch = runtime.handle(GetRuntime {}).await?.summary.epoch;
    say(&json!({
        "type": "restored",
        "epoch": epoch,
        "workers": overview.workers.total(),
        "lost": overview.turns.lost,
    }));
    let mut talks = JoinSet::new();
    for number in 0..options.workers {
        talks.spawn(talk(runtime.clone(), number));
    }
    while runtime.handle(GetRuntime {}).await?.summary.state != RuntimeState::Stopped {
        sleep(Duration::from_millis(10)).await;
    }
    // Each says how its talk ended, which is soon, because the Runtime has stopped.
    while talks.join_next().await.is_some() {}
    let page = Some(PageRequest { limit: Some(1), token: None });
    let noted = runtime
        .handle(ListDiagnostics { severity: Some(Severity::Error), page, ..ListDiagnostics::new() })
        .await?;
    let why = noted.items.first().map(|it| it.message.clone());
    say(&json!({ "type": "stopped", "why": why }));
    Ok(ExitCode::from(TAKEN_OVER))
}

/// Builds a Runtime on the store, as soon as no other process owns the store.
async fn own(options: &Options) -> Result<Runtime, Box<dyn Error>> {
    let store = Arc::new(SqliteStore::open(&options.file)?);
    let echo = Arc::new(EchoProvider::with_delay(options.delay));
    let built = Runtime::builder()
        .display_name("sqlite")
        .profile(Profile::new("echo", echo))
        .store(store)
        .lease_duration(options.lease)
        .wait_for_lease(Duration::MAX)
        .build()
        .await;
    Ok(built?)
}

/// Has one Worker talk until a request fails, for example because the Runtime ends.
async fn talk(runtime: Runtime, number: u64) {
    if let Err(error) = converse(&runtime, number).await {
        // Every error is printed, so that a test that reads the output sees it.
        say(&json!({ "type": "talk_ended", "worker": number, "code": error.code() }));
    }
}

async fn converse(runtime: &Runtime, number: u64) -> Result<(), RuntimeError> {
    let name = format!("worker {number}");
    let create = CreateWorker {
        display_name: Some(name.clone()),
        idempotency_key: Some(name),
        ..CreateWorker::default()
    };
    let worker = runtime.handle(create).await?.detail.worker;
    let mut round = 0_u64;
    loop {
        round += 1;
        let text = format!("{round} of process {}, said by {number}", std::process::id());
        let sent = runtime.handle(SendInput::new(worker, text.as_str())).await?;
        say(&json!({ "type": "receipt", "receipt": sent.receipt, "text": text }));
        let get = GetTurn { wait_ms: Some(30_000), ..GetTurn::new(worker, sent.receipt.turn_id) };
        let ended = runtime.handle(get).await?;
        if ended.turn.outcome.is_some() {
            let answer = ended.answer.map(|it| it.text.to_string());
            say(&json!({ "type": "ended", "turn": ended.turn, "answer": answer }));
        }
    }
}

/// Prints a line to stdout at once.
fn say(line: &Value) {
    println!("{line}");
}
