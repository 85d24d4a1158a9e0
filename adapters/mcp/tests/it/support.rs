//! The example as a server, and calls of its tools.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use llm_engine::{Json, ToolContext, ToolEnd, ToolOutput};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::sleep,
};
use yoi_mcp::{McpCommand, McpServer, McpTools};

/// How long anything may take, on a machine that is busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The time in which a machine that is busy has surely begun a call.
pub(crate) const SHORT: Duration = Duration::from_secs(2);

/// A secret that the server is given and says wherever it can.
pub(crate) const SECRET: &str = "open-sesame-123";

/// The program of the server. It is an example of this package, which cargo builds before tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join("examples/server");
    assert!(program.exists(), "`cargo build --example server` makes what these tests need");
    program
}

/// What a server says that happens.
pub(crate) struct Log(TempDir);

impl Log {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("log")
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path()).unwrap_or_default();
        text.lines().map(ToOwned::to_owned).collect()
    }

    pub(crate) fn count(&self, line: &str) -> usize {
        self.lines().iter().filter(|it| *it == line).count()
    }

    pub(crate) async fn until(&self, line: &str) {
        eventually(line, || self.count(line) > 0).await;
    }
}

/// Waits until something is so in another process.
pub(crate) async fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// The command of the server that goes these ways.
pub(crate) fn command(ways: &[&str], log: &Log) -> McpCommand {
    McpCommand::new(program()).args(ways).env("SERVER_LOG", log.path()).env("SERVER_SECRET", SECRET)
}

/// A server over stdio that goes these ways.
pub(crate) async fn server(ways: &[&str], log: &Log) -> McpServer {
    McpServer::builder("s", command(ways, log)).connect().await.unwrap()
}

/// A server over HTTP. It is killed when it is dropped.
pub(crate) struct HttpProcess {
    pub(crate) child: Child,
    pub(crate) port: u16,
}

impl HttpProcess {
    pub(crate) async fn start(ways: &[&str], log: &Log) -> Self {
        let mut child = Command::new(program())
            .arg("http")
            .args(ways)
            .env("SERVER_LOG", log.path())
            .env("SERVER_SECRET", SECRET)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next_line().await.unwrap().unwrap().parse().unwrap();
        Self { child, port }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/mcp", self.port)
    }
}

/// Begins a call of a tool, by its name at the server.
pub(crate) fn begin(
    tools: &McpTools,
    name: &str,
    arguments: &str,
    context: ToolContext,
) -> llm_engine::ToolFuture {
    let full = format!("s__{name}");
    let tool = tools.iter().find(|tool| tool.spec().name == full).unwrap();
    let input = tool.check(Json::parse(arguments).unwrap()).unwrap();
    tool.call(input, context)
}

/// Calls a tool to the end.
pub(crate) async fn call(server: &McpServer, name: &str, arguments: &str) -> ToolOutput {
    output(begin(&server.tools(), name, arguments, ToolContext::new("key")).await)
}

pub(crate) fn output(end: ToolEnd) -> ToolOutput {
    let ToolEnd::Done(output) = end else { panic!("the call is not over: {end:?}") };
    output
}

/// Returns whether a process runs.
pub(crate) fn runs(id: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(id).join("stat"));
    // One that nobody has waited for is dead all the same.
    stat.is_ok_and(|stat| !stat.contains(") Z"))
}
