//! A configuration as it may be shown.

use std::fmt;

use super::ProviderConfig;
use crate::providers::endpoint::shown_base_url;

impl fmt::Debug for ProviderConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            base_url,
            api_key,
            auth,
            headers,
            extra,
            compatibility,
            cache,
            connect_timeout,
            proxy,
            wire_log,
        } = self;
        f.debug_struct("ProviderConfig")
            .field("kind", kind)
            .field("base_url", &base_url.as_deref().map(shown_base_url))
            .field("api_key", api_key)
            .field("auth", auth)
            .field("headers", headers)
            // The values may be secrets of a gateway.
            .field("extra", &extra.keys().collect::<Vec<_>>())
            .field("compatibility", compatibility)
            .field("cache", cache)
            .field("connect_timeout", connect_timeout)
            .field("proxy", proxy)
            .field("wire_log", wire_log)
            .finish()
    }
}
