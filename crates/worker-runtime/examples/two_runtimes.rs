//! A small Backend with two Runtimes: it creates Workers in both, subscribes to them, sends inputs,
//! cancels a turn and prints the overview.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::{error::Error, sync::Arc, time::Duration};

use futures_util::StreamExt;
use llm_engine::EchoProvider;
use worker_runtime::{
    Profile, Runtime, Scope, StreamItem, Subscribe,
    commands::{CancelTurn, CreateWorker, SendInput, StopRuntime},
    event::EventBody,
    model::Input,
    queries::{GetOverview, OverviewReply},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let quick = Runtime::builder().display_name("quick").build().await?;
    let slow = EchoProvider::with_delay(Duration::from_millis(50));
    let slow = Profile::new("slow", Arc::new(slow));
    let slow = Runtime::builder().display_name("slow").profile(slow).build().await?;

    // The first Runtime answers two questions. The stream of the Worker brings the answers.
    let greeter = CreateWorker { display_name: Some("greeter".to_owned()), ..Default::default() };
    let worker = quick.handle(greeter).await?.detail.worker;
    let mut stream = quick.subscribe(Subscribe::new(Scope::worker(worker))).await?;
    for question in ["Who is there?", "And who else?"] {
        quick.handle(SendInput::new(worker, question)).await?;
        println!("greeter: {}", answer(&mut stream).await);
    }

    // The turn in the second Runtime is cancelled in the middle of its answer. The text so far is kept.
    let talker = CreateWorker {
        display_name: Some("talker".to_owned()),
        initial_input: Some(Input::user("one two three four five six seven eight nine ten")),
        ..Default::default()
    };
    let talker = slow.handle(talker).await?;
    let worker = talker.detail.worker;
    let mut stream = slow.subscribe(Subscribe::new(Scope::worker(worker))).await?;
    while let Some(item) = stream.next().await {
        if let StreamItem::TextDelta { .. } = item {
            break;
        }
    }
    slow.handle(CancelTurn::new(worker)).await?;
    println!("talker, cancelled: {}", answer(&mut stream).await);

    // A Worker's reference is valid only in its own Runtime.
    if let Err(error) = quick.handle(SendInput::new(worker, "hello?")).await {
        println!("quick says to the talker's reference: {} ({error})", error.code());
    }

    for runtime in [quick, slow] {
        let OverviewReply { workers, turns, usage, recent, .. } =
            runtime.handle(GetOverview::default()).await?;
        for worker in recent {
            println!("{}: {:?}, {} entries", worker.display_ref, worker.state, worker.entries);
        }
        println!("  {} workers, {turns:?}", workers.total());
        println!("  {} tokens in, {} out", usage.input_tokens, usage.output_tokens);
        runtime.handle(StopRuntime::default()).await?;
    }
    Ok(())
}

/// Waits for the end of the running turn and returns its answer.
async fn answer(stream: &mut (impl StreamExt<Item = StreamItem> + Unpin)) -> String {
    while let Some(item) = stream.next().await {
        let StreamItem::Event(item) = item else { continue };
        match &item.event.body {
            EventBody::TurnCompleted { entry, .. } => return entry.text.to_string(),
            EventBody::TurnCancelled { entry, .. } => {
                return entry.as_ref().map(|entry| entry.text.to_string()).unwrap_or_default();
            }
            EventBody::TurnFailed { error, .. } => return error.message.clone(),
            _ => {}
        }
    }
    String::new()
}
