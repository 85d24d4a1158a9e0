//! What is logged.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tracing_subscriber::{Layer, filter::filter_fn, layer::SubscriberExt};
use yoi_mcp::{McpEndpoint, McpServer};

use crate::support::{HttpProcess, Log, SECRET, call, command};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

// The only test that sets what takes events in the whole process, so other tests are in it too.
#[tokio::test]
async fn neither_arguments_nor_results_nor_secrets_are_logged() {
    let lines = Lines::default();
    let writer = lines.clone();
    // The SDK logs messages at `trace`, and says so.
    let is_told = |told: &tracing::Metadata<'_>| *told.level() <= tracing::Level::DEBUG;
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(move || writer.clone())
        .with_filter(filter_fn(is_told));
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
    let log = Log::new();
    let stdio = McpServer::builder("s", command(&[], &log)).connect().await.unwrap();
    let process = HttpProcess::start(&[], &log).await;
    let endpoint = McpEndpoint::new(process.url()).bearer_token("the-right-token");
    let http = McpServer::builder("s", endpoint).connect().await.unwrap();
    for server in [&stdio, &http] {
        let said = call(server, "echo", r#"{"text":"private-words"}"#).await;
        assert_eq!(said.text, "private-words");
        call(server, "secret", "{}").await;
        call(server, "refuses", "{}").await;
    }
    let logged = String::from_utf8_lossy(&lines.0.lock().unwrap()).into_owned();
    assert!(logged.contains("rmcp"), "nothing was logged");
    for private in ["private-words", SECRET, "the-right-token"] {
        let line = logged.lines().find(|line| line.contains(private));
        assert_eq!(line, None, "{private}");
    }
}
