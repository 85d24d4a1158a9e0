//! Configurations are checked before anything is sent.

use std::{env, ffi::OsString, fs, process::Command, time::Duration};

use llm_engine::providers::{
    Auth, ConfigError, ExposeSecret, ProviderConfig, ProviderKind, read_key_file, shown_base_url,
};

use crate::support::KEY;

fn remote(kind: ProviderKind) -> ProviderConfig {
    ProviderConfig::new(kind)
}

#[track_caller]
fn refused(config: &ProviderConfig, field: &str, part: &str) {
    let error = config.build().err().expect("it is not refused");
    assert_eq!(error.field(), field, "{error}");
    assert!(error.to_string().contains(part), "{error}");
    assert!(!format!("{error} {error:?}").contains(KEY), "{error}");
}

#[test]
fn what_cannot_work_is_refused_with_its_field() {
    let openai = || remote(ProviderKind::OpenAi).api_key(KEY);
    refused(&openai().base_url("box:80"), "base_url", "has no scheme: begin it with `https://`");
    refused(&openai().extra("stream", false), "extra", "\"stream\" belongs to the conversation");
    refused(&remote(ProviderKind::Gemini).api_key(KEY).extra("contents", KEY), "extra", "cannot");
    let azure = remote(ProviderKind::AzureOpenAi).api_key(KEY);
    refused(&azure, "base_url", "AZURE_OPENAI_ENDPOINT");
    refused(&openai().base_url(format!("http://{KEY}@h")), "base_url", "https://api.openai.com/v1");
    refused(&openai().api_key(" "), "api_key", "is empty");
    refused(&openai().api_key(format!("{KEY}\nx")), "api_key", "one line");
    refused(&openai().header("a b", KEY), "headers", "\"a b\" is not a header's name");
    refused(&openai().header("x-a", format!("{KEY}\n")), "headers", "\"x-a\" has a value");
    refused(&openai().header("Host", KEY), "headers", "is set by the client itself");
    let config = ProviderConfig { connect_timeout: Duration::ZERO, ..openai() };
    refused(&config, "connect_timeout", "above that");
}

#[test]
fn a_model_is_needed_unless_the_server_may_have_only_one() {
    use ProviderKind::{Anthropic, AzureOpenAi, Gemini, LlamaCpp, Ollama, OpenAi, OpenRouter};
    for (kind, base_url, expected) in [
        (OpenAi, None, true),
        (OpenAi, Some("https://api.openai.com/v1/chat/completions"), true),
        (OpenAi, Some("https://models.example/v1"), false),
        (OpenAi, Some("http://127.0.0.1:1"), false),
        (OpenRouter, None, true),
        (AzureOpenAi, Some("https://a.openai.azure.com"), false),
        (Anthropic, None, true),
        (Anthropic, Some("http://127.0.0.1:1"), true),
        (Gemini, None, true),
        (Ollama, Some("http://127.0.0.1:1"), true),
        (LlamaCpp, None, false),
    ] {
        let mut config = remote(kind).api_key(KEY);
        config.base_url = base_url.map(Into::into);
        assert_eq!(config.needs_model(), expected, "{kind} {base_url:?}");
        assert_eq!(config.build().unwrap().needs_model(), expected, "{kind} {base_url:?}");
    }
}

#[test]
fn a_key_is_needed_away_from_this_machine() {
    for kind in ProviderKind::ALL {
        let here = remote(kind).base_url("http://127.0.0.1:1").build();
        assert_eq!(here.unwrap().name(), kind.as_str());
        // Where there are no certificates, a client for other machines cannot be made.
        let passes = |config: ProviderConfig| {
            matches!(config.build().err(), None | Some(ConfigError::Client))
        };
        let there = remote(kind).base_url("https://box.example");
        assert!(passes(there.clone().api_key(KEY)), "{kind}");
        assert!(passes(there.clone().header("x-key", KEY)), "{kind}");
        assert!(passes(there.clone().base_url("https://box.example?key=x")), "{kind}");
        let needs_none = [
            ProviderKind::Ollama,
            ProviderKind::LmStudio,
            ProviderKind::Vllm,
            ProviderKind::LlamaCpp,
        ];
        if needs_none.contains(&kind) {
            assert!(passes(there), "{kind}");
        } else {
            refused(&there, "api_key", kind.api_key_variables()[0]);
        }
    }
}

#[test]
fn usual_variables_fill_what_is_not_set() {
    let variables = |name: &str| {
        let value = match name {
            "OPENAI_API_KEY" | "GOOGLE_API_KEY" => KEY,
            "GEMINI_API_KEY" => "",
            "OPENAI_BASE_URL" => "http://there/v1",
            "OLLAMA_HOST" => "box",
            _ => return None,
        };
        Some(OsString::from(value))
    };
    let of = |kind| remote(kind).or_variables(variables).unwrap();
    assert_eq!(of(ProviderKind::OpenAi).base_url.as_deref(), Some("http://there/v1"));
    assert!(of(ProviderKind::OpenAi).api_key.is_some());
    assert!(of(ProviderKind::Gemini).api_key.is_some());
    assert!(of(ProviderKind::Anthropic).api_key.is_none());
    assert_eq!(of(ProviderKind::Ollama).base_url.as_deref(), Some("http://box:11434/"));
    let set = remote(ProviderKind::OpenAi).base_url("http://here").or_variables(variables);
    assert_eq!(set.unwrap().base_url.as_deref(), Some("http://here"));
}

