//! Reads keys and addresses from files and environment variables.

mod ollama_host;

use std::{
    ffi::OsString,
    fs::File,
    io::{Error, ErrorKind, Read, Result as IoResult},
    path::Path,
};

use secrecy::SecretString;

use self::ollama_host::ollama_url;
use super::{ConfigError, Protocol, ProviderKind};

/// The largest size of a key file. A longer file is refused, because it is not a key.
const KEY_FILE_BYTES: u64 = 64 * 1024;

/// Reads a key from a file. The key is the file's only line; white space around it is removed.
///
/// An error shows neither the content of the file nor its path.
pub fn read_key_file(path: &Path) -> IoResult<SecretString> {
    let wrong = |problem| Error::new(ErrorKind::InvalidData, problem);
    let mut text = String::new();
    File::open(path)?.take(KEY_FILE_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > KEY_FILE_BYTES {
        return Err(wrong("the key file has more than 64 KiB"));
    }
    let key = text.trim();
    if key.is_empty() {
        return Err(wrong("the key file is empty"));
    }
    if key.lines().count() > 1 {
        return Err(wrong("the key file has more than one line"));
    }
    Ok(key.into())
}

/// The environment variables of a provider, found by a function.
pub(super) struct Environment<F>(pub(super) F);

impl<F: Fn(&str) -> Option<OsString>> Environment<F> {
    pub(super) fn api_key(&self, kind: ProviderKind) -> Result<Option<SecretString>, ConfigError> {
        for variable in kind.api_key_variables() {
            if let Some(key) = self.get(variable)? {
                return Ok(Some(key.into()));
            }
        }
        Ok(None)
    }

    /// Returns the bearer token in the variable for it.
    pub(super) fn token(&self, kind: ProviderKind) -> Result<Option<SecretString>, ConfigError> {
        let Some(variable) = kind.row().token_variable else { return Ok(None) };
        Ok(self.get(variable)?.map(Into::into))
    }

    pub(super) fn base_url(&self, kind: ProviderKind) -> Result<Option<String>, ConfigError> {
        let value = self.get(kind.base_url_variable())?;
        if kind == ProviderKind::AzureOpenAi {
            return value.map(|address| self.with_api_version(address)).transpose();
        }
        Ok(match kind.protocol() {
            Protocol::OllamaChat => value.map(|host| ollama_url(&host)),
            Protocol::ChatCompletions
            | Protocol::Responses
            | Protocol::Messages
            | Protocol::GenerateContent => value,
        })
    }

    /// Adds the version of Azure's API in `OPENAI_API_VERSION`, if the address has no query.
    fn with_api_version(&self, address: String) -> Result<String, ConfigError> {
        Ok(match self.get("OPENAI_API_VERSION")? {
            Some(version) if !address.contains('?') => format!("{address}?api-version={version}"),
            Some(_) | None => address,
        })
    }

    /// Returns the trimmed value of a variable that is set and not blank.
    fn get(&self, variable: &'static str) -> Result<Option<String>, ConfigError> {
        let Some(value) = (self.0)(variable) else { return Ok(None) };
        let value = value.into_string().map_err(|_| ConfigError::Variable { variable })?;
        let value = value.trim();
        Ok((!value.is_empty()).then(|| value.to_owned()))
    }
}
