//! The flags that add to each request: fields of its body, and headers.

use clap::Args;
use llm_engine::ShortText;
use serde_json::{Map, Value};
use yoi_profiles::{ProviderKind, ProviderSpec, Secret, SecretPlace};

use crate::failure::Failure;

/// Headers whose values are secrets, which a command line shows to everybody on the machine.
const SECRET_HEADERS: [&str; 6] =
    ["api-key", "authorization", "cookie", "proxy-authorization", "x-api-key", "x-goog-api-key"];

/// The flags that add to each request.
#[derive(Args, Clone, Debug)]
pub(super) struct AdditionArgs {
    /// Add a field to the body of each request; can be repeated.
    ///
    /// VALUE is JSON, or else text. Dots in KEY lead into objects, as in
    /// `--extra options.num_ctx=8192`. Fields are added last; `null` removes one.
    #[arg(long, value_name = "KEY=VALUE")]
    extra: Vec<String>,

    /// Add a header that is no secret to each request, as in `--header 'x-title: notes'`; can be
    /// repeated.
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,

    /// Add a header whose value is in an environment variable; can be repeated.
    #[arg(long, value_name = "NAME=VARIABLE")]
    header_env: Vec<String>,

    /// Add a header whose value is the only line of a file; can be repeated.
    #[arg(long, value_name = "NAME=FILE")]
    header_file: Vec<String>,
}

impl AdditionArgs {
    /// Adds to what a profile adds. A flag replaces a field or a header of the same name.
    pub(super) fn apply(&self, provider: &mut ProviderSpec) -> Result<(), Failure> {
        let Self { extra, header, header_env, header_file } = self;
        let is_empty = [extra, header, header_env, header_file].iter().all(|flag| flag.is_empty());
        if provider.kind == ProviderKind::Echo && !is_empty {
            return Err(Failure::usage(
                "--extra, --header, --header-env and --header-file are only for providers that \
                 reach a model; say which one by `--provider KIND`",
            ));
        }
        for text in extra {
            add_field(&mut provider.extra, text)?;
        }
        let headers = &mut provider.headers;
        for text in header {
            let (name, value) = written(text)?;
            headers.insert(name, Secret::Written(value.into()));
        }
        for text in header_env {
            let (name, variable) = pair("--header-env", "NAME=VARIABLE", text)?;
            let place = SecretPlace::variable(variable)
                .map_err(|problem| Failure::usage(format!("--header-env {name}: {problem}")))?;
            headers.insert(name, Secret::Kept(place));
        }
        for text in header_file {
            let (name, path) = pair("--header-file", "NAME=FILE", text)?;
            headers.insert(name, Secret::Kept(SecretPlace::File(path.into())));
        }
        Ok(())
    }
}

/// Adds a field that is written `KEY=VALUE`.
fn add_field(extra: &mut Map<String, Value>, text: &str) -> Result<(), Failure> {
    let wrong = || Failure::usage("--extra is KEY=VALUE, such as `options.num_ctx=8192`");
    let (key, value) = text.split_once('=').ok_or_else(wrong)?;
    let mut names: Vec<&str> = key.trim().split('.').collect();
    let last = names.pop().ok_or_else(wrong)?;
    if last.is_empty() || names.iter().any(|name| name.is_empty()) {
        return Err(wrong());
    }
    let mut fields = extra;
    for name in names {
        let field = fields.entry(name).or_insert_with(|| Value::Object(Map::new()));
        if !field.is_object() {
            *field = Value::Object(Map::new());
        }
        let Value::Object(inside) = field else { return Err(wrong()) };
        fields = inside;
    }
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    fields.insert(last.to_owned(), value);
    Ok(())
}

/// Splits a header that is written with its value. The errors do not repeat the value.
fn written(text: &str) -> Result<(String, &str), Failure> {
    let at = text.find([':', '=']).ok_or_else(|| {
        Failure::usage("--header is NAME and VALUE, such as `--header 'x-title: notes'`")
    })?;
    let (name, value) = (text[..at].trim(), text[at + 1..].trim());
    if SECRET_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(Failure::usage(format!(
            "--header {name}: a command line shows the value to everybody on this machine; say \
             where it is by `--header-env {name}=VARIABLE` or `--header-file {name}=FILE`"
        )));
    }
    Ok((name.to_owned(), value))
}

fn pair<'a>(flag: &str, form: &str, text: &'a str) -> Result<(String, &'a str), Failure> {
    match text.split_once('=') {
        Some((name, place)) if !name.trim().is_empty() && !place.trim().is_empty() => {
            Ok((ShortText::cut(name.trim(), 64).into(), place.trim()))
        }
        Some(_) | None => Err(Failure::usage(format!("{flag} is {form}"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn added(texts: &[&str]) -> Value {
        let mut extra = Map::new();
        for text in texts {
            add_field(&mut extra, text).unwrap();
        }
        extra.into()
    }

    #[test]
    fn fields_are_json_or_text_and_may_be_inside_others() {
        for (texts, expected) in [
            (&["a=1"][..], json!({"a": 1})),
            (&["a=x=y"], json!({"a": "x=y"})),
            (&["a=\"1\""], json!({"a": "1"})),
            (&["a=null", "b="], json!({"a": null, "b": ""})),
            (&["a.b=1", "a.c.d=[true]"], json!({"a": {"b": 1, "c": {"d": [true]}}})),
            (&["a=1", "a.b=2"], json!({"a": {"b": 2}})),
        ] {
            assert_eq!(added(texts), expected);
        }
        for wrong in ["a", "=1", "a..b=1", ".a=1", "a.=1"] {
            assert!(add_field(&mut Map::new(), wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_header_is_written_with_a_colon_or_an_equals_sign() {
        for text in ["x-title: a b=c", "x-title:a b=c", "x-title=a b=c"] {
            assert_eq!(written(text).unwrap(), ("x-title".to_owned(), "a b=c"));
        }
        assert!(written("x-title").is_err() && written("X-Api-Key: k").is_err());
    }
}
