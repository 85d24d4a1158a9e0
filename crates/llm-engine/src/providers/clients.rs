//! The HTTP clients of the process. Providers with the same settings share one, because each has
//! its own certificates and connections.

use std::{
    env,
    ffi::OsString,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use reqwest::{Client, redirect};

use super::{ConfigError, ProviderConfig, ProxyPolicy, endpoint::Endpoint};

/// The clients in use. An entry goes with the next look-up after its last provider is dropped.
static CLIENTS: Mutex<Vec<(Transport, Weak<Client>)>> = Mutex::new(Vec::new());

/// The variables that a client reads while it is built.
const PROXIES: [&str; 9] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "REQUEST_METHOD",
];
const CERTIFICATES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// The settings by which clients differ.
#[derive(Clone, Eq, PartialEq)]
pub(super) struct Transport {
    connect_timeout: Duration,
    /// The values of the variables for proxies. `None` if no proxy is used.
    proxies: Option<[Option<OsString>; PROXIES.len()]>,
    /// The values of the variables for certificates. `None` if none are loaded, so that an
    /// unencrypted server can be reached on a machine that has none.
    certificates: Option<[Option<OsString>; CERTIFICATES.len()]>,
}

impl Transport {
    pub(super) fn new(config: &ProviderConfig, endpoint: &Endpoint) -> Result<Self, ConfigError> {
        if config.connect_timeout.is_zero() {
            return Err(ConfigError::ConnectTimeout);
        }
        let has_proxies = config.proxy == ProxyPolicy::Environment && !endpoint.is_local();
        let has_certificates = endpoint.is_encrypted() || !endpoint.is_local();
        Ok(Self {
            connect_timeout: config.connect_timeout,
            proxies: has_proxies.then(|| PROXIES.map(env::var_os)),
            certificates: has_certificates.then(|| CERTIFICATES.map(env::var_os)),
        })
    }

    /// Returns the users and passwords in the addresses of proxies.
    pub(super) fn secrets(&self) -> impl Iterator<Item = String> {
        let values = self.proxies.iter().flatten().flatten().filter_map(|value| value.to_str());
        let users = values
            .filter_map(|value| value.rsplit_once('@'))
            .map(|(before, _)| before.rsplit_once("://").map_or(before, |(_, user)| user));
        users.flat_map(|user| {
            let password = user.split_once(':').map_or("", |(_, password)| password);
            [user.to_owned(), password.to_owned()]
        })
    }

    fn build(&self) -> Result<Client, ConfigError> {
        let client = Client::builder()
            .user_agent(concat!("llm-engine/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.connect_timeout)
            // A redirect would send the conversation and the key to the address that it names.
            .redirect(redirect::Policy::none());
        let client = if self.proxies.is_none() { client.no_proxy() } else { client };
        let client = if self.certificates.is_none() { client.tls_certs_only([]) } else { client };
        client.build().map_err(|_| ConfigError::Client)
    }
}

/// Returns the client with these settings. It is built if no provider has it.
pub(super) fn client(transport: &Transport) -> Result<Arc<Client>, ConfigError> {
    if let Some(client) = known(transport, None) {
        return Ok(client);
    }
    // The client is built outside the lock, because that reads files.
    let built = Arc::new(transport.build()?);
    Ok(known(transport, Some(&built)).unwrap_or(built))
}

/// Returns the client that is in use with these settings. If there is none, `built` is remembered.
fn known(transport: &Transport, built: Option<&Arc<Client>>) -> Option<Arc<Client>> {
    let mut clients = CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
    let known = clients.iter().find(|(known, _)| known == transport);
    if let Some(client) = known.and_then(|(_, client)| client.upgrade()) {
        return Some(client);
    }
    clients.retain(|(_, client)| client.strong_count() > 0);
    if let Some(built) = built {
        clients.push((transport.clone(), Arc::downgrade(built)));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::ProviderKind;

    fn transport(base_url: &str, timeout: u64) -> Transport {
        let mut config = ProviderConfig::new(ProviderKind::OpenAi);
        config.connect_timeout = Duration::from_millis(timeout);
        Transport::new(&config, &Endpoint::parse(config.kind, base_url).unwrap()).unwrap()
    }

    #[test]
    fn equal_settings_share_a_client_as_long_as_it_is_used() {
        let here = transport("http://127.0.0.1:1/v1", 4321);
        let one = client(&here).unwrap();
        let two = client(&transport("http://127.0.0.1:2/v1", 4321)).unwrap();
        assert!(Arc::ptr_eq(&one, &two));
        let other = client(&transport("http://127.0.0.1:1/v1", 4322)).unwrap();
        assert!(!Arc::ptr_eq(&one, &other));
        assert!(here != transport("http://box.example/v1", 4321));

        let weak = Arc::downgrade(&one);
        drop((one, two));
        assert!(weak.upgrade().is_none());
        let again = client(&here).unwrap();
        assert_eq!(Arc::strong_count(&again), 1);
        let clients = CLIENTS.lock().unwrap();
        assert_eq!(clients.iter().filter(|(known, _)| *known == here).count(), 1);
    }
}
