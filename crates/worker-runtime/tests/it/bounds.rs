//! Numbers and texts that a provider or a Backend hands in are bounded where they enter.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use llm_engine::{
    EchoProvider, EngineError, ErrorKind, ModelRequest, Policy, Provider, ProviderError,
    ProviderStream, RetryPolicy, Role, Sampling, Script, ScriptedProvider, ShortText,
};
use serde_json::{Value, json};
use worker_runtime::{
    BuildError, Clock, IdSource, Profile, Runtime, RuntimeBuilder, RuntimeError,
    commands::{CreateWorker, SendInput, StopRuntime, StopWorker, UpdateWorker},
    model::{EventsFrom, ProfileSelector, Scope, SeedEntry, Subscribe},
    queries::{
        GetOverview, GetRuntime, GetTranscript, ReadEvents, TranscriptAfter, TranscriptBefore,
        TranscriptFrom,
    },
};

use crate::support::{World, and, create, read_events, runtime_scope, scope_of};

fn echo(name: &str) -> Profile {
    Profile::new(name, Arc::new(EchoProvider::new()))
}

async fn refused(builder: RuntimeBuilder) -> String {
    match builder.build().await {
        Err(BuildError::Invalid(problem)) => {
            assert!(problem.chars().count() <= ShortText::MAX_CHARS, "{problem}");
            problem.to_string()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn leases_are_from_a_tenth_of_a_second_to_a_year() {
    let (shortest, longest) = (Duration::from_millis(100), Duration::from_hours(365 * 24));
    let (shorter, longer) = (Duration::from_micros(99_999), longest + Duration::from_nanos(1));
    for lease in [Duration::ZERO, shorter, longer, Duration::MAX] {
        let problem = refused(Runtime::builder().lease_duration(lease)).await;
        assert!(problem.contains("`lease_duration` must be from 100ms to"), "{problem}");
    }
    for lease in [shortest, longest] {
        Runtime::builder().lease_duration(lease).build().await.expect("a lease of this length");
    }
}

#[tokio::test]
async fn profiles_are_checked() {
    let long = "€".repeat(1025);
    let sampled = |sampling: Sampling| echo("a").sampling(sampling);
    for (profile, problem) in [
        (echo(""), "name must not be empty"),
        (echo("a\nb"), "name: must not contain control characters"),
        (echo(&long), "name is larger than 1024"),
        (echo("a").model(""), "model: must not be empty"),
        (echo("a").model(&*long), "model is larger than 1024"),
        (sampled(Sampling::default().temperature(f64::NAN)), "temperature must be"),
        (sampled(Sampling::default().top_p(1.5)), "top_p must be"),
        (sampled(Sampling::default().max_output_tokens(0)), "max_output_tokens must be"),
    ] {
        let told = refused(Runtime::builder().profile(profile)).await;
        let words = problem.split(' ').filter(|word| !told.contains(word.trim_end_matches(':')));
        assert_eq!(words.count(), 0, "{told}, not {problem}");
    }
    let twice = refused(Runtime::builder().profile(echo("a")).profile(echo("a"))).await;
    assert_eq!(twice, "two profiles are named `a`");
    let most = (0..256).fold(Runtime::builder(), |it, index| it.profile(echo(&index.to_string())));
    let past = (0..257).fold(Runtime::builder(), |it, index| it.profile(echo(&index.to_string())));
    most.build().await.expect("as many as there may be");
    assert_eq!(refused(past).await, "there must be at most 256 profiles");
}

#[tokio::test]
async fn a_profile_may_be_added_while_the_runtime_runs() {
    let runtime = Runtime::builder().profile(echo("a")).build().await.expect("a Runtime");
    let named = |name: &str| Some(ProfileSelector::named(name));
    let create = |name| runtime.handle(CreateWorker { profile: named(name), ..Default::default() });
    assert_eq!(create("b").await.expect_err("no profile"), RuntimeError::ProfileNotFound {});
    runtime.add_profile(echo("b").model("m")).expect("another profile");
    let worker = create("b").await.expect("a Worker of the profile").detail.worker;
    let available = runtime.handle(GetRuntime::default()).await.expect("a reply").capabilities;
    let models = available.profiles.iter().map(|it| (&it.selector, it.model.as_deref()));
    assert!(models.into_iter().any(|it| it == (&ProfileSelector::named("b"), Some("m"))));
    for (profile, told) in [
        (echo("b"), "two profiles are named `b`"),
        (echo("c").model(""), "profile `c`: model: must not be empty"),
    ] {
        let refused = runtime.add_profile(profile).expect_err("it is refused");
        assert_eq!(refused.to_string(), told);
    }
    for name in 0..254 {
        runtime.add_profile(echo(&name.to_string())).expect("as many as there may be");
    }
    let past = runtime.add_profile(echo("past")).expect_err("one too many");
    assert_eq!(past.to_string(), "there must be at most 256 profiles");
    let update = UpdateWorker { profile: named("0"), ..UpdateWorker::new(worker) };
    runtime.handle(update).await.expect("a Worker moves to an added profile");
}

/// A provider whose name is long, and which counts how often it is asked.
#[derive(Default)]
struct Named {
    asked: AtomicUsize,
    panics: bool,
    name: String,
}

impl Provider for Named {
    fn name(&self) -> &str {
        assert!(!self.panics, "a panic of a provider");
        self.asked.fetch_add(1, Ordering::Relaxed);
        &self.name
    }

    fn stream(&self, request: Arc<ModelRequest>) -> ProviderStream {
        EchoProvider::new().stream(request)
    }
}

#[tokio::test(start_paused = true)]
async fn the_name_of_a_provider_is_read_when_the_runtime_is_built() {
    let named = Arc::new(Named { name: "\u{1b}x".repeat(100_000), ..Named::default() });
    let profile = Profile::new("a", Arc::clone(&named) as _);
    let world = World::builder().with(|builder| builder.profile(profile)).build().await;
    let asked = named.asked.load(Ordering::Relaxed);
    for _ in 0..3 {
        let reply = world.ok(json!({ "type": "get_runtime" })).await;
        let profiles = reply["capabilities"]["profiles"].as_array().expect("profiles").clone();
        let is_named = |profile: &&Value| profile["selector"]["name"] == "a";
        let name = profiles.iter().find(is_named).expect("the profile")["provider"].clone();
        assert_eq!(name.as_str().expect("a name"), "x".repeat(63) + "…");
    }
    assert_eq!(named.asked.load(Ordering::Relaxed), asked);
}

/// A provider that has no model of its own choice.
struct NeedsModel;

impl Provider for NeedsModel {
    fn name(&self) -> &'static str {
        "picky"
    }

    fn needs_model(&self) -> bool {
        true
    }

    fn stream(&self, request: Arc<ModelRequest>) -> ProviderStream {
        EchoProvider::new().stream(request)
    }
}

#[tokio::test(start_paused = true)]
async fn a_profile_without_the_model_that_its_provider_needs_is_refused() {
    let profile = |name: &str| Profile::new(name, Arc::new(NeedsModel));
    let named = Runtime::builder().profile(profile("a").model("m"));
    named.build().await.expect("it names a model");
    let unnamed = Runtime::builder().profile(profile("a").model("m")).profile(profile("b"));
    let error = unnamed.build().await.expect_err("one names none");
    let expected = BuildError::ModelMissing { profile: "b".into(), provider: "picky".into() };
    assert_eq!(error, expected);
    let message = "profile `b`: picky needs the name of a model; set the profile's `model`";
    assert_eq!(error.to_string(), message);
}

/// A clock and source of ids that panics.
struct Panicking;

impl Clock for Panicking {
    fn now_ms(&self) -> u64 {
        panic!("a panic of a clock")
    }
}

impl IdSource for Panicking {
    fn next(&self, _now_ms: u64) -> uuid::Uuid {
        panic!("a panic of a source of ids")
    }
}

#[tokio::test]
async fn whatever_panics_while_the_runtime_is_built_is_named() {
    let named = Profile::new("b", Arc::new(Named { panics: true, ..Named::default() }));
    for (builder, who) in [
        (Runtime::builder().clock(Arc::new(Panicking)), "the clock"),
        (Runtime::builder().ids(Arc::new(Panicking)), "the source of ids"),
        (Runtime::builder().profile(named), "the provider of the profile `b`"),
    ] {
        let built = builder.build().await;
        let Err(BuildError::Panicked(told)) = built else { panic!("{who}: {built:?}") };
        assert_eq!(&*told, who);
    }
}

/// A provider fails twice with as much as it can say, and asks for the longest wait.
#[tokio::test(start_paused = true)]
async fn what_a_provider_says_of_its_failure_is_short() {
    let said = "\u{1b}[2J€".repeat(1_000_000);
    let short = || Some(ShortText::from(said.as_str()));
    let error = |wait| {
        let mut words = ProviderError::new().message(&said);
        (words.code, words.error_type, words.request_id) = (short(), short(), short());
        let error = EngineError::new(ErrorKind::Overloaded, &*said).with_retry_after(wait);
        error.with_provider(words)
    };
    let provider = ScriptedProvider::new()
        .script(Script::new().error(error(Duration::from_secs(1))))
        .script(Script::new().error(error(Duration::from_secs(10_000_000_000_000_000))));
    let world = World::builder().provider(provider).build().await;
    let worker = world.worker().await;
    let turn_id = world.turn(&worker, "hi").await;
    let turn = world.finished(&worker, &turn_id).await["turn"].take();
    let events = world.ok(read_events(&scope_of(&worker))).await;
    let events = events["items"].as_array().expect("events");
    let of = |name: &str| events.iter().find(|event| event["type"] == name).expect("an event");
    for error in [&turn["error"], &of("turn_retrying")["error"], &of("turn_failed")["error"]] {
        let message = error["message"].as_str().expect("a message");
        assert_eq!(message.chars().count(), ShortText::MAX_CHARS);
        assert!(!message.contains(char::is_control));
        for (name, chars) in [("code", 64), ("type", 64), ("message", 500), ("request_id", 128)] {
            let text = error["provider"][name].as_str().expect(name);
            assert_eq!(text.chars().count(), chars, "{name}");
        }
    }
    assert_eq!(turn["error"]["retry_after_ms"], 9_007_199_254_740_991_u64);
}

#[tokio::test(start_paused = true)]
async fn pauses_of_any_length_do_no_harm() {
    let endless = RetryPolicy::default()
        .initial_delay(Duration::MAX)
        .max_delay(Duration::MAX)
        .max_retry_after(Duration::MAX);
    let error = EngineError::new(ErrorKind::Overloaded, "busy").with_retry_after(Duration::MAX);
    let profile = Profile::new("endless", Arc::new(ScriptedProvider::failing(error)))
        .policy(Policy::default().retry(endless));
    let world = World::builder()
        .limits(|limits| limits.turn_ms = (1 << 53) - 1)
        .with(|builder| builder.profile(profile))
        .build()
        .await;
    let worker =
        world.worker_with(json!({ "profile": { "type": "named", "name": "endless" } })).await;
    let turn_id = world.turn(&worker, "hi").await;
    let turn = world.finished(&worker, &turn_id).await;
    assert_eq!(turn["turn"]["error"]["kind"], "overloaded");
}

#[tokio::test(start_paused = true)]
async fn times_of_seeded_entries_are_bounded() {
    let world = World::new().await;
    let seeded = |at_ms| {
        let entry = SeedEntry { role: Role::User, text: "hi".into(), at_ms: Some(at_ms) };
        CreateWorker::default().history(vec![entry])
    };
    let most = (1 << 53) - 1;
    world.runtime.handle(seeded(most)).await.expect("the latest time");
    match world.runtime.handle(seeded(most + 1)).await {
        Err(RuntimeError::LimitOutOfRange { field, max, .. }) => {
            assert_eq!((field.as_str(), max), ("history[0].at_ms", most));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn claims_have_at_most_128_segments() {
    let world = World::limited(|limits| limits.text_chars = 1_000_000).await;
    let claiming = |segments| {
        let resource = vec!["a"; segments].join("/");
        and(create(), json!({ "scope_claims": [{ "resource": resource, "access": "shared" }] }))
    };
    world.ok(claiming(128)).await;
    for segments in [129, 400_000] {
        let error = world.refused(claiming(segments)).await;
        assert_eq!(error["field"], "scope_claims[0].resource");
        assert_eq!(error["problem"], "must have at most 128 segments");
    }
}

#[tokio::test(start_paused = true)]
async fn labels_in_a_filter_are_checked_like_labels() {
    let world = World::new().await;
    let wanted =
        |labels| and(read_events(&runtime_scope()), json!({ "filter": { "labels": labels } }));
    let long = "x".repeat(129);
    world.ok(wanted(json!({ "a": "x".repeat(128) }))).await;
    for (labels, code, field) in [
        (json!({ "a": long }), "too_large", "filter.labels.a"),
        (json!({ long: "a" }), "too_large", "filter.labels"),
        (json!({ "": "a" }), "invalid_request", "filter.labels"),
        (json!({ "a": "\n" }), "invalid_request", "filter.labels.a"),
    ] {
        let error = world.refused(wanted(labels)).await;
        assert_eq!((&error["code"], &error["field"]), (&json!(code), &json!(field)));
    }
}

#[tokio::test(start_paused = true)]
async fn lists_of_states_and_outcomes_are_bounded() {
    let world = World::new().await;
    let worker = world.worker().await;
    let states = |count| json!({ "type": "list_workers", "states": vec!["idle"; count] });
    let outcomes =
        |count| json!({ "type": "list_turns", "worker": worker, "outcomes": vec!["lost"; count] });
    world.ok(states(16)).await;
    world.ok(outcomes(16)).await;
    for (request, field) in [(states(17), "states"), (outcomes(17), "outcomes")] {
        let error = world.refused(request).await;
        let said = (&error["code"], &error["field"], &error["max"]);
        assert_eq!(said, (&json!("too_large"), &json!(field), &json!(16)));
    }
}

/// The Rust API takes any number, unlike JSON.
#[tokio::test(start_paused = true)]
async fn the_largest_numbers_of_requests_do_no_harm() {
    const MOST: u64 = u64::MAX;
    let runtime = World::new().await.runtime;
    let created = runtime.handle(CreateWorker::default()).await.expect("a Worker");
    let worker = created.detail.worker;
    let scope = Scope::worker(worker);
    let from = EventsFrom::after_sequence(MOST);
    let read = runtime.handle(ReadEvents::new(scope).starting_at(from.clone())).await;
    assert!(matches!(read, Err(RuntimeError::CursorAhead { .. })), "{read:?}");
    let stream = runtime.subscribe(Subscribe::new(scope).starting_at(from)).await;
    assert!(matches!(stream, Err(RuntimeError::CursorAhead { .. })));
    for from in [
        TranscriptFrom::After(TranscriptAfter { sequence: MOST }),
        TranscriptFrom::Before(TranscriptBefore { sequence: MOST }),
    ] {
        let request = GetTranscript::new(worker).starting_at(from);
        assert_eq!(runtime.handle(request).await.expect("a page").entries.len(), 0);
    }
    let overview = GetOverview::new().recent(MOST);
    assert!(runtime.handle(overview).await.is_err());
    runtime.handle(SendInput::new(worker, "hi")).await.expect("a turn");
    let stop = StopWorker { deadline_ms: Some(MOST), ..StopWorker::new(worker) };
    runtime.handle(stop).await.expect("a stop");
    let stop = StopRuntime { deadline_ms: Some(MOST), ..StopRuntime::default() };
    runtime.handle(stop).await.expect("a stop");
    runtime.wait_stopped(Duration::MAX).await.expect("the end");
}
