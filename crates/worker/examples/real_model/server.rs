//! The server under test, and Workers that talk to it.

use std::{
    error::Error,
    fs,
    io::{Write, stdout},
    sync::Arc,
};

use futures_util::StreamExt;
use llm_engine::{
    EngineError, Message, Sampling, TokenCount, TokenUsage, TurnEvent,
    providers::{ProviderConfig, ProviderKind},
};
use worker::{Profile, Worker, WorkerEvent, WorkerTurn};

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A server of llama.cpp, as `scripts/real-model` starts one.
pub(crate) struct Server {
    /// Such as `http://127.0.0.1:8080/v1`.
    pub(crate) url: String,
    pub(crate) model: String,
    /// The file in which it says what it does.
    pub(crate) log: String,
    pub(crate) pid: String,
}

impl Server {
    /// A way to it, with the key of `OPENAI_API_KEY`.
    pub(crate) fn config(&self, kind: ProviderKind) -> Outcome<ProviderConfig> {
        Ok(ProviderConfig { kind, ..ProviderConfig::new(ProviderKind::OpenAi).or_environment()? }
            .base_url(&*self.url))
    }

    /// A Worker whose answers are short and always the same.
    pub(crate) fn worker(&self, kind: ProviderKind, max_output_tokens: u32) -> Outcome<Worker> {
        let sampling = Sampling::default().temperature(0.0).max_output_tokens(max_output_tokens);
        let profile = Profile::new("real", self.config(kind)?.build()?)
            .model(&*self.model)
            .instructions("You are a helpful assistant.")
            .sampling(sampling);
        Ok(Worker::new(Arc::new(profile)))
    }

    /// How often it has stopped because nobody listened any more.
    pub(crate) fn cancels(&self) -> Outcome<usize> {
        Ok(fs::read_to_string(&self.log)?.matches("cancel task").count())
    }
}

/// Puts a question and prints question, answer and figures.
pub(crate) async fn ask(worker: &mut Worker, question: &str) -> Outcome<String> {
    println!("   > {question}");
    let mut turn = worker.turn(Message::user(question));
    let (mut answer, mut deltas) = (String::new(), 0);
    print!("   ");
    while let Some(event) = turn.next().await {
        match event {
            WorkerEvent::Turn(TurnEvent::TextDelta(text)) => {
                deltas += 1;
                print!("{text}");
                answer.push_str(&text);
                stdout().flush()?;
            }
            WorkerEvent::Turn(TurnEvent::Completed { stop_reason, usage }) => {
                println!("\n     {deltas} deltas, {stop_reason:?}, {}", figures(usage));
                demand(deltas > 1, "the answer was not streamed")?;
                return Ok(answer);
            }
            WorkerEvent::Turn(TurnEvent::Failed { error, .. }) => return Err(error.into()),
            WorkerEvent::Turn(_) | WorkerEvent::HistoryShortened { .. } | _ => {}
        }
    }
    Err("the turn has no end".into())
}

/// Takes events until so many deltas have come.
pub(crate) async fn take_deltas(turn: &mut WorkerTurn<'_>, count: usize) -> Outcome {
    let mut taken = 0;
    while taken < count {
        let event = turn.next().await;
        taken += usize::from(matches!(event, Some(WorkerEvent::Turn(TurnEvent::TextDelta(_)))));
        demand(event.is_some(), "the answer is too short to be interrupted")?;
    }
    Ok(())
}

/// Runs a turn to its end and tells why it failed, if it did.
pub(crate) async fn failure(mut turn: WorkerTurn<'_>) -> Option<EngineError> {
    let mut failure = None;
    while let Some(event) = turn.next().await {
        if let WorkerEvent::Turn(TurnEvent::Failed { error, .. }) = event {
            failure = Some(error);
        }
    }
    failure
}

pub(crate) fn figures(usage: TokenUsage) -> String {
    let show =
        |count: Option<TokenCount>| count.map_or_else(|| "?".to_owned(), |it| it.to_string());
    format!(
        "{} tokens in (of them {} cached), {} out",
        show(usage.input_tokens),
        show(usage.cached_input_tokens),
        show(usage.output_tokens)
    )
}

pub(crate) fn demand(met: bool, otherwise: &str) -> Outcome {
    if met { Ok(()) } else { Err(otherwise.into()) }
}
