//! Tests of how a server is reached: by the variable of Ollama, by address and through proxies.

use mock_provider::{
    MockProvider, Reply,
    answers::{CHAT, OLLAMA},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use super::end;
use crate::process::yoi;

async fn mock(reply: Reply) -> (MockProvider, String) {
    let mock = MockProvider::serve([reply.end()]).await;
    let port = mock.origin().rsplit(':').next().expect("there is a port").to_owned();
    (mock, port)
}

/// Has the model answer, and returns the first line of the request.
#[track_caller]
fn asked(arguments: &[&str], variable: (&str, &str), mock: &MockProvider) -> String {
    let mut command = yoi();
    command.args(["run", "hello", "--model", "m"]).args(arguments);
    let ended = end(command.env(variable.0, variable.1).env("TEST_KEY", "k"), "");
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("Hello\n", ""), "{variable:?}");
    mock.requests()[0].lines().next().expect("there is a line").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn ollama_is_where_ollama_itself_would_look() {
    for host in [":PORT", "127.0.0.1:PORT", "0.0.0.0:PORT", "http://localhost:PORT/", "\" :PORT\" "]
    {
        let (mock, port) = mock(Reply::lines(&OLLAMA)).await;
        let line = asked(&[], ("OLLAMA_HOST", &host.replace("PORT", &port)), &mock);
        assert_eq!(line, "POST /api/chat HTTP/1.1", "{host}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_address_is_read_as_people_copy_it() {
    for address in [
        "127.0.0.1:PORT",
        "localhost:PORT/v1/",
        "http://127.0.0.1:PORT/v1/chat/completions",
        "http://0.0.0.0:PORT/v1",
    ] {
        let (mock, port) = mock(Reply::events(&CHAT)).await;
        let line = asked(&["--base-url", &address.replace("PORT", &port)], ("X", ""), &mock);
        assert_eq!(line, "POST /v1/chat/completions HTTP/1.1", "{address}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proxies_are_of_http_or_socks() {
    let away = ["--base-url", "http://model.test/v1", "--key-env", "TEST_KEY"];
    let (http, _) = mock(Reply::events(&CHAT)).await;
    let line = asked(&away, ("HTTP_PROXY", http.origin()), &http);
    assert_eq!(line, "POST http://model.test/v1/chat/completions HTTP/1.1");

    let (model, port) = mock(Reply::events(&CHAT)).await;
    let proxy = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
    let address = proxy.local_addr().expect("the listener has an address");
    tokio::spawn(socks(proxy, port));
    let line = asked(&away, ("ALL_PROXY", &format!("socks5h://{address}")), &model);
    assert_eq!(line, "POST /v1/chat/completions HTTP/1.1");
}

/// A SOCKS proxy for one connection, which leads to `port` whatever is asked for.
async fn socks(proxy: TcpListener, port: String) {
    let (mut client, _) = proxy.accept().await.expect("a client connects");
    let mut methods = [0; 2];
    client.read_exact(&mut methods).await.expect("the client greets");
    let mut offered = vec![0; methods[1].into()];
    client.read_exact(&mut offered).await.expect("the client offers methods");
    client.write_all(&[5, 0]).await.expect("the client hears");
    let mut request = [0; 5];
    client.read_exact(&mut request).await.expect("the client asks");
    assert_eq!(request[..4], [5, 1, 0, 3], "the proxy is to look the name up");
    let mut name = vec![0; usize::from(request[4]) + 2];
    client.read_exact(&mut name).await.expect("the client names the host");
    assert!(name.starts_with(b"model.test"));
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.expect("the client hears");
    let port = port.parse().expect("it is a port");
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.expect("the server is there");
    // Either side may close the connection first.
    let _ = copy_bidirectional(&mut client, &mut server).await;
}
