//! The answer of the Responses API.

mod output;

use serde::Deserialize;
use serde_json::value::RawValue;

use self::output::Key;
use crate::{
    EngineError, StopReason, TokenCount,
    providers::{
        dialect::{
            Counts,
            counts::{Details, count, greatest, loose},
            said::Said,
            support::{from_json, word},
        },
        http::Answer,
    },
};

pub(super) fn read(part: &str, answer: &mut Answer) -> Result<(), EngineError> {
    let mut event: Event = from_json(part)?;
    event.key = from_json(part)?;
    let response = event.response.map(RawValue::get).map(from_json::<Option<Response>>);
    let response = response.and_then(Result::ok).flatten();
    if let Some(response) = &response {
        answer.count(response.usage.into());
    }
    answer.know(event.kind.starts_with("response.") || event.object == "response");
    match &*event.kind {
        "response.output_text.delta" => answer.say(event.delta),
        "response.refusal.delta" => answer.refusal(event.delta.all()),
        "response.reasoning_text.delta" | "response.reasoning_summary_text.delta" => {
            answer.reasoning(event.delta.all());
        }
        // Some servers send no deltas, and the text only at the end of a part or of the whole.
        "response.output_text.done" => answer.say_part(event.text),
        "response.content_part.done" => answer.say_whole(event.part),
        "response.output_item.added" => output::begin(&event.key, event.item, answer)?,
        "response.function_call_arguments.delta" => {
            output::piece(&event.key, &event.delta.text, answer);
        }
        "response.function_call_arguments.done" => {
            output::arguments_end(&event.key, event.arguments, answer)?;
        }
        "response.output_item.done" => output::end(&event.key, event.item, answer)?,
        "response.completed"
        | "response.incomplete"
        | "response.failed"
        | "response.cancelled"
        | "response.done" => {
            end(&event.kind, response.unwrap_or_default(), answer)?;
        }
        "keepalive" | "response.in_progress" => answer.keep_alive(),
        "error" => {
            // The event holds an error object, or the event itself is the error object.
            answer.failed(event.error.map_or(part, RawValue::get));
        }
        // The whole response of a server that does not stream.
        _ if event.object == "response" => {
            let response: Response = from_json(part)?;
            answer.count(response.usage.into());
            end(&event.kind, response, answer)?;
        }
        "" => {
            answer.error(event.error);
            answer.error_in(part);
        }
        _ => {}
    }
    Ok(())
}

fn end(kind: &str, response: Response<'_>, answer: &mut Answer) -> Result<(), EngineError> {
    output::whole(response.output, answer)?;
    answer.error(response.error);
    let details = response.incomplete_details.reason;
    let is_failed = [kind, &*response.status]
        .iter()
        .any(|it| matches!(*it, "response.failed" | "failed" | "response.cancelled" | "cancelled"));
    if is_failed {
        answer.finish("failed");
    } else if details.is_empty() {
        answer.stopped(StopReason::EndTurn);
    } else {
        answer.finish(&details);
    }
    answer.over();
    Ok(())
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type", default, deserialize_with = "word")]
    kind: String,
    #[serde(default, deserialize_with = "word")]
    object: String,
    #[serde(default)]
    delta: Said,
    #[serde(default)]
    text: Said,
    #[serde(default)]
    part: Said,
    #[serde(borrow)]
    item: Option<&'a RawValue>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(skip)]
    key: Key,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Response<'a> {
    #[serde(default, deserialize_with = "word")]
    status: String,
    #[serde(borrow)]
    output: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "loose")]
    incomplete_details: Incomplete,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "loose")]
    usage: Usage,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Incomplete {
    #[serde(deserialize_with = "word")]
    reason: String,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Usage {
    #[serde(deserialize_with = "count")]
    input_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    output_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    prompt_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    completion_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    total_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "loose")]
    input_tokens_details: Details,
    #[serde(deserialize_with = "loose")]
    prompt_tokens_details: Details,
    #[serde(deserialize_with = "loose")]
    output_tokens_details: Details,
}

impl From<Usage> for Counts {
    fn from(usage: Usage) -> Self {
        Self {
            input: usage.input_tokens.or(usage.prompt_tokens),
            cached: greatest([
                usage.input_tokens_details.cached_tokens,
                usage.prompt_tokens_details.cached_tokens,
            ]),
            cache_written: None,
            output: usage.output_tokens.or(usage.completion_tokens),
            reasoning: usage.output_tokens_details.reasoning_tokens,
            total: usage.total_tokens,
        }
    }
}
