//! Providers share connections, and yet each can be used on a tokio runtime of its own.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use llm_engine::{
    StopReason,
    providers::{ProviderConfig, ProviderKind},
};
use mock_provider::answers::CHAT;

use crate::support::{drain, policy, turn};

/// Serves requests on connections that stay open. Returns the address and a count of connections.
fn serve() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    let connections = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&connections);
    thread::spawn(move || {
        for connection in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            thread::spawn(move || while answer(&mut connection.as_ref().unwrap()).is_some() {});
        }
    });
    (base_url, connections)
}

/// Answers one request. `None` if the client has closed the connection.
fn answer(connection: &mut &TcpStream) -> Option<()> {
    let mut reader = BufReader::new(*connection);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(told) = line.strip_prefix("content-length: ") {
            length = told.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    let body = CHAT.iter().fold(String::new(), |body, data| body + "data: " + data + "\n\n");
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length";
    connection.write_all(format!("{head}: {}\r\n\r\n{body}", body.len()).as_bytes()).ok()
}

#[test]
fn a_connection_is_used_again_on_its_runtime_and_a_new_one_on_another() {
    let (base_url, connections) = serve();
    let build = || ProviderConfig::new(ProviderKind::OpenAi).base_url(&*base_url).build().unwrap();
    let first = build();
    for _ in 0..3 {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tokio.block_on(async {
            for _ in 0..3 {
                let outcome = drain(turn(build(), policy())).await;
                assert_eq!(outcome.result, Ok(StopReason::EndTurn));
                assert_eq!(outcome.text, "Hello");
            }
        });
    }
    drop(first);
    let connections = connections.load(Ordering::SeqCst);
    assert!((3..9).contains(&connections), "{connections} connections for 9 calls");
}
