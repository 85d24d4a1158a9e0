//! The answer of the Messages API.

mod block;

use serde::Deserialize;
use serde_json::value::RawValue;

use self::block::{Block, Delta, piece};
use crate::{
    EngineError, TokenCount,
    providers::{
        dialect::{
            Counts,
            counts::{count, greatest, loose},
            said::Said,
            support::{from_json, list, reason, word},
        },
        http::Answer,
    },
};

pub(super) fn read(part: &str, answer: &mut Answer) -> Result<(), EngineError> {
    let event: Event = from_json(part)?;
    answer.count(event.message.usage.into());
    answer.count(event.usage.into());
    answer.know(event.kind.starts_with("message") || event.kind.starts_with("content_block"));
    match &*event.kind {
        "content_block_start" => Block::start(event.content_block, event.index, answer)?,
        "content_block_delta" => Delta::read(event.delta, event.index, answer),
        "content_block_stop" => block::stop(event.index, answer),
        "message_delta" => answer.finish(&piece::<End>(event.delta).stop_reason),
        "message_stop" => answer.over(),
        "ping" => answer.keep_alive(),
        "error" => answer.failed(event.error.map_or(part, RawValue::get)),
        // The whole message of a server that does not stream.
        "message" => {
            let blocks = list(event.content)?;
            if blocks.is_empty() {
                answer.say(Said::of(event.content));
            }
            for block in blocks {
                Block::whole(block, answer)?;
            }
            answer.finish(&event.stop_reason);
            answer.over();
        }
        "" => {
            answer.error(event.error);
            answer.error_in(part);
        }
        _ => {}
    }
    Ok(())
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type", default, deserialize_with = "word")]
    kind: String,
    /// The number of a block of content.
    #[serde(default, deserialize_with = "loose")]
    index: i64,
    #[serde(borrow)]
    content_block: Option<&'a RawValue>,
    /// A piece of content, or the end of the whole message.
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "loose")]
    message: Message,
    #[serde(default, deserialize_with = "loose")]
    usage: Usage,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "reason")]
    stop_reason: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct End {
    #[serde(deserialize_with = "reason")]
    stop_reason: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Message {
    #[serde(deserialize_with = "loose")]
    usage: Usage,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Usage {
    #[serde(deserialize_with = "count")]
    input_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    cache_creation_input_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    cache_read_input_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    output_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "loose")]
    output_tokens_details: Details,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    #[serde(deserialize_with = "count")]
    reasoning_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    thinking_tokens: Option<TokenCount>,
}

impl From<Usage> for Counts {
    fn from(usage: Usage) -> Self {
        let details = usage.output_tokens_details;
        Self {
            input: usage.input_tokens,
            cached: usage.cache_read_input_tokens,
            cache_written: usage.cache_creation_input_tokens,
            output: usage.output_tokens,
            reasoning: greatest([details.reasoning_tokens, details.thinking_tokens]),
            total: None,
        }
    }
}
