//! Draws a lesson from a refusal: the switch that is set the wrong way.

use super::refusal::Refusal;
use crate::providers::{
    compatibility::{Compatibility, SystemMessages, SystemRole, TokenLimit},
    dialect::Ask,
};

/// Phrases of servers whose models know no messages of the application.
const NO_SYSTEM: [&str; 7] = [
    "system role not supported",
    "system role is not supported",
    "system message is not supported",
    "system messages are not supported",
    "system message not supported",
    "developer instruction is not enabled",
    "does not support 'system'",
];

/// Phrases of servers whose models know one message of the application, the first.
const FIRST_ONLY: [&str; 7] = [
    "system message must be at the beginning",
    "system messages must be at the beginning",
    "system message must be the first",
    "system message should be the first",
    "only the first message can be",
    "unexpected role 'system' after",
    "multiple system messages",
];

/// Phrases of servers whose models want user and assistant to take turns.
const ALTERNATING: [&str; 6] = [
    "roles must alternate",
    "must alternate between",
    "should alternate between",
    "expected last role user",
    "must end with a user message",
    "unexpected role 'user' after role 'tool'",
];

/// A phrase of servers that want ids of calls as Mistral has them.
const SHORT_IDS: [&str; 1] = ["with a length of 9"];

/// A phrase of servers some of whose models have no encrypted reasoning.
const UNENCRYPTED: [&str; 1] = ["encrypted content is not supported"];

/// Returns the lesson of a refusal of `ask`. `None` if the refusal names nothing that could be
/// asked otherwise, or if the switch was learned before.
pub(super) fn lesson(
    refusal: &Refusal,
    ask: &Ask<'_>,
    known: &Compatibility,
) -> Option<Compatibility> {
    field(refusal, ask, known).or_else(|| conversation(refusal, ask, known))
}

/// Returns what a refusal teaches about a field of the request.
fn field(refusal: &Refusal, ask: &Ask<'_>, known: &Compatibility) -> Option<Compatibility> {
    let (sampling, switches) = (&ask.request.sampling, &ask.switches);
    let none = Compatibility::new();
    if sampling.max_output_tokens.is_some() && known.token_limit.is_none() {
        let (old, new) = ("max_tokens", "max_completion_tokens");
        match switches.token_limit {
            // Only a server that wants the new name speaks of it.
            TokenLimit::MaxTokens if refusal.refuses(old) || refusal.names(new) => {
                return Some(none.token_limit(TokenLimit::MaxCompletionTokens));
            }
            TokenLimit::MaxCompletionTokens if refusal.refuses(new) => {
                return Some(none.token_limit(TokenLimit::MaxTokens));
            }
            TokenLimit::MaxTokens | TokenLimit::MaxCompletionTokens | TokenLimit::Unsent => {}
        }
    }
    if switches.stream_options && refusal.names("stream_options") {
        return Some(none.stream_options(false));
    }
    let sends_temperature = sampling.temperature.is_some() && switches.temperature;
    let sends_top_p = sampling.top_p.is_some() && switches.top_p;
    let names_both = refusal.names("temperature") && refusal.names("top_p");
    if sends_temperature && sends_top_p && names_both && refusal.says(&["both"]) {
        return Some(none.top_p(false));
    }
    if sends_temperature && refusal.refuses("temperature") {
        return Some(none.temperature(false));
    }
    if sends_top_p && refusal.refuses("top_p") {
        return Some(none.top_p(false));
    }
    tools(refusal, ask)
}

/// Returns what a refusal teaches about tools and calls.
fn tools(refusal: &Refusal, ask: &Ask<'_>) -> Option<Compatibility> {
    let (none, switches) = (Compatibility::new(), &ask.switches);
    let asks_for_reasoning = switches.encrypted_reasoning && !ask.request.tools.is_empty();
    let is_unknown = ["include", "encrypted_content"].iter().any(|field| refusal.refuses(field));
    if asks_for_reasoning && (is_unknown || refusal.says(&UNENCRYPTED)) {
        return Some(none.encrypted_reasoning(false));
    }
    let is_short = !switches.short_call_ids && refusal.says(&SHORT_IDS);
    is_short.then(|| none.short_call_ids(true))
}

