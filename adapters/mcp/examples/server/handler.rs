//! What the tools of the server do.

use std::{
    borrow::Cow,
    io::Write,
    process::{Command, exit},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rmcp::{
    RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, CancelledNotificationParam,
        ContentBlock, DiscoverRequestMethod, DiscoverResult, ErrorData, InputRequiredResult,
        ListToolsResult, PaginatedRequestParams, ProgressNotificationParam, ProtocolVersion,
        ServerCapabilities, ServerConfig, SubscriptionFilter, ToolListChangedNotification,
    },
    service::{NotificationContext, RequestContext, SubscriptionContext},
};
use serde_json::{Value, json};
use tokio::{sync::watch, time::sleep};

use crate::list;

/// What all connections share.
pub(crate) struct State {
    is_old: bool,
    is_huge: bool,
    /// The version of the tool `pinned`, told to those who listen.
    version: watch::Sender<usize>,
    /// How often somebody was asked to have patience.
    patience: AtomicUsize,
}

impl State {
    pub(crate) fn new(is_old: bool, is_huge: bool) -> Self {
        let (version, _) = watch::channel(0);
        Self { is_old, is_huge, version, patience: AtomicUsize::new(0) }
    }
}

#[derive(Clone)]
pub(crate) struct Handler(pub(crate) Arc<State>);

/// Tells the test what happens.
pub(crate) fn log(line: &str) {
    let Ok(path) = std::env::var("SERVER_LOG") else { return };
    if let Ok(mut file) = std::fs::File::options().create(true).append(true).open(path) {
        // In one piece, because several do this at once.
        let _ = file.write_all(format!("{line}\n").as_bytes());
    }
}

fn secret() -> String {
    std::env::var("SERVER_SECRET").unwrap_or_default()
}

fn said(text: impl Into<String>) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text.into())])
}

impl Handler {
    async fn run(
        &self,
        request: CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        Ok(CallToolResponse::Complete(match &*request.name {
            "echo" => said(arguments.get("text").and_then(Value::as_str).unwrap_or_default()),
            "structured" => CallToolResult::structured(json!({"sum": 5})),
            "image" => CallToolResult::success(vec![
                ContentBlock::text("a picture"),
                ContentBlock::image("AAAA".repeat(4115), "image/png"),
            ]),
            "fails" => CallToolResult::error(vec![ContentBlock::text("no such file")]),
            "refuses" => {
                let words = format!("\u{1b}[31mno\u{202e} {} {}", secret(), "x".repeat(5000));
                return Err(ErrorData::internal_error(words, None));
            }
            "nothing" => CallToolResult::success(Vec::new()),
            "slow" => return self.slow(&arguments, context).await,
            "progress" => return Self::progress(context).await,
            "die" => exit(1),
            "change" => {
                self.0.version.send_modify(|version| *version += 1);
                if self.0.is_old {
                    let _ = context.peer.notify_tool_list_changed().await;
                }
                said("changed")
            }
            "secretly" => {
                self.0.version.send_if_modified(|version| {
                    *version += 1;
                    false
                });
                said("changed")
            }
            "ask" => return Ok(ask(request.input_responses, request.request_state)),
            "patience" => match self.0.patience.fetch_add(1, Ordering::SeqCst) {
                0 | 1 => return Ok(InputRequiredResult::from_request_state("later").into()),
                _ => said(request.request_state.unwrap_or_default()),
            },
            "secret" => said(secret()),
            "child" => said(child()?),
            "meta" => said(serde_json::to_string(&context.meta.0.0).unwrap_or_default()),
            "offered" => said(json!(context.client_capabilities()).to_string()),
            "pinned" => said("pinned"),
            name => return Err(ErrorData::invalid_params(format!("no tool {name}"), None)),
        }))
    }

    /// Waits, and answers even if it is cancelled.
    async fn slow(
        &self,
        arguments: &serde_json::Map<String, Value>,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        log("slow began");
        let time = arguments.get("ms").and_then(Value::as_u64).unwrap_or(600_000);
        tokio::select! {
            () = context.ct.cancelled() => log("slow cancelled"),
            () = sleep(Duration::from_millis(time)) => log("slow ended"),
        }
        Ok(said("at last").into())
    }

    async fn progress(context: &RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
        let Some(token) = context.meta.get_progress_token() else { return Ok(said("none").into()) };
        for step in 1..=3_u32 {
            let told = ProgressNotificationParam::new(token.clone(), f64::from(step));
            let told = told.with_total(3.0).with_message(format!("step\n{step}"));
            let _ = context.peer.notify_progress(told).await;
            // Longer than a message can take.
            sleep(Duration::from_millis(300)).await;
        }
        Ok(said("done").into())
    }
}

fn ask(
    responses: Option<std::collections::BTreeMap<String, Value>>,
    state: Option<String>,
) -> CallToolResponse {
    if let Some(responses) = responses {
        return said(format!("{} {}", state.unwrap_or_default(), json!(responses))).into();
    }
    let schema = json!({"type": "object", "properties": {"sure": {"type": "boolean"}}});
    let params = json!({"mode": "form", "message": "Are you sure?", "requestedSchema": schema});
    let request = json!({"confirm": {"method": "elicitation/create", "params": params}});
    let requests = serde_json::from_value(request).ok();
    InputRequiredResult::new(requests, Some("the state".to_owned())).into()
}

/// Starts a process that outlives this one unless somebody ends it.
fn child() -> Result<String, ErrorData> {
    let child = Command::new("sleep").arg("600").stdin(std::process::Stdio::null()).spawn();
    let failed = |error: std::io::Error| ErrorData::internal_error(error.to_string(), None);
    child.map(|child| child.id().to_string()).map_err(failed)
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let mut capabilities = ServerCapabilities::default();
        capabilities.tools =
            Some(serde_json::from_value(json!({"listChanged": true})).unwrap_or_default());
        ServerConfig::new(capabilities)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        let all = ProtocolVersion::KNOWN_VERSIONS;
        Cow::Owned(all.iter().filter(|it| !self.0.is_old || it.has_initialize()).cloned().collect())
    }

    async fn discover(&self, _: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        if self.0.is_old {
            return Err(ErrorData::method_not_found::<DiscoverRequestMethod>());
        }
        let versions = self.supported_protocol_versions().into_owned();
        Ok(DiscoverResult::from_server_info(versions, self.get_info()))
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        list::page(*self.0.version.borrow(), self.0.is_huge, request)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        log(&format!("called {}", request.name));
        self.run(request, &context).await
    }

    async fn on_cancelled(
        &self,
        told: CancelledNotificationParam,
        _: NotificationContext<RoleServer>,
    ) {
        log(&format!("told: {}", told.reason.unwrap_or_default()));
    }

    fn accepted_subscription_filter(
        &self,
        asked: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(asked.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let mut version = self.0.version.subscribe();
        loop {
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                changed = version.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                    let told = ToolListChangedNotification::default().into();
                    let _ = context.sink().send(told).await;
                }
            }
        }
    }
}
