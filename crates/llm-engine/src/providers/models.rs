//! The list of the models that a provider offers.

mod page;

use std::time::Duration;

use reqwest::{Method, Response, Url, header::ACCEPT};
use tokio::time::timeout;

use self::page::Page;
use super::{
    ConfigError, Protocol, ProviderConfig,
    failure::{Complaint, broken, of_complaint, of_response, protocol, unreachable},
    http::Server,
};
use crate::{EngineError, ErrorKind, ShortText, TokenCount};

/// The longest wait for the whole list.
const LIST_TIME: Duration = Duration::from_mins(1);

/// The most pages that are read.
const MOST_PAGES: usize = 50;

/// The largest page, in bytes.
const PAGE_BYTES: usize = 16 * 1024 * 1024;

/// The number of models that is asked for at once.
const PAGE_SIZE: &str = "1000";

/// A model that a provider offers.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct OfferedModel {
    /// The name by which the model is asked.
    pub name: String,
    /// The name for people, if the provider tells one.
    pub title: Option<ShortText>,
    /// The size of the model's context, if the provider tells it.
    pub context_tokens: Option<TokenCount>,
}

impl ProviderConfig {
    /// Checks the configuration like [`build`](Self::build), and returns the request for the models
    /// that the provider offers. Nothing is sent before it is polled.
    pub fn models(
        &self,
    ) -> Result<
        impl Future<Output = Result<Vec<OfferedModel>, EngineError>> + Send + use<>,
        ConfigError,
    > {
        let (server, protocol) = (self.server()?, self.kind.protocol());
        Ok(async move {
            let list = timeout(LIST_TIME, list(&server, protocol)).await;
            list.unwrap_or_else(|_| {
                Err(EngineError::new(
                    ErrorKind::Timeout,
                    format!("the list of models did not come within {LIST_TIME:?}; try again"),
                ))
            })
        })
    }
}

async fn list(server: &Server, protocol: Protocol) -> Result<Vec<OfferedModel>, EngineError> {
    let mut models = Vec::new();
    let mut next: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let page = page(server, url(server, protocol, next.as_deref())).await?;
        models.extend(page.models);
        if page.next.is_none() || page.next == next {
            return Ok(models);
        }
        next = page.next;
    }
    let what = format!("the list of models has more than {MOST_PAGES} pages; check base_url");
    Err(EngineError::new(ErrorKind::TooLarge, what))
}

/// Returns the address of the page that begins at `next`.
fn url(server: &Server, protocol: Protocol, next: Option<&str>) -> Url {
    let endpoint = &server.endpoint;
    let (mut url, size, token) = match protocol {
        Protocol::ChatCompletions | Protocol::Responses => return endpoint.of_models(),
        Protocol::OllamaChat => return endpoint.join(["api", "tags"]),
        Protocol::Messages => (endpoint.join_versioned("v1", &["models"]), "limit", "after_id"),
        Protocol::GenerateContent => {
            (endpoint.join_versioned("v1beta", &["models"]), "pageSize", "pageToken")
        }
    };
    url.query_pairs_mut().append_pair(size, PAGE_SIZE).extend_pairs(next.map(|next| (token, next)));
    url
}

async fn page(server: &Server, url: Url) -> Result<Page, EngineError> {
    let response = match send(server, url.clone()).await {
        // The server may have closed the connection of the last page just now.
        Err(error) if !error.is_connect() => send(server, url).await,
        answered => answered,
    };
    let response = response.map_err(|error| unreachable(&error, &server.endpoint.origin()))?;
    if !response.status().is_success() {
        return Err(server.secrets.hidden(of_response(response).await, None));
    }
    let head = response.headers().clone();
    let body = body(response).await?;
    Page::read(&body).ok_or_else(|| {
        let error = Complaint::read(&String::from_utf8_lossy(&body))
            .map_or_else(|| protocol("it is no list of models"), |said| of_complaint(&said));
        server.secrets.hidden(error, Some(&head))
    })
}

async fn send(server: &Server, url: Url) -> reqwest::Result<Response> {
    if let Some(log) = &server.log {
        log.request(&Method::GET, &url, &server.headers, b"");
    }
    let request = server.client.get(url).headers(server.headers.clone());
    let response = request.header(ACCEPT, "application/json").send().await?;
    if let Some(log) = &server.log {
        log.head(&response);
        if !response.status().is_success() {
            return Ok(log.body(response).await);
        }
    }
    Ok(response)
}

async fn body(mut response: Response) -> Result<Vec<u8>, EngineError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| broken(false))? {
        if body.len() + chunk.len() > PAGE_BYTES {
            let what = format!("the list of models is longer than {PAGE_BYTES} bytes");
            return Err(EngineError::new(ErrorKind::TooLarge, what));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