/// Returns what a refusal teaches about the form of a conversation.
fn conversation(refusal: &Refusal, ask: &Ask<'_>, known: &Compatibility) -> Option<Compatibility> {
    let none = Compatibility::new();
    let switches = &ask.switches;
    if switches.system_role == SystemRole::Developer && refusal.refuses("developer") {
        return known.system_role.is_none().then(|| none.system_role(SystemRole::System));
    }
    if known.system.is_none() && switches.system != SystemMessages::Merged {
        if refusal.says(&NO_SYSTEM) {
            return Some(none.system(SystemMessages::Merged));
        }
        if switches.system == SystemMessages::Anywhere && refusal.says(&FIRST_ONLY) {
            return Some(none.system(SystemMessages::First));
        }
    }
    if !switches.alternating && refusal.says(&ALTERNATING) {
        let first = match switches.system {
            SystemMessages::Anywhere => SystemMessages::First,
            other => other,
        };
        return Some(none.alternating(true).system(first));
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::{
        ModelRequest, Sampling,
        providers::{dialect::Form, origin::Origin},
    };

    #[track_caller]
    fn check(message: &str, known: Compatibility, expected: Option<Compatibility>) {
        let sampling = Sampling::default().temperature(0.5).top_p(0.5).max_output_tokens(1);
        let tool = json!({"name": "f", "description": "", "input_schema": {"type": "object"}});
        let tools = vec![serde_json::from_value(tool).unwrap()];
        let request = ModelRequest::default().sampling(sampling).tools(tools);
        let switches = Compatibility::new().into();
        let form = Form { switches, extra: Map::new(), cache: false, provider: "".into() };
        let origin = Origin::default();
        let ask = Ask { request: &request, form: &form, switches: switches.with(known), origin };
        let body = json!({"error": {"message": message}}).to_string();
        let refusal = Refusal::read(body.as_bytes()).unwrap();
        assert_eq!(lesson(&refusal, &ask, &known), expected, "{message}");
    }

    #[test]
    fn a_refusal_that_names_what_is_wrong_teaches_it_once() {
        let none = Compatibility::new();
        for (message, learned) in [
            (
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
                 'max_completion_tokens' instead.",
                none.token_limit(TokenLimit::MaxCompletionTokens),
            ),
            ("Unknown field: stream_options", none.stream_options(false)),
            (
                "Unsupported value: 'temperature' does not support 0.5 with this model. Only the \
                 default (1) value is supported.",
                none.temperature(false),
            ),
            (
                "`temperature` and `top_p` cannot both be specified for this model.",
                none.top_p(false),
            ),
            (
                "Encrypted content is not supported with this model.",
                none.encrypted_reasoning(false),
            ),
            ("Unknown parameter: 'include'", none.encrypted_reasoning(false)),
            (
                "Tool call id was call_1 but must be a-z, A-Z, 0-9, with a length of 9.",
                none.short_call_ids(true),
            ),
            (
                "Unexpected role 'user' after role 'tool'",
                none.alternating(true).system(SystemMessages::First),
            ),
            ("System role not supported", none.system(SystemMessages::Merged)),
            ("System message must be at the beginning.", none.system(SystemMessages::First)),
            (
                "Conversation roles must alternate user/assistant/user/assistant/...",
                none.alternating(true).system(SystemMessages::First),
            ),
        ] {
            check(message, none, Some(learned));
            check(message, learned, None);
        }
    }

    #[test]
    fn other_refusals_teach_nothing() {
        for message in [
            "max_tokens is too large: 1. This model supports at most 0 tokens",
            "temperature must be between 0 and 1",
            "The model does not support images",
            "Unknown model: gpt-temperature",
            "",
        ] {
            check(message, Compatibility::new(), None);
        }
    }
}
