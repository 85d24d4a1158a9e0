//! A server of many tenants: HTTP in front, a store in one file behind.
//!
//! `example-http SERVER.TOML` reads a file like `server.toml` beside this package. The deploy of a new
//! version is: start it, and stop the old one; it waits until the old one has released the store.

use std::{collections::BTreeMap, env, error::Error, fs, path::PathBuf, sync::Arc, time::Duration};

use axum::{Router, middleware::from_fn_with_state, routing::get};
use serde::Deserialize;
use tokio::net::TcpListener;
use worker_runtime::{Runtime, TenantQuotas};
use yoi_http::{Access, Tokens};
use yoi_profiles::ProfilesFile;
use yoi_sqlite::SqliteStore;

/// What the file of the server says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The address to listen at, such as `127.0.0.1:8080`.
    listen: String,
    /// The file with all Workers.
    store: PathBuf,
    /// A profiles file. Without one, Workers answer with the echo provider.
    profiles: Option<PathBuf>,
    /// The environment variable with the token of the operators, who see everything.
    operator_token: Option<String>,
    /// The environment variable with the token of each tenant.
    tenant_tokens: BTreeMap<String, String>,
    /// The seconds that turns may take to finish when the server stops.
    #[serde(default = "thirty")]
    patience: u64,
}

fn thirty() -> u64 {
    30
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let path = env::args().nth(1).ok_or("usage: example-http SERVER.TOML")?;
    let config: Config = toml::from_str(&fs::read_to_string(path)?)?;

    let mut builder = Runtime::builder()
        .display_name("example")
        .store(Arc::new(SqliteStore::open(&config.store)?))
        // The old version may have the store as long as its turns finish.
        .wait_for_lease(Duration::from_secs(config.patience + 15))
        .tenant_quotas(
            TenantQuotas::new().workers(10_000).turns_in_flight(100).subscriptions(1000),
        );
    if let Some(path) = &config.profiles {
        for profile in ProfilesFile::read(path)?.build_all()? {
            builder = builder.profile(profile);
        }
    }
    let runtime = builder.build().await?;

    let mut tokens = Vec::new();
    if let Some(variable) = &config.operator_token {
        tokens.push((token(variable)?, Access::Backend(runtime.clone())));
    }
    for (tenant, variable) in config.tenant_tokens {
        tokens.push((token(&variable)?, Access::Tenant(runtime.tenant(tenant))));
    }
    let api = yoi_http::router().layer(from_fn_with_state(Tokens::new(tokens), yoi_http::bearer));
    let app = Router::new().nest("/v1", api).route("/health", get(async || "ok"));

    let listener = TcpListener::bind(&config.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    yoi_http::serve(listener, app, runtime, Duration::from_secs(config.patience)).await?;
    Ok(())
}

/// Reads a token from the environment, where it is in no file and no list of processes.
fn token(variable: &str) -> Result<String, Box<dyn Error>> {
    let token = env::var(variable).unwrap_or_default();
    if token.len() < 16 {
        return Err(format!("{variable}: set it to a token of at least 16 characters").into());
    }
    Ok(token)
}
