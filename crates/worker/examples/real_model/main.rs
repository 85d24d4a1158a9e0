//! Holds conversations with a real model and says what came of it; fails if anything is amiss.
//!
//! `scripts/test-real-model` starts a small one and runs this against it.

#![expect(clippy::print_stdout, reason = "it is a program for people")]

mod server;

use std::{
    env,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use llm_engine::{
    ErrorKind, Message, TurnEvent,
    conformance::{Subject, run},
    providers::ProviderKind,
};
use tokio::time::sleep;
use worker::{Profile, Worker, WorkerEvent};

use server::{Outcome, Server, ask, demand, failure, figures, take_deltas};

const USAGE: &str = "usage: real_model URL MODEL LOG PID (the server is killed in the end)";

#[tokio::main]
async fn main() -> Outcome {
    let mut arguments = env::args().skip(1);
    let mut next = || arguments.next().ok_or(USAGE);
    let server = Server { url: next()?, model: next()?, log: next()?, pid: next()? };
    println!("== a conversation of several turns");
    conversation(&server).await?;
    println!("== other protocols that the server speaks");
    protocols(&server).await?;
    println!("== a wrong key, a wrong address");
    refusals(&server).await?;
    println!("== a conversation that outgrows the context");
    overflow(&server).await?;
    println!("== the contract of a provider");
    contract(&server).await?;
    println!("== cancelled in the middle of an answer");
    cancelled(&server).await?;
    println!("== killed in the middle of an answer");
    killed(&server).await?;
    println!("== all as it should be");
    Ok(())
}

/// Each turn is streamed, answered and counted.
async fn conversation(server: &Server) -> Outcome {
    let mut worker = server.worker(ProviderKind::OpenAi, 64)?;
    for (question, part) in [
        ("What is the capital of France? Answer in one sentence.", "Paris"),
        ("What is the capital of Italy? Answer in one sentence.", "Rome"),
        ("Say thank you.", ""),
    ] {
        let answer = ask(&mut worker, question).await?;
        demand(answer.contains(part), "the answer is not the expected one")?;
    }
    demand(worker.conversation().len() == 6, "these are not three questions and answers")?;
    let usage = worker.usage();
    demand(usage.turns == 3 && usage.tokens.is_complete(), "not all tokens are counted")?;
    println!("   in all: {}", figures(usage.tokens));
    Ok(())
}

async fn protocols(server: &Server) -> Outcome {
    for kind in [ProviderKind::Anthropic, ProviderKind::OpenAiResponses] {
        println!("   {kind}:");
        let mut worker = server.worker(kind, 32)?;
        let question = "What is the capital of France? Answer in one sentence.";
        let answer = ask(&mut worker, question).await?;
        demand(answer.contains("Paris"), "the answer is not the expected one")?;
        demand(worker.usage().tokens.is_complete(), "the tokens are not counted")?;
    }
    Ok(())
}

async fn refusals(server: &Server) -> Outcome {
    let config = server.config(ProviderKind::OpenAi)?;
    let elsewhere = config.clone().base_url(format!("{}/elsewhere", server.url));
    for (config, kind) in
        [(config.api_key("wrong"), ErrorKind::Authentication), (elsewhere, ErrorKind::NotFound)]
    {
        let mut worker = Worker::new(Arc::new(Profile::new("refused", config.build()?)));
        let error = failure(worker.turn(Message::user("hello"))).await.ok_or("it was accepted")?;
        println!("   {error}");
        demand(error.kind == kind, "it is not the expected error")?;
    }
    Ok(())
}

/// The Worker leaves out the older half of the conversation, once, and says so.
async fn overflow(server: &Server) -> Outcome {
    let long = "The quick brown fox jumps over the lazy dog. ".repeat(12);
    let history = (0..10).flat_map(|_| [Message::user(&*long), Message::assistant("I see.")]);
    let mut worker = server.worker(ProviderKind::OpenAi, 16)?.with_history(history.collect());
    let mut turn = worker.turn(Message::user("Say hello."));
    let mut shortened = None;
    while let Some(event) = turn.next().await {
        match event {
            WorkerEvent::HistoryShortened { dropped, kept } => shortened = Some((dropped, kept)),
            WorkerEvent::Turn(TurnEvent::Failed { error, .. }) => return Err(error.into()),
            WorkerEvent::Turn(_) | _ => {}
        }
    }
    let (dropped, kept) = shortened.ok_or("nothing was left out")?;
    println!("   {dropped} messages left out, {kept} given to the model, which answered");
    Ok(())
}

async fn contract(server: &Server) -> Outcome {
    let provider = server.config(ProviderKind::OpenAi)?.build()?;
    let subject = || {
        let subject = Subject::new(Arc::clone(&provider)).model(&*server.model);
        subject.call_limit(Duration::from_mins(2))
    };
    run(subject).await.map_err(|violations| format!("{violations:?}"))?;
    println!("   kept");
    Ok(())
}

/// The partial answer stays, and the server says that it has stopped.
async fn cancelled(server: &Server) -> Outcome {
    let mut worker = server.worker(ProviderKind::OpenAi, 400)?;
    let mut turn = worker.turn(Message::user("Tell me a long story about the sea."));
    take_deltas(&mut turn, 8).await?;
    let before = server.cancels()?;
    let began = Instant::now();
    drop(turn);
    while server.cancels()? == before {
        demand(began.elapsed() < Duration::from_secs(10), "the server goes on")?;
        sleep(Duration::from_millis(1)).await;
    }
    println!("   the server logs \"cancel task\" {:.0?} later", began.elapsed());
    demand(worker.conversation().len() == 2, "the partial answer is not kept")?;
    println!("   kept: {:?}", worker.conversation()[1].text);
    Ok(())
}

async fn killed(server: &Server) -> Outcome {
    let mut worker = server.worker(ProviderKind::OpenAi, 400)?;
    let mut turn = worker.turn(Message::user("Tell me a long story about the mountains."));
    take_deltas(&mut turn, 8).await?;
    let kill = Command::new("kill").args(["-9", &server.pid]).status()?;
    demand(kill.success(), "the server cannot be killed")?;
    let error = failure(turn).await.ok_or("the answer is taken for complete")?;
    println!("   {error}");
    demand(error.kind == ErrorKind::Interrupted, "it is not the expected error")?;
    demand(worker.conversation().len() == 2, "the partial answer is not kept")?;
    println!("   kept: {:?}", worker.conversation()[1].text);

    let next = worker.turn(Message::user("Go on."));
    let error = failure(next).await.ok_or("a dead server has answered")?;
    println!("   then: {error}");
    demand(error.kind == ErrorKind::Connection, "it is not the expected error")
}
