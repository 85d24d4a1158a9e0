//! The document `rpc.json`: the methods of JSON-RPC 2.0, with what each takes and gives.

use serde_json::{Value, json};

use super::{
    definitions::{Definitions, tag, variants},
    naming,
};
use crate::{
    api,
    commands::RuntimeCommand,
    error::CODES,
    queries::RuntimeQuery,
    rpc::{ErrorObject, code_of},
};

/// A method, and the definitions in the bundle of what it takes and gives.
#[derive(Debug)]
pub(super) struct Method {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) description: String,
    pub(super) params: Part,
    pub(super) result: Part,
}

/// A definition in the bundle, or one variant of a definition that is a union.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) definition: &'static str,
    /// The variant's tag.
    pub(super) variant: Option<&'static str>,
}

impl Part {
    const fn whole(definition: &'static str) -> Self {
        Self { definition, variant: None }
    }

    const fn variant(definition: &'static str, variant: &'static str) -> Self {
        Self { definition, variant: Some(variant) }
    }

    /// Returns the name of the type that generators make: a title or the name of a definition.
    pub(super) fn title(self) -> String {
        self.variant
            .map_or_else(|| self.definition.to_owned(), |tag| naming::title(self.definition, tag))
    }

    /// Returns the schema of this part of its definition.
    pub(super) fn within(self, definition: &Value) -> &Value {
        let variant = variants(definition).iter().find(|variant| tag(variant) == self.variant);
        variant.unwrap_or(definition)
    }

    fn document(self) -> Value {
        let mut document = json!({ "title": self.title(), "definition": self.definition });
        if let Some(variant) = self.variant {
            document["type"] = variant.into();
        }
        document
    }
}

/// Returns all methods: the commands, the queries, and those that concern subscriptions.
pub(super) fn all(requests: &Definitions) -> Vec<Method> {
    let described = |part: Part| {
        let schema = part.within(&requests[part.definition]);
        schema["description"].as_str().unwrap_or_default().to_owned()
    };
    let method = |name, kind, params, result| Method {
        name,
        kind,
        description: described(params),
        params,
        result,
    };
    let commands = RuntimeCommand::REPLIES.iter().map(|&(name, reply)| {
        let params = Part::variant("RuntimeCommand", name);
        method(name, "command", params, Part::variant("CommandReply", reply))
    });
    let queries = RuntimeQuery::REPLIES.iter().map(|&(name, reply)| {
        let params = Part::variant("RuntimeQuery", name);
        method(name, "query", params, Part::variant("QueryReply", reply))
    });
    let subscriptions =
        [("subscribe", "Subscribe", "Subscribed"), ("unsubscribe", "Unsubscribe", "Unsubscribed")];
    let subscriptions = subscriptions.map(|(name, params, result)| {
        method(name, "subscription", Part::whole(params), Part::whole(result))
    });
    commands.chain(queries).chain(subscriptions).collect()
}

/// A code of JSON-RPC errors, and the codes of the Runtime's errors that come with it as data.
#[derive(Debug)]
pub(super) struct ErrorCode {
    pub(super) code: i64,
    pub(super) description: &'static str,
    pub(super) data: Vec<&'static str>,
}

/// Returns all codes of errors.
pub(super) fn errors() -> Vec<ErrorCode> {
    let described = [
        (ErrorObject::PARSE_ERROR, "The line is not JSON. The response has the id `null`."),
        (
            ErrorObject::INVALID_REQUEST,
            "The value is JSON, but not a request that can be answered.",
        ),
        (ErrorObject::METHOD_NOT_FOUND, "There is no such method. The message lists all methods."),
        (-32602, "The params are not as the method takes them."),
        (-32603, "The Runtime or its store failed."),
        (
            -32000,
            "The Runtime refused the request. Errors that a later version adds have this code too.",
        ),
    ];
    let error = |(code, description)| {
        let data = CODES.into_iter().filter(|name| code_of(name) == code).collect();
        ErrorCode { code, description, data }
    };
    described.map(error).into()
}

/// Returns the document.
pub(super) fn document(methods: &[Method]) -> Value {
    let methods: Vec<Value> = methods
        .iter()
        .map(|method| {
            json!({
                "name": method.name,
                "kind": method.kind,
                "description": method.description,
                "params": method.params.document(),
                "result": method.result.document(),
            })
        })
        .collect();
    let errors: Vec<Value> = errors()
        .into_iter()
        .map(|error| {
            let mut document = json!({ "code": error.code, "description": error.description });
            if !error.data.is_empty() {
                document["data"] = error.data.into();
            }
            document
        })
        .collect();
    json!({
        "title": "Methods",
        "description": DESCRIPTION,
        "api": { "major": api::MAJOR, "minor": api::MINOR },
        "methods": methods,
        "notifications": [{
            "name": "event",
            "description": "One item of a subscription. The first item follows the result of `subscribe`.",
            "params": Part::whole("EventNotification").document(),
        }],
        "error": Part::whole("ErrorObject").document(),
        "rules": RULES,
        "errors": errors,
    })
}

/// What a client must know of the messages besides their contents.
const RULES: [&str; 10] = [
    "A message is one line of JSON in UTF-8: a request `{jsonrpc, id, method, params?}`, a notification \
     without `id`, or a batch of up to 1024 of them. `jsonrpc` is `2.0`; an `id` is a text, a number or \
     `null`, of at most 1024 bytes.",
    "A response is `{jsonrpc, id, result}` or `{jsonrpc, id, error}`. A notification has none. A line that \
     cannot be read has an error with the `id` `null`.",
    "Requests begin in the order of their lines, and those that concern one Worker take effect in it. \
     Responses come as they are ready.",
    "A line that is longer than the limit `request_bytes` is skipped, and has the error `too_large` with \
     the `id` `null`.",
    "At most 1024 requests are in flight; further lines are read when some have been answered. Queries \
     with `wait_ms` that wait are counted apart, and past 4096 refused with `capacity_exhausted`.",
    "The results of a batch's queries have 16 MiB together. A query whose result does not fit has the error \
     `capacity_exhausted` of `batch_bytes`, and can be sent again on its own.",
    "`subscribe` needs an `id`, because only its result names the subscription. Its items come as \
     notifications `event`, the first one after the result, and none after the result of `unsubscribe`.",
    "A response that a client sends is ignored.",
    "A client that does not read delays its own responses and items, and nobody else.",
    "The end of the input, SIGINT or SIGTERM ends the session: responses that are due are written, turns \
     may finish within the grace that was set, and subscriptions run to `ended`.",
];

const DESCRIPTION: &str = "The API of a Runtime as JSON-RPC 2.0. `definition` names a definition in \
    `yoi.json`, and `type` an alternative of that definition. The params of a command or a query are \
    the fields of the alternative without `type`; the result is the whole alternative. `errors` lists \
    the codes of errors, and `data` lists the codes of the Runtime's errors that come as the `data` \
    of such an error.";
