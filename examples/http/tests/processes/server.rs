//! A server in a folder of its own, and a client of it.

use std::{fs, net::TcpListener, path::Path, process::Stdio};

use reqwest::{RequestBuilder, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::{events::Events, within};

/// The token of the tenant `acme`.
pub(crate) const TOKEN: &str = "a-token-of-the-tenant-acme";

const PROFILES: &str = r#"
default = "echo"

[profiles.echo]
provider = "echo"

[profiles.slow]
provider = "echo"
delay_ms = 40

[profiles.endless]
provider = "echo"
delay_ms = 600_000
"#;

/// The files of a server.
pub(crate) struct Folder {
    folder: TempDir,
}

/// A server that listens. It is killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    http: reqwest::Client,
    pub(crate) address: String,
}

/// Returns the command that runs the server, with the tokens in the environment.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_example-http"));
    command
        .env("ACME_TOKEN", TOKEN)
        .env("OPERATOR_TOKEN", "a-token-of-the-operators")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    command
}

impl Folder {
    /// Makes the files of a server that listens at a free port, always the same.
    pub(crate) fn new() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("an address").to_string();
        let folder = Self { folder: tempfile::tempdir().expect("a folder") };
        let config = format!(
            "listen = {address:?}\nstore = '{}'\nprofiles = '{}'\noperator_token = \
             \"OPERATOR_TOKEN\"\npatience = 300\n[tenant_tokens]\nacme = \"ACME_TOKEN\"\n",
            folder.path().join("talks.sqlite").display(),
            folder.path().join("profiles.toml").display(),
        );
        fs::write(folder.path().join("server.toml"), config).expect("a file");
        fs::write(folder.path().join("profiles.toml"), PROFILES).expect("a file");
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a server, which need not listen yet.
    pub(crate) fn spawn(&self) -> Child {
        command().arg(self.path().join("server.toml")).spawn().expect("a process")
    }

    pub(crate) async fn start(&self) -> Server {
        Server::of(self.spawn()).await
    }
}

impl Server {
    /// Waits until the process listens.
    pub(crate) async fn of(mut child: Child) -> Self {
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let line = within("the address", lines.next_line()).await.expect("text").expect("a line");
        let address = line.strip_prefix("listening on http://").expect("an address").to_owned();
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let server = Self { child, http, address };
        let health = server.http.get(format!("http://{}/health", server.address));
        let health = within("the health", health.send()).await.expect("a response");
        assert_eq!(health.text().await.expect("a body"), "ok");
        server
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = self.child.id().expect("the process runs");
        let id = Pid::from_raw(id.try_into().expect("an id")).expect("an id");
        kill_process(id, signal).expect("the process is there");
    }

    /// Waits for the end of the process, and returns its exit code.
    pub(crate) async fn exit(mut self) -> Option<i32> {
        within("the end", self.child.wait()).await.expect("a status").code()
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("http://{}/v1{path}", self.address)).bearer_auth(TOKEN)
    }

    pub(crate) async fn post(&self, path: &str, request: &Value) -> (StatusCode, Value) {
        let url = format!("http://{}/v1{path}", self.address);
        let request = self.http.post(url).bearer_auth(TOKEN).json(request);
        let response = within("a response", request.send()).await.expect("a response");
        (response.status(), response.json().await.expect("JSON"))
    }

    pub(crate) async fn command(&self, command: &Value) -> Value {
        let (status, reply) = self.post("/commands", command).await;
        assert_eq!(status, StatusCode::OK, "{command}: {reply}");
        reply
    }

    /// Creates a Worker with this profile, and returns its reference.
    pub(crate) async fn create(&self, profile: &str) -> Value {
        let profile = json!({ "type": "named", "name": profile });
        let created = self.command(&json!({ "type": "create_worker", "profile": profile })).await;
        created["detail"]["worker"].clone()
    }

    pub(crate) async fn say(&self, worker: &Value, text: &str) {
        let input = json!({ "kind": "user", "text": text });
        self.command(&json!({ "type": "send_input", "worker": worker, "input": input })).await;
    }

    /// The texts of a Worker's transcript.
    pub(crate) async fn texts(&self, worker: &Value) -> Vec<String> {
        let query = json!({ "type": "get_transcript", "worker": worker });
        let (_, transcript) = self.post("/queries", &query).await;
        let entries = transcript["entries"].as_array().expect("entries");
        entries.iter().map(|it| it["text"].as_str().expect("a text").to_owned()).collect()
    }

    pub(crate) async fn events(&self, worker: &Value) -> Events {
        Events::of(self.get(&path(worker))).await
    }

    pub(crate) async fn events_after(&self, worker: &Value, id: &str) -> Events {
        Events::of(self.get(&path(worker)).header("last-event-id", id)).await
    }
}

fn path(worker: &Value) -> String {
    format!("/workers/{}/events", worker["worker_id"].as_str().expect("an id"))
}
