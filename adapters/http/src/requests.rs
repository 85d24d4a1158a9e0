//! Commands and queries as JSON.

use axum::{
    Json,
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, header},
};
use worker_runtime::{
    CommandReply, Decode, QueryReply, RuntimeCommand, RuntimeError, RuntimeQuery,
};

use crate::{Access, Refusal};

/// Handles a command: the body is a `RuntimeCommand`, and the reply a `CommandReply`.
pub async fn commands(
    access: Access,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<CommandReply>, Refusal> {
    let command: RuntimeCommand = read(&access, &headers, body).await?;
    Ok(Json(access.handle(command).await?))
}

/// Handles a query: the body is a `RuntimeQuery`, and the reply a `QueryReply`.
pub async fn queries(
    access: Access,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<QueryReply>, Refusal> {
    let query: RuntimeQuery = read(&access, &headers, body).await?;
    Ok(Json(access.handle(query).await?))
}

/// Reads a request of at most `request_bytes`. It must be said to be JSON, which no page of another
/// site can do without being asked for permission first.
async fn read<R: Decode>(access: &Access, headers: &HeaderMap, body: Body) -> Result<R, Refusal> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let essence = media_type.and_then(|it| it.split(';').next()).unwrap_or_default();
    if !essence.trim().eq_ignore_ascii_case("application/json") {
        return Err(Refusal::UnsupportedMediaType);
    }
    let max = access.limits().request_bytes;
    let most = usize::try_from(max).unwrap_or(usize::MAX);
    let too_large = || RuntimeError::TooLarge { field: String::new(), max };
    let body: Bytes = to_bytes(body, most).await.map_err(|_| too_large())?;
    Ok(R::decode(&body, max)?)
}
