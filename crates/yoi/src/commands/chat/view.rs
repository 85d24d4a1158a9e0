//! The texts that the commands of a conversation print.

use super::workers::Workers;
use llm_engine::Role;
use worker_runtime::{
    RuntimeError, Scope,
    model::{TranscriptEntry, Usage, WorkerState},
    queries::{GetTranscript, GetUsage, GetWorker, TranscriptFrom},
};

/// Lists the Workers with their numbers, and marks the current one.
pub(super) async fn workers(workers: &Workers) -> Result<String, RuntimeError> {
    let mut lines = Vec::new();
    for (index, worker) in workers.all.iter().enumerate() {
        let detail = workers.runtime.handle(GetWorker { worker: *worker }).await?.detail;
        let mark = if index == workers.current { '*' } else { ' ' };
        let state = match detail.state {
            WorkerState::Idle => "idle",
            WorkerState::Running => "running",
            WorkerState::Stopping => "stopping",
            WorkerState::Stopped => "stopped",
            WorkerState::Cancelled => "cancelled",
        };
        let number = index + 1;
        let (name, turns) = (&detail.display_name, counted(detail.usage.turns, "turn"));
        let model = detail.last_turn.as_ref().and_then(|turn| turn.model.as_deref());
        let model = model.map(|model| format!(" of {model}")).unwrap_or_default();
        lines.push(format!("{mark} {number}  {state:<9}  {name}, {turns}{model}\n"));
    }
    Ok(lines.concat())
}

/// Returns the whole transcript of the current Worker.
pub(super) async fn transcript(workers: &Workers) -> Result<String, RuntimeError> {
    let worker = workers.current();
    let mut text = String::new();
    let mut sequence = 0;
    loop {
        let from = Some(TranscriptFrom::after(sequence));
        let page = workers.runtime.handle(GetTranscript { worker, from, limit: None }).await?;
        text.extend(page.entries.iter().map(|entry| self::entry(entry)));
        match page.last {
            Some(last) => sequence = last,
            None => return Ok(text),
        }
    }
}

fn entry(entry: &TranscriptEntry) -> String {
    let speaker = match entry.role {
        Role::User => "user",
        Role::System => "system",
        Role::Assistant => "assistant",
        _ => "other",
    };
    let mark = if entry.truncated { " (interrupted)" } else { "" };
    format!("{speaker}{mark}: {}\n", entry.text.trim_end_matches('\n'))
}

/// Returns the usage of the current Worker, and of all Workers together if there are several.
pub(super) async fn usage(workers: &Workers) -> Result<String, RuntimeError> {
    let runtime = &workers.runtime;
    let of_worker = runtime.handle(GetUsage::new(Scope::worker(workers.current()))).await?;
    let mut text = describe("this Worker", &of_worker.usage);
    if workers.all.len() > 1 {
        let of_all = runtime.handle(GetUsage::new(Scope::runtime())).await?;
        text += &describe("all Workers", &of_all.usage);
    }
    Ok(text)
}

fn describe(whose: &str, usage: &Usage) -> String {
    let turns = counted(usage.turns, "turn");
    let Usage { input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, .. } = usage;
    let seconds = usage.duration_ms / 1000;
    let tenths = usage.duration_ms % 1000 / 100;
    if usage.incomplete && *input_tokens + *output_tokens == 0 {
        return format!("{whose}: {turns} in {seconds}.{tenths} s; the tokens were not reported\n");
    }
    let at_least = if usage.incomplete { "at least " } else { "" };
    format!(
        "{whose}: {turns} in {seconds}.{tenths} s, {at_least}{input_tokens} input tokens \
         ({cached_input_tokens} cached), {output_tokens} output tokens ({reasoning_tokens} \
         reasoning)\n"
    )
}

fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
