//! Reads profiles from a TOML file, the same for every program: a profile names a provider, a model
//! and how the model is used. `docs/profiles.md` describes the file.
//!
//! A Backend gives all profiles of the file to its Runtime when it starts:
//!
//! ```no_run
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use worker_runtime::Runtime;
//! use yoi_profiles::ProfilesFile;
//!
//! let mut builder = Runtime::builder();
//! for profile in ProfilesFile::read("profiles.toml")?.build_all()? {
//!     builder = builder.profile(profile);
//! }
//! let runtime = builder.build().await?;
//! # Ok(())
//! # }
//! ```
//!
//! Every error says what to do about it. One in the file names the file, the line and the key; one
//! of a profile that cannot be built, such as a key that is not set, names the profile:
//!
//! ```
//! use std::path::Path;
//!
//! use yoi_profiles::ProfilesFile;
//!
//! let text = "[profiles.quick]\nprovider = \"ollama\"\nmodle = \"llama3.2\"\n";
//! let error = ProfilesFile::parse(text, Path::new("profiles.toml")).unwrap_err();
//! let expected = "profiles.toml:3:1: profiles.quick.modle: unknown field `modle`";
//! assert!(error.to_string().starts_with(expected));
//! ```
//!
//! A program that lets people override what the file says changes the [`ProfileSpec`]s before it
//! builds them.

#![forbid(unsafe_code)]

mod error;
mod parse;
mod problem;
mod profile_spec;
mod profiles_file;
mod provider_kind;
mod provider_spec;
mod raw;
mod secret;

pub use error::{KeyMissing, ProfilesError, SpecError};
pub use profile_spec::ProfileSpec;
pub use profiles_file::ProfilesFile;
pub use provider_kind::{ProviderKind, UnknownProvider};
pub use provider_spec::ProviderSpec;
pub use secret::{InvalidVariable, Secret, SecretError, SecretPlace};

#[cfg(test)]
mod tests;
