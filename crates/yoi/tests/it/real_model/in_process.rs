//! A Backend that embeds a Runtime, with a real model.

use llm_engine::{
    Sampling, StopReason,
    providers::{ProviderConfig, ProviderKind},
};
use worker_runtime::{
    Profile, Runtime, Scope, StreamItem, Subscribe, Subscription, WorkerRef,
    commands::{CancelTurn, CreateWorker, SendInput},
    event::EventBody,
    model::{TurnErrorKind, Usage},
    queries::{GetTranscript, GetUsage},
};

use super::server::Server;

/// A Backend with a Runtime and one Worker.
pub(super) struct Backend {
    runtime: Runtime,
    worker: WorkerRef,
}

impl Backend {
    pub(super) async fn start(server: &Server) -> Self {
        let provider = ProviderConfig::new(ProviderKind::OpenAi)
            .base_url(&*server.url)
            .api_key(&*server.key)
            .build()
            .expect("the address is right");
        let sampling = Sampling::default().temperature(0.0).max_output_tokens(400);
        let profile = Profile::new("real", provider)
            .model(&*server.model)
            .instructions("You are a helpful assistant.")
            .sampling(sampling);
        let runtime =
            Runtime::builder().profile(profile).build().await.expect("the Runtime starts");
        Self { worker: worker(&runtime).await, runtime }
    }

    /// Checks that several turns are streamed, kept and counted.
    pub(super) async fn converses(&self) {
        let questions = [
            ("What is the capital of France? Answer in one sentence.", "Paris"),
            ("What is the capital of Italy? Answer in one sentence.", "Rome"),
        ];
        for (question, part) in questions {
            println!("   > {question}");
            let mut stream = self.say(question).await;
            let (deltas, end) = rest(&mut stream).await;
            let EventBody::TurnCompleted { stop_reason, usage, entry } = end else {
                panic!("the turn did not complete: {end:?}")
            };
            println!(
                "   {}\n     {deltas} deltas, {stop_reason:?}, {}",
                entry.text,
                figures(&usage)
            );
            assert!(entry.text.contains(part), "{}", entry.text);
            assert_eq!(stop_reason, StopReason::EndTurn);
            assert!(deltas > 1 && usage.input_tokens > 0 && usage.output_tokens > 0);
        }
        let usage = GetUsage::new(Scope::worker(self.worker));
        let usage = self.runtime.handle(usage).await.expect("the Worker is there").usage;
        println!("   in all: {}", figures(&usage));
        assert!(usage.turns == 2 && !usage.incomplete);
    }

    /// Checks that a cancelled turn keeps its text so far, and that the server stops.
    pub(super) async fn cancels(&mut self, server: &Server) {
        let mut stream = self.begin_story().await;
        let before = server.cancels();
        self.runtime.handle(CancelTurn::new(self.worker)).await.expect("a turn runs");
        server.wait_for_cancel(before);
        let (_, end) = rest(&mut stream).await;
        let EventBody::TurnCancelled { entry: Some(entry), .. } = end else {
            panic!("nothing was kept: {end:?}")
        };
        println!("   the Runtime kept: {:?}", entry.text);
        assert!(entry.truncated);
    }

    /// Starts the first turn of a new Worker and waits until it is in the middle of its answer.
    pub(super) async fn begin_story(&mut self) -> Subscription {
        self.worker = worker(&self.runtime).await;
        let mut stream = self.say("Tell me a long story about the mountains.").await;
        wait_for_deltas(&mut stream, 3).await;
        stream
    }

    /// Checks that the turn failed with the right error, and that its text so far is in the transcript.
    pub(super) async fn is_left_with_a_part(&self, mut stream: Subscription) {
        let (_, end) = rest(&mut stream).await;
        let EventBody::TurnFailed { error, entry: Some(entry), .. } = end else {
            panic!("nothing was kept: {end:?}")
        };
        println!("   the Runtime: {:?}: {}", error.kind, error.message);
        println!("     kept: {:?}", entry.text);
        assert_eq!(error.kind, TurnErrorKind::Interrupted);
        assert!(error.retryable && entry.truncated);
        let transcript = GetTranscript { worker: self.worker, from: None, limit: None };
        let transcript = self.runtime.handle(transcript).await.expect("the Worker is there");
        assert_eq!(transcript.entries.last(), Some(&entry));

        let mut stream = self.say("Go on.").await;
        let (_, end) = rest(&mut stream).await;
        let EventBody::TurnFailed { error, entry: None, .. } = end else {
            panic!("a dead server has answered: {end:?}")
        };
        println!("   then: {:?}: {}", error.kind, error.message);
        assert_eq!(error.kind, TurnErrorKind::Connection);
    }

    async fn say(&self, text: &str) -> Subscription {
        let stream = Subscribe::new(Scope::worker(self.worker));
        let stream = self.runtime.subscribe(stream).await.expect("there is room");
        self.runtime.handle(SendInput::new(self.worker, text)).await.expect("no turn runs");
        stream
    }
}

async fn worker(runtime: &Runtime) -> WorkerRef {
    runtime.handle(CreateWorker::default()).await.expect("there is room").detail.worker
}

/// Waits for this number of deltas.
async fn wait_for_deltas(stream: &mut Subscription, count: usize) {
    let mut deltas = 0;
    while deltas < count {
        let item = stream.next().await.expect("the stream goes on");
        deltas += usize::from(matches!(item, StreamItem::TextDelta { .. }));
    }
}

/// Reads to the end of the turn. Returns the number of deltas and the end.
async fn rest(stream: &mut Subscription) -> (usize, EventBody) {
    let mut deltas = 0;
    loop {
        match stream.next().await.expect("the stream goes on") {
            StreamItem::TextDelta { .. } => deltas += 1,
            StreamItem::Event(it) if it.event.event_type().ends_turn() => {
                return (deltas, it.event.body.clone());
            }
            _ => {}
        }
    }
}

fn figures(usage: &Usage) -> String {
    let Usage { input_tokens, cached_input_tokens, output_tokens, .. } = usage;
    format!("{input_tokens} tokens in (of them {cached_input_tokens} cached), {output_tokens} out")
}
