//! Tests of the contents that a profiles file may have, and of the errors for all others.

use std::{path::Path, time::Duration};

use llm_engine::providers::{self, Auth, Compatibility, ProviderConfig, TokenLimit};
use worker::Profile;
use worker_runtime::{
    BuildError, Runtime, RuntimeBuilder, model::ProfileSelector, queries::GetRuntime,
};

use crate::{
    ProfileSpec, ProfilesError, ProfilesFile, ProviderKind, ProviderSpec, SecretPlace, SpecError,
};

fn parse(text: &str) -> Result<ProfilesFile, String> {
    ProfilesFile::parse(text, Path::new("folder/profiles.toml")).map_err(|error| {
        let error = error.to_string();
        error.strip_prefix("folder/profiles.toml:").expect("the file is named first").to_owned()
    })
}

/// Parses a file whose profile `a` has an additional line, the third.
fn with(provider: &str, line: &str) -> Result<ProfilesFile, String> {
    parse(&format!("[profiles.a]\nprovider = \"{provider}\"\n{line}\n"))
}

#[track_caller]
fn refused(result: Result<ProfilesFile, String>, expected: &str) {
    assert_eq!(result.expect_err("it is wrong"), expected);
}

/// Returns the example of the documentation, which is the only block of TOML there.
fn example() -> String {
    let page = include_str!("../../../docs/profiles.md");
    let (_, rest) = page.split_once("```toml\n").expect("there is an example");
    let (example, rest) = rest.split_once("```\n").expect("it has an end");
    assert!(!rest.contains("```toml"), "there is one example");
    example.to_owned()
}

