//! Why a request is refused, as a response.

use axum::{
    Json,
    extract::rejection::QueryRejection,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use worker_runtime::RuntimeError;

/// The reason why a request is refused. Every one is JSON with a `code`, a `message` and whether to
/// `retry`, like the errors of the Runtime.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// The Runtime refused the request.
    Runtime(RuntimeError),
    /// The request has no token, or a wrong one.
    Unauthorized,
    /// The body is not said to be JSON.
    UnsupportedMediaType,
    /// The path has another method.
    MethodNotAllowed,
    /// There is no such path.
    NoSuchPath,
    /// The request does not open a WebSocket, where there is nothing else.
    UpgradeRequired,
}

impl From<RuntimeError> for Refusal {
    fn from(error: RuntimeError) -> Self {
        Self::Runtime(error)
    }
}

impl From<QueryRejection> for Refusal {
    fn from(rejection: QueryRejection) -> Self {
        let problem = rejection.body_text();
        RuntimeError::InvalidRequest { field: String::new(), problem }.into()
    }
}

impl Refusal {
    fn status_and_body(&self) -> (StatusCode, Value) {
        let (status, code, message) = match self {
            Self::Runtime(error) => {
                let status = StatusCode::from_u16(error.http_status());
                return (status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), json!(error));
            }
            Self::Unauthorized => {
                let message = "send a valid token in `Authorization: Bearer`";
                (StatusCode::UNAUTHORIZED, "unauthorized", message)
            }
            Self::UnsupportedMediaType => {
                let message = "send JSON, with `Content-Type: application/json`";
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
            }
            Self::MethodNotAllowed => {
                let message = "the path has another method, which the header `Allow` names";
                (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
            }
            Self::NoSuchPath => {
                let message =
                    "there are /commands, /queries, /events, /workers/{worker_id}/events and /ws";
                (StatusCode::NOT_FOUND, "no_such_path", message)
            }
            Self::UpgradeRequired => {
                let message = "open a WebSocket, with `Upgrade: websocket`";
                (StatusCode::UPGRADE_REQUIRED, "upgrade_required", message)
            }
        };
        (status, json!({ "code": code, "message": message, "retry": { "type": "never" } }))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, body) = self.status_and_body();
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        match self {
            Self::Runtime(error) => {
                if let Some(pause) = error.retry_after() {
                    // Whole seconds, and never sooner than asked for.
                    let seconds = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
                    headers.insert(header::RETRY_AFTER, seconds.into());
                }
            }
            Self::Unauthorized => {
                let challenge = HeaderValue::from_static("Bearer");
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
            Self::UpgradeRequired => {
                headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
                headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            }
            Self::UnsupportedMediaType | Self::MethodNotAllowed | Self::NoSuchPath => {}
        }
        response
    }
}