#[test]
fn a_usual_key_goes_to_usual_addresses_alone() {
    let variables = |name: &str| match name {
        "OPENAI_API_KEY" | "ANTHROPIC_API_KEY" | "OLLAMA_API_KEY" => Some(OsString::from(KEY)),
        "OPENAI_BASE_URL" => Some("https://gateway.example/v1".into()),
        "ANTHROPIC_BASE_URL" => Some("no address".into()),
        _ => None,
    };
    for (kind, base_url, is_taken) in [
        (ProviderKind::OpenAi, "https://api.openai.com", true),
        (ProviderKind::OpenAi, "https://API.OPENAI.com:443/v2/", true),
        (ProviderKind::OpenAiResponses, "https://gateway.example/else", true),
        (ProviderKind::OpenAi, "http://api.openai.com/v1", false),
        (ProviderKind::OpenAi, "https://api.openai.com:8443/v1", false),
        (ProviderKind::OpenAi, "https://api.openai.com.example/v1", false),
        (ProviderKind::OpenAi, "https://api.openai.com@other.example/v1", false),
        (ProviderKind::OpenAi, "http://gateway.example/v1", false),
        (ProviderKind::OpenAi, "http://127.0.0.1:8080/v1", false),
        (ProviderKind::OpenAi, "no address", false),
        (ProviderKind::Anthropic, "https://gateway.example/v1", false),
        (ProviderKind::Anthropic, "no address", false),
        (ProviderKind::Ollama, "http://127.0.0.1:11434", true),
        (ProviderKind::Ollama, "http://box:11434", false),
    ] {
        let config = remote(kind).base_url(base_url).or_variables(variables).unwrap();
        assert_eq!(config.api_key.is_some(), is_taken, "{kind} {base_url}");
        assert_eq!(config.base_url.as_deref(), Some(base_url));
    }
    let elsewhere = remote(ProviderKind::OpenAi).base_url("https://box/v1");
    refused(&elsewhere.clone().or_variables(variables).unwrap(), "api_key", "OPENAI_BASE_URL");
    let named = elsewhere.api_key("own").or_variables(variables).unwrap();
    assert_eq!(named.api_key.unwrap().expose_secret(), "own");
}

#[test]
fn nothing_secret_of_an_address_is_shown() {
    let check = |url: &str| ProviderKind::OpenAi.check_base_url(url);
    assert_eq!(check("https://box.example/v1?api-version=1"), Ok(()));
    let error = check(&format!("https://{KEY}@box.example")).unwrap_err();
    assert_eq!(error.field(), "base_url");
    assert!(!format!("{error} {error:?}").contains(KEY), "{error}");
    for url in [format!("https://{KEY}@box.example"), format!("https://box.example/?key={KEY}")] {
        let config = remote(ProviderKind::OpenAi).base_url(&url).extra("x", KEY);
        let shown = format!("{config:?} {}", shown_base_url(&url));
        assert!(shown.contains("box.example") && !shown.contains(KEY), "{shown}");
    }
}

#[test]
fn a_token_of_a_gateway_counts_before_a_key() {
    let variables = |name: &str| match name {
        "ANTHROPIC_AUTH_TOKEN" => Some(OsString::from("token")),
        "ANTHROPIC_API_KEY" => Some(OsString::from(KEY)),
        _ => None,
    };
    let config = remote(ProviderKind::Anthropic).or_variables(variables).unwrap();
    assert_eq!(config.auth, Some(Auth::Bearer));
    assert_eq!(config.api_key.unwrap().expose_secret(), "token");
    let set = remote(ProviderKind::Anthropic).api_key("own").or_variables(variables).unwrap();
    assert_eq!(set.auth, None);
}

#[test]
fn azure_has_its_version_from_a_variable() {
    let variables = |name: &str| match name {
        "AZURE_OPENAI_ENDPOINT" => Some(OsString::from("https://r.openai.azure.com/")),
        "OPENAI_API_VERSION" => Some(OsString::from("2024-10-21")),
        _ => None,
    };
    let config = remote(ProviderKind::AzureOpenAi).or_variables(variables).unwrap();
    let expected = "https://r.openai.azure.com/?api-version=2024-10-21";
    assert_eq!(config.base_url.as_deref(), Some(expected));
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStringExt;
    let variables = |_: &str| Some(OsString::from_vec(vec![0xff]));
    let error = remote(ProviderKind::OpenAi).or_variables(variables).unwrap_err();
    assert_eq!(error, ConfigError::Variable { variable: "OPENAI_BASE_URL" });
}

#[test]
fn keys_come_from_files() {
    let folder = env::temp_dir().join(format!("llm-engine-keys-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let read = |text: &[u8]| {
        let file = folder.join("key");
        fs::write(&file, text).unwrap();
        read_key_file(&file).map_err(|error| error.to_string())
    };
    assert_eq!(read(b" abc\r\n\n").unwrap().expose_secret(), "abc");
    assert_eq!(read(b" \n").unwrap_err(), "the key file is empty");
    assert_eq!(read(b"a\nb").unwrap_err(), "the key file has more than one line");
    let longest = vec![b'k'; 64 * 1024];
    assert_eq!(read(&longest).unwrap().expose_secret().len(), 64 * 1024);
    let longer = [longest.as_slice(), b"k"].concat();
    assert_eq!(read(&longer).unwrap_err(), "the key file has more than 64 KiB");
    assert!(read(b"\xff").is_err());
    fs::remove_dir_all(&folder).unwrap();
    assert!(read_key_file(&folder).is_err());
}

#[test]
fn proxies_and_certificates_do_not_matter_on_this_machine() {
    let nowhere = "http://127.0.0.1:1";
    let run = Command::new(env::current_exe().unwrap())
        .args(["--exact", "chat::reasoning_is_told_apart"])
        .envs(["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].map(|name| (name, nowhere)))
        .envs(["SSL_CERT_FILE", "SSL_CERT_DIR"].map(|name| (name, "nowhere")))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && output.contains("1 passed"), "{output}");
}
