//! A server that others wrote, in another language, from the registry of npm.

use std::{path::PathBuf, process::Command};

use llm_engine::ToolSet;
use yoi_mcp::{McpCommand, McpServer};

use crate::support::call;

const PACKAGE: &str = "@modelcontextprotocol/server-everything";
const VERSION: &str = "2026.8.31";

/// Installs the server where the tests build, unless it is there, and returns its program.
fn installed() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("everything-{VERSION}"));
    let program = folder.join("node_modules").join(PACKAGE).join("dist/index.js");
    if !program.exists() {
        std::fs::create_dir_all(&folder).unwrap();
        let npm = Command::new("npm")
            .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"])
            .arg(&folder)
            .arg(format!("{PACKAGE}@{VERSION}"))
            .output()
            .expect("this test needs node and npm");
        let words = String::from_utf8_lossy(&npm.stderr);
        assert!(npm.status.success(), "npm cannot install {PACKAGE}@{VERSION}: {words}");
    }
    program
}

#[tokio::test]
async fn a_server_from_npm_is_listed_and_called() {
    let program = tokio::task::spawn_blocking(installed).await.unwrap();
    let command = McpCommand::new("node").arg(program).arg("stdio");
    let server = McpServer::builder("s", command).connect().await.unwrap();
    let tools = server.tools();
    assert_eq!(tools.left_out(), []);
    let set = ToolSet::new(tools).unwrap();
    assert!(set.get("s__echo").is_some() && set.specs().len() > 5, "{set:?}");
    assert!(call(&server, "echo", r#"{"message":"hello"}"#).await.text.contains("hello"));
    let sum = call(&server, "get-sum", r#"{"a":2,"b":3}"#).await;
    assert!(!sum.is_error && sum.text.contains('5'), "{sum:?}");
}
