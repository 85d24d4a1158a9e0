//! A server that was written by hand, and badly: it reads one message, deals with it, reads on.

use std::{
    io::{BufRead, Write},
    thread::sleep,
    time::Duration,
};

use serde_json::{Value, json};

/// Serves until nothing more comes.
pub(crate) fn serve(is_circle: bool) -> std::io::Result<()> {
    let mut output = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        let Ok(message) = serde_json::from_str::<Value>(&line?) else { continue };
        let Some(id) = message.get("id") else { continue };
        let answer = match message["method"].as_str().unwrap_or_default() {
            "initialize" => json!({"result": {
                "protocolVersion": "2024-11-05", "capabilities": {"tools": {}},
                "serverInfo": {"name": "raw", "version": "0"},
            }}),
            "tools/list" => {
                let tool = |name| json!({"name": name, "inputSchema": {"type": "object"}});
                let tools = ["late", "garbled", "odd", "id", "noisy"].map(tool);
                if is_circle {
                    json!({"result": {"tools": [], "nextCursor": "again"}})
                } else {
                    json!({"result": {"tools": tools}})
                }
            }
            "tools/call" => {
                let params = &message["params"];
                match params["name"].as_str().unwrap_or_default() {
                    "late" => {
                        let time = params["arguments"]["ms"].as_u64().unwrap_or(0);
                        sleep(Duration::from_millis(time));
                        json!({"result": {"content": [{"type": "text", "text": time.to_string()}]}})
                    }
                    "garbled" => {
                        writeln!(
                            output,
                            r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"#
                        )?;
                        continue;
                    }
                    "noisy" => {
                        std::io::stderr().write_all(&b"!".repeat(1024 * 1024))?;
                        json!({"result": {"content": []}})
                    }
                    "id" => {
                        let id = std::process::id().to_string();
                        json!({"result": {"content": [{"type": "text", "text": id}]}})
                    }
                    _ => json!({"result": {"content": "no list"}}),
                }
            }
            _ => json!({"error": {"code": -32601, "message": "not known"}}),
        };
        let mut answer = answer;
        answer["jsonrpc"] = json!("2.0");
        answer["id"] = id.clone();
        writeln!(output, "{answer}")?;
    }
    Ok(())
}
