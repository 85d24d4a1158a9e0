//! A call of a tool, from the check that the tool is still the same to the end.

use std::{sync::Arc, time::Duration};

use llm_engine::{ToolContext, ToolEnd, ToolInput};
use rmcp::model::{CallToolRequestParams, CallToolResult, InputRequiredResult, ServerResult};
use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    ask::{Asked, Given, Required},
    connection::Connection,
    failure::Failure,
    link::Link,
    listing::Listed,
    output,
};

/// The time that a call may take, for a tool whose description does not say.
const CALL_TIME: Duration = Duration::from_mins(1);

/// The longest time that is waited for anything.
const AGES: Duration = Duration::from_hours(24 * 365);

/// How often a server may say that it needs more time, and the pause after each.
const PATIENCE: u32 = 20;
const PAUSE: Duration = Duration::from_millis(250);

/// The time after the deadline of a host in which the host cuts the call itself: it knows better
/// what a call without a result means.
const AFTER: Duration = Duration::from_secs(1);

/// Calls a tool that was offered.
pub(crate) async fn call(
    link: &Arc<Link>,
    tool: &Listed,
    input: &ToolInput,
    context: &ToolContext,
) -> ToolEnd {
    let limit = tool.spec.timeout_ms.map_or(CALL_TIME, |ms| Duration::from_millis(ms.get()));
    let own = Instant::now() + limit.min(AGES);
    let deadline = context.deadline().map_or(own, |deadline| deadline.min(own) + AFTER);
    let ended = Call { link, tool, input, context, deadline }.run().await;
    ended.unwrap_or_else(|failure| ToolEnd::Done(failure.output(tool.spec.effects)))
}

struct Call<'a> {
    link: &'a Arc<Link>,
    tool: &'a Listed,
    input: &'a ToolInput,
    context: &'a ToolContext,
    deadline: Instant,
}

impl Call<'_> {
    /// Sends the call over a connection, and once more over another if the server surely was not
    /// given it, for example because it was started anew.
    async fn run(&self) -> Result<ToolEnd, Failure> {
        let end = match self.attempt().await {
            Err(Failure::NotSent(_)) => self.attempt().await,
            end => end,
        };
        end.map_err(|failure| if self.began_before() { failure.begun() } else { failure })
    }

    /// Returns whether the call goes on after an answer to what it asked.
    fn began_before(&self) -> bool {
        self.context.state().is_some()
    }

    async fn attempt(&self) -> Result<ToolEnd, Failure> {
        let connection = self.connection().await?;
        if self.link.lists(&self.tool.spec.name, &self.tool.digest) {
            return self.exchange(&connection).await;
        }
        let changed = "tool_changed: the server has another tool of this name than the one that \
                       was offered, or none";
        Err(if self.began_before() {
            Failure::Lost(changed.into())
        } else {
            Failure::Answered(format!("{changed}; nothing was run").into())
        })
    }

    async fn connection(&self) -> Result<Arc<Connection>, Failure> {
        match timeout_at(self.deadline, self.link.connection()).await {
            Ok(Ok(connection)) => Ok(connection),
            // The words of the error may have more of the server than the model needs.
            Ok(Err(_)) => Err(Failure::NotSent("the server cannot be reached".into())),
            Err(_) => Err(Failure::NotSent("the server was not reached in time".into())),
        }
    }

    /// Sends the call until the server has answered it or asks for an input.
    async fn exchange(&self, connection: &Arc<Connection>) -> Result<ToolEnd, Failure> {
        let unreadable = |_| Failure::Answered("what the call asked before cannot be read".into());
        let asked = Asked::of(self.context.state()).map_err(unreadable)?;
        let mut given = asked.given(self.context.answers()).map_err(unreadable)?;
        for round in 0..PATIENCE {
            let answer = self.answer(connection, given).await;
            match answer.map_err(|failure| if round == 0 { failure } else { failure.begun() })? {
                ServerResult::CallToolResult(result) => {
                    return Ok(ToolEnd::Done(output::output(result)));
                }
                // A result without anything in it.
                ServerResult::EmptyResult(_) => {
                    return Ok(ToolEnd::Done(output::output(CallToolResult::default())));
                }
                ServerResult::InputRequiredResult(result) => {
                    match self.required(&asked, result)? {
                        Required::Question(question) => return Ok(question),
                        Required::Patience(state) => {
                            given = Given { responses: None, request_state: Some(state) };
                        }
                        Required::Refused(reason) => return Err(cannot_end(&reason)),
                    }
                }
                _ => return Err(Failure::Lost("the answer of the server is no result".into())),
            }
            if timeout_at(self.deadline, sleep(PAUSE)).await.is_err() {
                break;
            }
        }
        Err(cannot_end("it needs more time"))
    }

    /// Sends the call once and waits for the answer.
    async fn answer(
        &self,
        connection: &Arc<Connection>,
        given: Given,
    ) -> Result<ServerResult, Failure> {
        let no_object = |_| Failure::Answered("the arguments are no JSON object".into());
        let arguments = self.input.json().to().map_err(no_object)?;
        let mut params =
            CallToolRequestParams::new(self.tool.remote.clone()).with_arguments(arguments);
        params.input_responses = given.responses;
        params.request_state = given.request_state;
        let sending = timeout_at(self.deadline, connection.send(params, self.context));
        let sent = match sending.await {
            Ok(Ok(sent)) => sent,
            Ok(Err(_)) => {
                connection.retire();
                return Err(Failure::NotSent("the connection is closed".into()));
            }
            Err(_) => return Err(Failure::NotSent("the server was too busy".into())),
        };
        match timeout_at(self.deadline, sent.answer()).await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(error)) => {
                let failure = Failure::of(&error, self.link.secrets());
                if !matches!(failure, Failure::Answered(_)) {
                    connection.retire();
                }
                Err(failure)
            }
            Err(_) => Err(Failure::Lost("the server did not answer in time".into())),
        }
    }

    fn required(&self, asked: &Asked, result: InputRequiredResult) -> Result<Required, Failure> {
        let unreadable = |_| cannot_end("what it asks for cannot be read");
        asked.required(result, self.link.secrets()).map_err(unreadable)
    }
}

/// The failure of a call whose server wants something first.
fn cannot_end(reason: &str) -> Failure {
    Failure::Lost(format!("the server did not finish the call: {reason}").into())
}
