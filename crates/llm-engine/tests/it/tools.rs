//! Tools that are functions, and sets of them.

use std::{num::NonZeroU64, sync::Arc, time::Duration};

use llm_engine::{
    CheckedTool, Json, OnUncertain, Tool, ToolApproval, ToolContext, ToolEffects, ToolEnd,
    ToolExecutor, ToolInput, ToolOutput, ToolSet, ToolSpec, tool,
};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Point {
    /// To the right.
    x: i64,
}

#[derive(Deserialize, JsonSchema)]
struct Move {
    /// From here.
    from: Point,
    to: Option<Point>,
}

fn mover() -> impl Tool {
    tool("move", "Moves a thing", |args: Move, _| async move {
        let to = args.to.ok_or("there is no place to go to")?;
        Ok::<_, &str>(to.x - args.from.x)
    })
}

async fn run(tool: &impl Tool, arguments: &str) -> ToolEnd {
    let input = ToolInput::checked(Json::parse(arguments).unwrap());
    tool.call(input, ToolContext::new("key")).await
}

#[test]
fn a_schema_has_its_types_in_their_places_and_no_noise() {
    let schema = mover().spec().input_schema.clone();
    let point = concat!(
        r#""properties":{"x":{"description":"To the right.","type":"integer","format":"int64"}},"#,
        r#""required":["x"]"#,
    );
    let from = format!(r#"{{"description":"From here.","type":"object",{point}}}"#);
    let to = format!(r#"{{"type":["object","null"],{point}}}"#);
    let expected = format!(
        r#"{{"type":"object","properties":{{"from":{from},"to":{to}}},"required":["from"]}}"#
    );
    assert_eq!(schema.as_str(), expected);
}

#[tokio::test]
async fn a_function_returns_what_suits_it() {
    assert_eq!(
        run(&mover(), r#"{"from":{"x":1},"to":{"x":3}}"#).await,
        ToolEnd::Done(ToolOutput::new("2")),
    );
    assert_eq!(
        run(&mover(), r#"{"from":{"x":1}}"#).await,
        ToolEnd::Done(ToolOutput::error("there is no place to go to")),
    );
    let later = tool("later", "", |_: Point, _| async { ToolEnd::Later { deadline_ms: None } });
    assert_eq!(run(&later, r#"{"x":1}"#).await, ToolEnd::Later { deadline_ms: None });
    let value = tool("value", "", |_: Point, _| async { ToolOutput::json(&[1, 2]) });
    let data = Json::parse("[1,2]").unwrap();
    assert_eq!(run(&value, r#"{"x":1}"#).await, ToolEnd::Done(ToolOutput::new("[1,2]").data(data)),);
}

#[tokio::test]
async fn arguments_that_a_type_refuses_are_told_to_the_model() {
    let ToolEnd::Done(output) = run(&mover(), r#"{"from":{"x":1.5}}"#).await else {
        panic!("not done");
    };
    assert!(output.is_error && output.text.starts_with("the arguments cannot be used: "));
}

#[tokio::test]
async fn a_tool_knows_its_call() {
    let told = Arc::new(std::sync::Mutex::new(String::new()));
    let heard = Arc::clone(&told);
    let context = ToolContext::new("key-1")
        .with_attempt(2)
        .with_host(Arc::new("alice"))
        .with_answers(Json::null(), Some(Json::parse("true").unwrap()))
        .with_progress(move |text| heard.lock().unwrap().push_str(text));
    let who = tool("who", "", |_: Point, context: ToolContext| async move {
        context.progress("half way");
        let host = context.host::<&str>().copied().unwrap_or("nobody");
        let answer = context.answers().map_or("none", Json::as_str).to_owned();
        let state = context.state().is_some();
        let key = context.idempotency_key().to_owned();
        ToolOutput::new(format!("{host} {answer} {state} {key} {}", context.attempt()))
    });
    let input = ToolInput::checked(Json::parse(r#"{"x":1}"#).unwrap());
    let end = who.call(input, context).await;
    assert_eq!(end, ToolEnd::Done(ToolOutput::new("alice true true key-1 2")));
    assert_eq!(*told.lock().unwrap(), "half way");
}

#[test]
fn a_builder_sets_every_field() {
    let built = tool("f", "Does f", |_: Point, _| async { ToolOutput::new("") })
        .title("F")
        .effects(ToolEffects::Idempotent)
        .parallel(true)
        .approval(ToolApproval::Always)
        .on_uncertain(OnUncertain::Ask)
        .key(["x"])
        .output::<Point>()
        .timeout(Duration::from_millis(1500))
        .output_bytes(NonZeroU64::MIN)
        .meta("team", "maps");
    let mut spec = ToolSpec::new("f", built.spec().input_schema.clone());
    spec.description = "Does f".into();
    spec.title = Some("F".into());
    spec.executor = ToolExecutor::InProcess;
    spec.effects = ToolEffects::Idempotent;
    spec.parallel = Some(true);
    spec.approval = Some(ToolApproval::Always);
    spec.on_uncertain = OnUncertain::Ask;
    spec.key = Some(vec!["x".into()]);
    spec.output_schema = Some(spec.input_schema.clone());
    spec.timeout_ms = NonZeroU64::new(1500);
    spec.output_bytes = Some(NonZeroU64::MIN);
    spec.meta = [("team".to_owned(), "maps".to_owned())].into();
    assert_eq!(*built.spec(), spec);
}

#[test]
fn what_is_not_said_is_as_careful_as_can_be() {
    let spec = mover().spec().clone();
    assert_eq!((spec.effects, spec.approval()), (ToolEffects::Unsafe, ToolApproval::Policy));
    assert!(!spec.is_parallel());
}

fn named(name: &str) -> CheckedTool {
    let named = tool(name, "", |_: Point, _| async { ToolOutput::new("") });
    CheckedTool::new(named).unwrap()
}

#[test]
fn a_set_is_the_same_in_whatever_order_it_is_made() {
    let one = ToolSet::new(["b", "a", "c"].map(named)).unwrap();
    let other = ToolSet::new(["c", "b", "a"].map(named)).unwrap();
    assert_eq!(one.specs(), other.specs());
    let names: Vec<&str> = one.specs().iter().map(|spec| &*spec.name).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert!(one.get("b").is_some() && one.get("d").is_none());
    let error = ToolSet::new(["b", "a", "b"].map(named)).unwrap_err();
    assert_eq!(error.to_string(), "two tools have the name `b`; rename one");
}

#[test]
fn a_tool_that_no_provider_takes_is_refused() {
    let unnamed = tool("no name", "", |_: Point, _| async { ToolOutput::new("") });
    assert_eq!(CheckedTool::new(unnamed).unwrap_err().field, "name");
    let without_object = tool("f", "", |_: i64, _| async { ToolOutput::new("") });
    assert_eq!(CheckedTool::new(without_object).unwrap_err().field, "input_schema");
}

#[test]
fn a_type_that_contains_itself_can_be_arguments() {
    #[derive(Deserialize, JsonSchema)]
    struct Tree {
        branches: Vec<Tree>,
    }
    let count =
        tool("count", "", |tree: Tree, _| async move { Ok::<_, String>(tree.branches.len()) });
    let count = CheckedTool::new(count).unwrap();
    let check = |text: &str| count.check(Json::parse(text).unwrap()).is_ok();
    assert!(check(r#"{"branches":[{"branches":[]}]}"#));
    assert!(!check(r#"{"branches":[{"branches":[1]}]}"#));
}
