//! A server of many tenants: HTTP in front, a store in one file behind.
//!
//! `example-http SERVER.TOML` reads a file like `server.toml` beside this package. The deploy of a new
//! version is: start it, and stop the old one; it waits until the old one has released the store.

use std::{
    collections::{BTreeMap, HashMap},
    env,
    error::Error,
    fs, io,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use axum::{Router, middleware::from_fn_with_state, routing::get};
use serde::Deserialize;
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};
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
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("usage: example-http SERVER.TOML")?;
    let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let config: Config = toml::from_str(&text).map_err(|error| format!("{path}: {error}"))?;
    let patience = Duration::from_secs(config.patience);
    // Before the store is opened, because whoever forgot a token learns it at once.
    let tokens = read_tokens(&config)?;

    let mut builder = Runtime::builder()
        .display_name("example")
        .store(Arc::new(SqliteStore::open(&config.store)?))
        // The old version may have the store as long as its turns finish.
        .wait_for_lease(patience + Duration::from_secs(15))
        .tenant_quotas(
            TenantQuotas::new().workers(10_000).turns_in_flight(100).subscriptions(1000),
        );
    if let Some(path) = &config.profiles {
        for profile in ProfilesFile::read(path)?.build_all()? {
            builder = builder.profile(profile);
        }
    }
    let runtime = builder.build().await?;

    let tokens = Tokens::new(tokens.into_iter().map(|(token, tenant)| match tenant {
        Some(tenant) => (token, Access::Tenant(runtime.tenant(tenant))),
        None => (token, Access::Backend(runtime.clone())),
    }));
    let api = yoi_http::router().layer(from_fn_with_state(tokens, yoi_http::bearer));
    let app = Router::new().nest("/v1", api).route("/health", get(async || "ok"));

    let listener = listen(&config.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    yoi_http::serve(listener, app, runtime, patience).await?;
    Ok(())
}

/// Reads the tokens from the environment, where they are in no file and no list of processes. Each is
/// that of a tenant, or that of the operators.
fn read_tokens(config: &Config) -> Result<HashMap<String, Option<String>>, Box<dyn Error>> {
    let mut tokens = HashMap::new();
    let operators = config.operator_token.iter().map(|variable| (None, variable));
    let tenants = config.tenant_tokens.iter().map(|(name, variable)| (Some(name), variable));
    for (tenant, variable) in operators.chain(tenants) {
        let token = env::var(variable).unwrap_or_default();
        if token.len() < 16 {
            return Err(format!("{variable}: set it to a token of at least 16 characters").into());
        }
        if tokens.insert(token, tenant.cloned()).is_some() {
            return Err(format!("{variable}: set it to a token that nobody else has").into());
        }
    }
    Ok(tokens)
}

/// Listens at the address, which the old version has a little longer than the store.
async fn listen(address: &str) -> Result<TcpListener, Box<dyn Error>> {
    let until = Instant::now() + Duration::from_secs(15);
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && Instant::now() < until => {
                sleep(Duration::from_millis(50)).await;
            }
            Err(error) => return Err(format!("{address}: {error}").into()),
        }
    }
}
