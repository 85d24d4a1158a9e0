//! Checks a configuration and builds the provider.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::ProviderConfig;
use crate::{
    Provider,
    providers::{
        ConfigError, ProviderKind,
        clients::{self, Transport},
        compatibility::host,
        dialect::{self, Form},
        endpoint::Endpoint,
        failure::Secrets,
        http::{HttpProvider, Learned, Rests, Server},
        wire_log::ServerLog,
    },
};

impl ProviderConfig {
    /// Checks everything that can be checked without a connection, and builds the provider.
    ///
    /// Providers with the same settings of the connection share their connections.
    pub fn build(&self) -> Result<Arc<dyn Provider>, ConfigError> {
        Ok(Arc::new(HttpProvider::new(self.kind, self.needs_model(), self.server()?)))
    }

    /// Checks the configuration, and returns the server that it describes.
    pub(in crate::providers) fn server(&self) -> Result<Server, ConfigError> {
        let kind = self.kind;
        let base_url = self.base_url.as_deref().or(self.usual_address());
        let base_url = base_url.ok_or(ConfigError::BaseUrlMissing { kind })?;
        let endpoint = Endpoint::parse(kind, base_url)?;
        let needs_key = kind.row().needs_key && !endpoint.is_local();
        let has_key = self.api_key.is_some() || !self.headers.is_empty() || endpoint.has_query();
        if needs_key && !has_key {
            return Err(ConfigError::ApiKeyMissing { kind });
        }
        kind.check_extra(&self.extra)?;
        let host = host(&endpoint, kind.protocol());
        let known = self.compatibility.or(host.compatibility).or(kind.row().compatibility);
        let auth = self.auth.or(host.auth).unwrap_or(kind.row().auth);
        let headers = self.request_headers(auth)?;
        let transport = Transport::new(self, &endpoint)?;
        let secrets = Secrets::of(&headers).and(endpoint.query_values()).and(transport.secrets());
        let log = self.wire_log.clone().map(|log| ServerLog::new(log, secrets.clone()));
        Ok(Server {
            dialect: dialect::of(kind),
            secrets,
            log,
            headers,
            client: clients::client(&transport)?,
            form: Form {
                extra: self.extra.clone(),
                cache: self.cache,
                switches: known.into(),
                provider: format!("{kind} {}", endpoint.address()).into(),
            },
            endpoint,
            learned: Learned::default(),
            rests: Rests::default(),
        })
    }
}

impl ProviderKind {
    /// Checks that [additional fields](ProviderConfig::extra) of the body are none that belong to
    /// the conversation.
    pub fn check_extra(self, extra: &Map<String, Value>) -> Result<(), ConfigError> {
        let own_fields = self.protocol().own_fields();
        match own_fields.iter().find(|field| extra.contains_key(**field)) {
            Some(field) => Err(ConfigError::Extra {
                name: ConfigError::name(field),
                problem: "belongs to the conversation, and cannot be added",
            }),
            None => Ok(()),
        }
    }
}
