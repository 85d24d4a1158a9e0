//! Reads keys and addresses from files and environment variables.

use std::{
    ffi::OsString,
    fs::File,
    io::{Error, ErrorKind, Read, Result as IoResult},
    path::Path,
};

use secrecy::SecretString;

use super::{ConfigError, ProviderKind};

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

    pub(super) fn base_url(&self, kind: ProviderKind) -> Result<Option<String>, ConfigError> {
        let value = self.get(kind.base_url_variable())?;
        Ok(match kind {
            ProviderKind::Ollama => value.map(|host| ollama_url(&host)),
            ProviderKind::OpenAi
            | ProviderKind::OpenAiResponses
            | ProviderKind::Anthropic
            | ProviderKind::Gemini => value,
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

/// Converts the value of `OLLAMA_HOST`, which may be a host, a host with a port, or a URL, into a
/// URL.
fn ollama_url(value: &str) -> String {
    let host = value.trim_matches(['"', '\'', ' ']).trim_end_matches('/');
    if host.contains("://") {
        return host.to_owned();
    }
    let (authority, path) = host.split_once('/').map_or((host, ""), |(host, path)| (host, path));
    let after_address = authority.rsplit_once(']').map_or(authority, |(_, rest)| rest);
    let port = if after_address.contains(':') { "" } else { ":11434" };
    format!("http://{authority}{port}/{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ollama_hosts_are_read_as_ollama_reads_them() {
        for (value, url) in [
            ("box", "http://box:11434/"),
            ("box:80", "http://box:80/"),
            ("0.0.0.0", "http://0.0.0.0:11434/"),
            ("[::1]", "http://[::1]:11434/"),
            ("[::1]:80", "http://[::1]:80/"),
            ("box/base", "http://box:11434/base"),
            ("\"box:1/\"", "http://box:1/"),
            ("https://box", "https://box"),
            ("http://box:1/", "http://box:1"),
        ] {
            assert_eq!(ollama_url(value), url, "{value}");
        }
    }
}