#[test]
fn the_example_of_the_documentation_says_everything_there_is() {
    let file = parse(&example()).expect("the example is right");
    assert_eq!(file.default.as_deref(), Some("local"));
    let mut kinds: Vec<_> = file.profiles.iter().map(|spec| spec.provider.kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let all = ["anthropic", "echo", "gemini", "ollama", "openai", "openai-responses"];
    assert_eq!(kinds, all);

    let full = file.profile("careful").expect("it is in the example");
    assert_eq!(full.provider.kind.as_str(), "openai");
    assert_eq!(full.provider.model.as_deref(), Some("gpt-4.1-mini"));
    assert_eq!(full.provider.base_url.as_deref(), Some("https://api.openai.com/v1"));
    assert_eq!(full.provider.key, Some(SecretPlace::Env("OPENAI_API_KEY".to_owned())));
    assert_eq!(full.provider.headers.keys().collect::<Vec<_>>(), ["x-title", "x-token"]);
    assert!(full.instructions.is_some());
    assert_eq!(full.sampling.temperature, Some(0.2));
    assert_eq!(full.sampling.top_p, Some(0.9));
    assert_eq!((full.sampling.top_k, full.sampling.seed), (Some(40), Some(7)));
    assert_eq!(full.sampling.max_output_tokens, Some(1024));
    assert_eq!(full.sampling.reasoning_effort.as_deref(), Some("low"));
    assert_eq!(full.provider.auth, Some(Auth::Bearer));
    assert_eq!(full.provider.extra["service_tier"], "flex");
    assert_eq!(full.provider.compatibility, Compatibility::new().top_k(true));
    assert!(full.provider.cache);
    assert_eq!(full.retry.max_retries, 5);
    assert_eq!(full.retry.initial_delay, Duration::from_secs(1));
    assert_eq!(full.retry.max_delay, Duration::from_secs(20));
    assert_eq!(full.retry.max_retry_after, Duration::from_mins(2));
    assert_eq!(full.sampling.stop_sequences, ["END"]);
    assert_eq!(full.deadlines.first_event, Duration::from_mins(1));
    assert_eq!(full.deadlines.idle, Duration::from_secs(30));
    assert_eq!(full.deadlines.turn, Duration::from_mins(10));
    assert_eq!(full.history.max_bytes, 65_536);
    assert_eq!(full.history.max_messages, 100);
    assert_eq!(full.history.max_tokens, Some(8000));
    let sampling = |name| &file.profile(name).expect("it is in the example").sampling;
    assert_eq!(sampling("local").num_ctx, Some(8192));
    assert_eq!(sampling("claude").thinking_budget_tokens, Some(2048));
}

#[test]
fn what_is_not_said_is_left_to_the_defaults() {
    let file = with("echo", "").expect("it is right");
    let expected = [ProfileSpec::new("a", ProviderSpec::new(ProviderKind::Echo))];
    assert_eq!(format!("{:?}", file.profiles), format!("{expected:?}"));
    assert_eq!(file.default, None);
    assert!(parse("").expect("an empty file is right").profiles.is_empty());
}

#[test]
fn a_key_file_is_looked_for_beside_the_profiles() {
    for (path, expected) in [("secret", "folder/secret"), ("/etc/secret", "/etc/secret")] {
        let file = with("openai", &format!("model = \"m\"\nkey = {{ file = \"{path}\" }}"));
        let key = file.expect("it is right").profiles[0].provider.key.clone();
        assert_eq!(key, Some(SecretPlace::File(expected.into())));
    }
}

#[test]
fn a_key_itself_is_refused_and_never_shown() {
    for line in [
        "key = \"sk-secret\"",
        "key = { env = \"sk-secret\" }",
        "api_key = \"sk-secret\"",
        "key = { value = \"sk-secret\" }",
        "key = [\"sk-secret\"]",
        "headers = \"sk-secret\"",
        "headers = { x-key = [\"sk-secret\"] }",
        "headers = { x-key = { value = \"sk-secret\" } }",
        "headers = { x-key = { env = \"sk-secret\" } }",
        "base_url = \"https://user:sk-secret@box\"",
        "base_url = \"ftp://box/?key=sk-secret\"",
        "extra = \"sk-secret\"",
    ] {
        let error = with("openai", line).expect_err("it is wrong");
        assert!(error.starts_with("3:"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
    refused(
        with("openai", "key = \"sk-secret\""),
        "3:7: profiles.a.key: a key is not written here; say where it is: \
         { env = \"VARIABLE\" } or { file = \"PATH\" }",
    );
}

#[test]
fn headers_are_written_there_or_elsewhere_and_never_shown() {
    let line = "model = \"m\"\nheaders = { x-title = \"sk-secret\", x-key = { file = \"k\" } }";
    let file = with("openai", line).expect("it is right");
    assert!(!format!("{file:?}").contains("secret"));
    let headers = &file.profiles[0].provider.headers;
    assert_eq!(headers.keys().collect::<Vec<_>>(), ["x-key", "x-title"]);
    assert!(headers["x-title"].read().is_ok());
    let missing = headers["x-key"].read().expect_err("there is no such file");
    let missing = missing.to_string();
    assert!(missing.starts_with("folder/k cannot be read: "), "{missing}");
    refused(
        with("openai", "headers = { x-key = 12345 }"),
        "3:21: profiles.a.headers.x-key: expected text, { env = \"VARIABLE\" } or \
         { file = \"PATH\" }",
    );
}

#[test]
fn a_server_of_ones_own_may_have_only_one_model() {
    let file = with("openai", "base_url = \"http://127.0.0.1:8080/v1\"").expect("it is right");
    assert_eq!(file.profiles[0].provider.model, None);
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_key() {
    for (line, expected) in [
        (
            "modle = \"m\"",
            "3:1: profiles.a.modle: unknown field `modle`, expected one of `provider`, `model`, \
             `base_url`, `key`, `auth`, `headers`, `extra`, `compatibility`, `cache`, `delay_ms`, \
             `instructions`, `sampling`, `deadlines`, `retry`, `history`",
        ),
        ("model = \" \"", "3:9: profiles.a.model: is blank"),
        (
            "sampling.temperature = -1",
            "3:24: profiles.a.sampling.temperature: must be a number of at least 0",
        ),
        ("sampling.top_p = 1.5", "3:18: profiles.a.sampling.top_p: must be a number from 0 to 1"),
        (
            "sampling = { max_output_tokens = 0 }",
            "3:34: profiles.a.sampling.max_output_tokens: invalid value: integer `0`, expected a \
             nonzero u32",
        ),
        (
            "sampling.stop = [\"a\", 1]",
            "3:23: profiles.a.sampling.stop.1: invalid type: integer `1`, expected a string",
        ),
        (
            "\n[profiles.a.deadlines]\nturn_s = 1",
            "5:1: profiles.a.deadlines.turn_s: unknown field `turn_s`, expected one of \
             `first_event_ms`, `idle_ms`, `turn_ms`",
        ),
        (
            "history.max_bytes = \"many\"",
            "3:21: profiles.a.history.max_bytes: invalid type: string \"many\", expected a nonzero \
             usize",
        ),
        ("provider = \"echo\"", "3:1: duplicate key"),
        (
            "base_url = \"http://box\"",
            "3:12: profiles.a.base_url: is only for providers that reach a model; `echo` does not",
        ),
        (
            "headers = { x-a = \"b\" }",
            "3:11: profiles.a.headers: is only for providers that reach a model; `echo` does not",
        ),
        (
            "key = { env = \"KEY\" }",
            "3:7: profiles.a.key: is only for providers that reach a model; `echo` does not",
        ),
    ] {
        refused(with("echo", line), expected);
    }
    for (text, expected) in [
        (
            "\n[profiles.a]\nprovider = \"opnai\"",
            "3:12: profiles.a.provider: unknown provider \"opnai\"; known are echo, openai, \
             openai-responses, anthropic, gemini, ollama, openrouter, azure-openai, groq, \
             mistral, deepseek, xai, together, fireworks, lm-studio, vllm, llama-cpp",
        ),
        ("[profiles.a]\n", "1:1: profiles.a: missing field `provider`"),
        (
            "[profiles.a]\nprovider = \"ollama\"",
            "1:1: profiles.a: missing field `model`, which ollama needs",
        ),
        (
            "[profiles.a]\nprovider = \"openai\"",
            "1:1: profiles.a: missing field `model`, which openai needs",
        ),
        (
            "[profiles.a]\nprovider = \"openai\"\nbase_url = \"box:80\"",
            "3:12: profiles.a: base_url has no scheme: begin it with `https://`, or with `http://` for a \
             server without TLS; it is an address such as \
             https://api.openai.com/v1",
        ),
        (
            "[profiles.a]\nprovider = \"ollama\"\nmodel = \"m\"\ndelay_ms = 1",
            "4:12: profiles.a.delay_ms: is only for the provider `echo`",
        ),
        ("# é\ndefault = \"a\"", "2:11: default: there is no profile \"a\""),
        ("[profile.a]", "1:2: profile: unknown field `profile`, expected `default` or `profiles`"),
    ] {
        refused(parse(text), expected);
    }
    let long = "\\u001b".to_owned() + &"x".repeat(100_000);
    for text in [
        format!("\"{long}\" = 1"),
        format!("default = \"{long}\""),
        format!("[profiles.a]\nprovider = \"{long}\""),
        format!("[profiles.\"{long}\"]\nprovider = 1"),
    ] {
        let error = parse(&text).expect_err("it is wrong");
        assert!(error.len() < 800 && !error.contains(char::is_control), "{error}");
    }
    let error = parse("default = \"a").expect_err("it is no TOML");
    assert!(error.starts_with("1:"), "{error}");
}

#[test]
fn fields_of_the_body_are_json_and_none_of_the_conversation() {
    let line = "model = \"m\"\nextra = { a = 1, b = [0.5, true], c = { d = 1979-05-27 } }";
    let file = with("openai", line).expect("it is right");
    let extra = serde_json::Value::Object(file.profiles[0].provider.extra.clone());
    assert_eq!(extra, serde_json::json!({"a": 1, "b": [0.5, true], "c": {"d": "1979-05-27"}}));
    refused(
        with("openai", "extra = { messages = [] }"),
        "3:9: profiles.a: extra field \"messages\" belongs to the conversation, and cannot be added",
    );
    refused(
        with("openai", "extra = { a = nan }"),
        "3:9: profiles.a.extra: has a number that JSON does not have",
    );
}

#[test]
fn switches_are_named() {
    let line = "model = \"m\"\ncompatibility.token_limit = \"max_completion_tokens\"";
    let file = with("openai", line).expect("it is right");
    let expected = Compatibility::new().token_limit(TokenLimit::MaxCompletionTokens);
    assert_eq!(file.profiles[0].provider.compatibility, expected);
    refused(
        with("openai", "compatibility.system = \"last\""),
        "3:24: profiles.a.compatibility.system: system \"last\" is unknown; known are anywhere, \
         first, merged",
    );
    refused(
        with("openai", "auth = \"basic\""),
        "3:8: profiles.a.auth: auth \"basic\" is unknown; known are bearer, api-key, x-api-key, \
         x-goog-api-key",
    );
}

#[tokio::test]
async fn a_runtime_is_given_all_profiles_and_the_default_first() {
    let profile = |name| format!("[profiles.{name}]\nprovider = \"echo\"\nmodel = \"{name}-m\"\n");
    let text = ["default = \"b\"\n", &profile("a"), &profile("b"), &profile("c")].concat();
    let profiles = parse(&text).expect("it is right").build_all().expect("they can be built");
    assert_eq!(profiles.iter().map(|profile| &*profile.name).collect::<Vec<_>>(), ["b", "a", "c"]);

    let builder = profiles.into_iter().fold(Runtime::builder(), RuntimeBuilder::profile);
    let runtime = builder.build().await.expect("a Runtime takes them");
    let shown = runtime.handle(GetRuntime {}).await.expect("it is told").capabilities.profiles;
    let default = shown.iter().find(|it| it.selector == ProfileSelector::default());
    assert_eq!(default.and_then(|it| it.model.as_deref()), Some("b-m"));
}

#[test]
fn profiles_without_a_default_are_in_the_order_of_their_names() {
    let text = "[profiles.b]\nprovider = \"echo\"\n[profiles.a]\nprovider = \"echo\"\n";
    let profiles = parse(text).expect("it is right").build_all().expect("they can be built");
    assert_eq!(profiles.iter().map(|profile| &*profile.name).collect::<Vec<_>>(), ["a", "b"]);
    assert!(ProfilesFile::default().build_all().expect("there is none").is_empty());
}

#[test]
fn a_profile_that_cannot_be_built_is_named_without_flags_of_a_program() {
    for (lines, expected) in [
        (
            "provider = \"openai\"\nmodel = \"m\"\nkey = { env = \"NOT_SET\" }",
            "the profile `real` cannot be used: key: the environment variable NOT_SET is not set",
        ),
        (
            "provider = \"ollama\"\nmodel = \"m\"\nheaders = { x-a = { file = \"nowhere\" } }",
            "the profile `real` cannot be used: headers.x-a: folder/nowhere cannot be read: ",
        ),
        (
            "provider = \"openai\"\nmodel = \"m\"\nbase_url = \"https://models.example/v1\"",
            "the profile `real` cannot be used: it needs a key: say where it is by \
             `key = { env = \"OPENAI_API_KEY\" }`; that variable counts by itself only for \
             https://api.openai.com/v1 and for the address in OPENAI_BASE_URL",
        ),
    ] {
        let file = parse(&format!("[profiles.real]\n{lines}\n")).expect("it is right");
        let error = file.build_all().expect_err("it cannot be built");
        assert!(matches!(error, ProfilesError::Unusable { .. }), "{error:?}");
        let error = error.to_string();
        assert!(error.starts_with(expected) && !error.contains("--"), "{error}");
    }
}

#[test]
fn a_provider_that_needs_a_model_is_not_built_without() {
    let kind = providers::ProviderKind::Ollama;
    let spec = ProfileSpec::new("a", ProviderSpec::new(ProviderKind::Model(kind)));
    let error = spec.build().expect_err("it has no model");
    assert!(matches!(error, SpecError::ModelMissing { .. }), "{error:?}");
    assert_eq!(error.to_string(), "missing field `model`, which ollama needs");
}

#[test]
fn the_usual_address_needs_a_model_also_when_it_is_written_out() {
    refused(
        with("openai", "base_url = \"https://api.openai.com/v1\""),
        "1:1: profiles.a: missing field `model`, which openai needs",
    );
}

#[tokio::test]
async fn a_runtime_refuses_a_real_provider_without_a_model() {
    let built = async |base_url: &str| {
        let config = ProviderConfig::new(providers::ProviderKind::OpenAi).api_key("k");
        let provider = config.base_url(base_url).build().expect("it can be built");
        Runtime::builder().profile(Profile::new("real", provider)).build().await
    };
    let error = built("https://api.openai.com/v1").await.expect_err("it has no model");
    let expected = BuildError::ModelMissing { profile: "real".into(), provider: "openai".into() };
    assert_eq!(error, expected);
    built("http://127.0.0.1:8080/v1").await.expect("a server of one's own may have only one");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = ProfilesFile::read("nowhere/profiles.toml").expect_err("there is none");
    let ProfilesError::Unreadable { path, error: reason } = &error else { panic!("{error:?}") };
    assert_eq!(path, Path::new("nowhere/profiles.toml"));
    assert_eq!(reason.kind(), std::io::ErrorKind::NotFound);
    assert!(error.to_string().starts_with("nowhere/profiles.toml cannot be read: "), "{error}");
}
