//! The provider that is checked.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use super::{Check, Violation};
use crate::{
    Block, Json, Message, ModelCall, ModelRequest, OnUncertain, Provider, Sampling, Step,
    ToolEffects, ToolExecutor, ToolResult, ToolSpec,
};

/// A provider, and the facts about it that the checks need.
#[derive(Clone)]
pub struct Subject {
    pub(super) provider: Arc<dyn Provider>,
    pub(super) model: Option<Arc<str>>,
    pub(super) calls_at_work: Option<Arc<dyn Fn() -> usize + Send + Sync>>,
    pub(super) call_limit: Duration,
    pub(super) poll_limit: Duration,
}

impl Subject {
    /// Creates a subject whose provider answers `hello` within 30 s and blocks its thread for at
    /// most 250 ms.
    pub fn new(provider: Arc<dyn Provider>) -> Self {
        Self {
            provider,
            model: None,
            calls_at_work: None,
            call_limit: Duration::from_secs(30),
            poll_limit: Duration::from_millis(250),
        }
    }

    /// Sets the model of all requests.
    #[must_use]
    pub fn model(mut self, model: impl Into<Arc<str>>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Sets a function that counts the calls in progress, such as the open requests of a test
    /// server.
    ///
    /// Without it, the checks cannot see work that begins too early or goes on after a drop.
    #[must_use]
    pub fn probe(mut self, calls_at_work: impl Fn() -> usize + Send + Sync + 'static) -> Self {
        self.calls_at_work = Some(Arc::new(calls_at_work));
        self
    }

    /// Sets the longest time for a call to end.
    #[must_use]
    pub fn call_limit(mut self, limit: Duration) -> Self {
        self.call_limit = limit;
        self
    }

    /// Sets the longest time for a single poll. The best of three calls counts, so that a busy
    /// machine is not reported as a violation.
    #[must_use]
    pub fn poll_limit(mut self, limit: Duration) -> Self {
        self.poll_limit = limit;
        self
    }

    /// Returns an ordinary request, for a short answer.
    pub(super) fn ordinary(&self) -> ModelRequest {
        ModelRequest {
            model: self.model.clone(),
            instructions: Some("Answer with one word.".into()),
            messages: vec![Message::user("hello")],
            sampling: Sampling { max_output_tokens: Some(16), ..Sampling::default() }.into(),
            ..ModelRequest::default()
        }
    }

    /// Returns unusual requests that a host may make, each with a label.
    pub(super) fn odd(&self) -> Vec<(&'static str, ModelRequest)> {
        let of = |messages: Vec<Message>| ModelRequest { messages, ..self.ordinary() };
        let instructed = |instructions: Option<&str>| ModelRequest {
            instructions: instructions.map(Into::into),
            ..self.ordinary()
        };
        vec![
            ("no instructions", instructed(None)),
            ("empty instructions", instructed(Some(""))),
            ("no messages", of(vec![])),
            ("an empty message", of(vec![Message::user("")])),
            ("only the application speaks", of(vec![Message::system("greet the user")])),
            (
                "the assistant speaks first",
                of(vec![Message::assistant("hi"), Message::user("hello")]),
            ),
            (
                "the assistant speaks last",
                of(vec![Message::user("hello"), Message::assistant("hi")]),
            ),
            ("the user speaks twice", of(vec![Message::user("hello"), Message::user("again")])),
            (
                "the application interrupts",
                of(vec![
                    Message::user("hello"),
                    Message::assistant("hi"),
                    Message::system("the user is in a hurry"),
                    Message::user("go on"),
                ]),
            ),
            ("unusual characters", of(vec![Message::user("\u{0}\u{202e}\"\\\u{1f600}\r\n")])),
        ]
    }

    /// Returns requests with a tool, with calls of it, or with both, each with a label. Fails only
    /// if they cannot be made.
    pub(super) fn calling(&self) -> Result<[(&'static str, ModelRequest); 3], Violation> {
        let lost = |what: &str| Violation::new(Check::Calls, format!("{what} cannot be made"));
        let schema = r#"{"type": "object", "properties": {"city": {"type": "string"}}}"#;
        let schema = Json::parse(schema).map_err(|_| lost("a schema"))?;
        let tools = vec![tool("weather", "Tells the weather of a city.", schema)];
        let call = |city: &str| {
            let arguments = format!(r#"{{"city": "{city}"}}"#);
            Block::Call(ModelCall::new("weather", arguments))
        };
        let blocks = vec![Block::Text("Let me see.".into()), call("Oslo"), call("Rome")];
        let results = vec![ToolResult::new("rain"), ToolResult::error("there is no such city")];
        let step = Step::new(blocks, results).map_err(|_| lost("a step"))?;
        let called = || ModelRequest {
            messages: vec![
                Message::user("How is the weather?"),
                Message::step(step.clone()),
                Message::user("hello"),
            ],
            ..self.ordinary()
        };
        Ok([
            ("a request with a tool", self.ordinary().tools(tools.clone())),
            ("a request with a tool and with calls of it", called().tools(tools)),
            ("a request with calls of a tool that is not offered", called()),
        ])
    }

    pub(super) fn at_work(&self) -> Option<usize> {
        self.calls_at_work.as_ref().map(|count| count())
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("provider", &self.provider.name())
            .field("model", &self.model)
            .field("call_limit", &self.call_limit)
            .field("poll_limit", &self.poll_limit)
            .finish_non_exhaustive()
    }
}

fn tool(name: &str, description: &str, schema: Json) -> ToolSpec {
    ToolSpec {
        name: name.to_owned(),
        description: description.to_owned(),
        title: None,
        input_schema: schema,
        executor: ToolExecutor::External,
        effects: ToolEffects::None,
        parallel: None,
        approval: None,
        on_uncertain: OnUncertain::Tell,
        key: None,
        output_schema: None,
        timeout_ms: None,
        output_bytes: None,
        meta: BTreeMap::new(),
    }
}
