//! A server of the Model Context Protocol that does what a test needs: `server [WAY]...`.
//!
//! The ways are `http` (else stdio; the port is its first line; `port N` asks for one), `old` (it
//! knows only protocols with `initialize`), `raw` (it is written by hand; with `circle` its
//! list has no end), `huge` (it has thousands
//! of tools), `garbage` (it begins with lines that are no messages), `silent` (it says nothing at
//! all), `slow-start` (it takes three seconds to start) and `broken` (it ends at once, with a secret on its standard error). What happens is told in
//! lines of the file that `SERVER_LOG` names.

#![forbid(unsafe_code)]

mod handler;
mod list;
mod raw;

use std::{io::Write, sync::Arc};

use axum::{
    Router,
    extract::Request,
    http::StatusCode,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use handler::{Handler, State};
use rmcp::{
    ServiceExt,
    transport::{
        StreamableHttpServerConfig, StreamableHttpService, stdio,
        streamable_http_server::session::local::LocalSessionManager,
    },
};

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let ways: Vec<String> = std::env::args().skip(1).collect();
    let goes = |way: &str| ways.iter().any(|it| it == way);
    if goes("silent") {
        std::future::pending::<()>().await;
    }
    if goes("raw") {
        return Ok(raw::serve(goes("circle"))?);
    }
    let mut output = std::io::stdout();
    if goes("broken") {
        let secret = std::env::var("SERVER_SECRET").unwrap_or_default();
        std::io::stderr().write_all(format!("no way with {secret}\n").as_bytes())?;
        return Err("broken".into());
    }
    if goes("garbage") {
        output.write_all(b"no message\n\n\xff\xfe\n{\n")?;
    }
    handler::log("started");
    if goes("slow-start") {
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    }
    let state = Arc::new(State::new(goes("old"), goes("huge")));
    if goes("http") {
        let given = ways.iter().skip_while(|way| *way != "port").nth(1);
        let port = given.map_or(Ok(0), |port| port.parse())?;
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
        writeln!(output, "{}", listener.local_addr()?.port())?;
        return serve_http(state, listener).await;
    }
    Handler(state).serve(stdio()).await?.waiting().await?;
    Ok(())
}

async fn serve_http(state: Arc<State>, listener: tokio::net::TcpListener) -> Result<(), Failure> {
    let handler = move || Ok(Handler(Arc::clone(&state)));
    let config = StreamableHttpServerConfig::default();
    let service: StreamableHttpService<Handler, LocalSessionManager> =
        StreamableHttpService::new(handler, Arc::default(), config);
    let app = Router::new().nest_service("/mcp", service).layer(from_fn(with_token));
    axum::serve(listener, app).await?;
    Ok(())
}

/// Lets only those in who have the token.
async fn with_token(request: Request, next: Next) -> Response {
    let token = request.headers().get("authorization").and_then(|it| it.to_str().ok());
    if token == Some("Bearer the-right-token") {
        return next.run(request).await;
    }
    StatusCode::UNAUTHORIZED.into_response()
}
