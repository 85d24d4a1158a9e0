//! Failures of the SDK, in words without secrets.

use llm_engine::{ShortText, ToolEffects, ToolOutput};
use rmcp::{
    service::{ClientInitializeError, ServiceError},
    transport::{DynamicTransportError, streamable_http_client::StreamableHttpError},
};

use crate::secrets::Secrets;

/// Why a call has no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server was never given the call.
    NotSent(ShortText),
    /// The server, or this crate in its place, answered with an error.
    Answered(ShortText),
    /// The server may have been given the call, and there is no answer.
    Lost(ShortText),
}

impl Failure {
    /// Takes a failure of the SDK. Its own words are left out: they may have addresses in them.
    pub(crate) fn of(error: &ServiceError, secrets: &Secrets) -> Self {
        match error {
            ServiceError::McpError(refusal) => Self::Answered(ShortText::from(format!(
                "the server answered with an error: {} (code {})",
                secrets.words(&refusal.message),
                refusal.code.0
            ))),
            ServiceError::TransportSend(error) => Self::of_transport(error),
            ServiceError::TransportClosed => Self::Lost("the connection broke".into()),
            ServiceError::Timeout { .. } => Self::Lost("the server did not answer in time".into()),
            ServiceError::Cancelled { .. } => Self::Lost("the server cancelled the call".into()),
            ServiceError::UnexpectedResponse => {
                Self::Lost("the answer of the server is none to this call".into())
            }
            _ => Self::Lost("the connection failed".into()),
        }
    }

    fn of_transport(error: &DynamicTransportError) -> Self {
        match error.error.downcast_ref::<StreamableHttpError<reqwest::Error>>() {
            Some(StreamableHttpError::SessionExpired) => {
                Self::NotSent("the server knows the session no more".into())
            }
            Some(StreamableHttpError::Client(error)) if error.is_connect() => {
                Self::NotSent("the server cannot be reached".into())
            }
            Some(StreamableHttpError::AuthRequired(_)) => Self::of_status(401),
            Some(StreamableHttpError::InsufficientScope(_)) => Self::of_status(403),
            Some(StreamableHttpError::HttpStatus(error)) => Self::of_status(error.status),
            Some(StreamableHttpError::UnexpectedServerResponse(words)) => status(words)
                .map_or_else(
                    || Self::Lost("the answer of the server is none to this call".into()),
                    Self::of_status,
                ),
            Some(StreamableHttpError::ResponseBodyTooLarge { max_size }) => {
                Self::Lost(ShortText::from(format!("the answer has more than {max_size} bytes")))
            }
            Some(_) | None => Self::Lost("the connection broke".into()),
        }
    }

    /// Returns the same of a call that the server began before.
    pub(crate) fn begun(self) -> Self {
        match self {
            Self::NotSent(reason) => Self::Lost(reason),
            answered_or_lost => answered_or_lost,
        }
    }

    fn of_status(status: u16) -> Self {
        let reason = ShortText::from(format!("the server answered with the HTTP status {status}"));
        // Statuses of 400 and some say that the request was not even tried.
        if (400..500).contains(&status) { Self::Answered(reason) } else { Self::Lost(reason) }
    }

    /// Returns what went wrong.
    pub(crate) fn reason(self) -> ShortText {
        match self {
            Self::NotSent(reason) | Self::Answered(reason) | Self::Lost(reason) => reason,
        }
    }

    /// Returns what the model is told.
    pub(crate) fn output(&self, effects: ToolEffects) -> ToolOutput {
        ToolOutput::error(match self {
            Self::NotSent(reason) => format!("{reason}; the tool was not run"),
            Self::Answered(reason) => reason.to_string(),
            Self::Lost(reason) if effects == ToolEffects::None => {
                format!("{reason}; the tool changes nothing, so it may be called again")
            }
            Self::Lost(reason) => format!(
                "{reason}; it is not known whether the call had its effect, so find out before you \
                 call it again"
            ),
        })
    }
}

/// Reads the status in words of the SDK such as `HTTP 401 Unauthorized: …`.
fn status(words: &str) -> Option<u16> {
    words.strip_prefix("HTTP ")?.get(..3)?.parse().ok()
}

/// Returns why no connection came to be.
pub(crate) fn of_connecting(error: &ClientInitializeError, secrets: &Secrets) -> ShortText {
    match error {
        ClientInitializeError::ConnectionClosed(_) => "the server closed the connection".into(),
        ClientInitializeError::JsonRpcError(refusal) => {
            ShortText::from(format!("the server refused: {}", secrets.words(&refusal.message)))
        }
        ClientInitializeError::TransportError { error, .. } => {
            Failure::of_transport(error).reason()
        }
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => {
            of_connecting(fallback, secrets)
        }
        ClientInitializeError::NoCompatibleProtocolVersion { .. } => {
            "the server knows no version of the protocol that is known here".into()
        }
        _ => "the server does not keep to the protocol".into(),
    }
}
