//! A tool that is a function.

use std::{fmt, marker::PhantomData, num::NonZeroU64, time::Duration};

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::de::DeserializeOwned;

use super::{IntoToolEnd, Tool, ToolContext, ToolFuture, ToolInput, ToolOutput};
use crate::{Json, OnUncertain, ToolApproval, ToolEffects, ToolExecutor, ToolSpec};

/// Makes a tool of an async function. Its input schema is that of the type `A` of its arguments.
///
/// The function returns a [`ToolOutput`], a `Result` with a text or another
/// [output](super::IntoToolOutput) and an error, which the model is told, or a
/// [`ToolEnd`](super::ToolEnd).
///
/// The tool counts as [unsafe](ToolEffects::Unsafe) until it says otherwise, which means that
/// somebody is asked before each call.
///
/// ```
/// use llm_engine::{CheckedTool, Tool, ToolEffects, ToolSet, tool};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Add {
///     /// The first number.
///     a: i64,
///     /// The second number.
///     b: i64,
/// }
///
/// let add = tool("add", "Adds two numbers", |args: Add, _context| async move {
///     args.a.checked_add(args.b).ok_or("the sum is too large")
/// })
/// .effects(ToolEffects::None);
/// assert!(add.spec().is_parallel());
/// # #[cfg(feature = "tools")]
/// let tools = ToolSet::new([CheckedTool::new(add)?])?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn tool<A, F, R>(name: &str, description: &str, run: F) -> ToolFn<A, F>
where
    A: DeserializeOwned + JsonSchema + 'static,
    F: Fn(A, ToolContext) -> R + Send + Sync + 'static,
    R: Future<Output: IntoToolEnd> + Send + 'static,
{
    let mut spec = ToolSpec::new(name, schema_of::<A>());
    description.clone_into(&mut spec.description);
    spec.executor = ToolExecutor::InProcess;
    ToolFn { spec, run, arguments: PhantomData }
}

/// The schema of a type, without a title and a version, which tell a model nothing, and with the
/// types of its fields in their places.
fn schema_of<A: JsonSchema>() -> Json {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<A>();
    schema.remove("title");
    // A schema has nothing that JSON cannot say. If it had, the check of the tool would refuse this.
    Json::of(&schema).unwrap_or_else(|_| Json::null())
}

/// A tool that is a function, made by [`tool`].
pub struct ToolFn<A, F> {
    spec: ToolSpec,
    run: F,
    arguments: PhantomData<fn(A)>,
}

impl<A, F> ToolFn<A, F> {
    /// Sets the name for people.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.spec.title = Some(title.into());
        self
    }

    /// Sets what a call changes outside.
    #[must_use]
    pub fn effects(mut self, effects: ToolEffects) -> Self {
        self.spec.effects = effects;
        self
    }

    /// Sets whether neighbouring calls of such tools run at the same time.
    #[must_use]
    pub fn parallel(mut self, parallel: bool) -> Self {
        self.spec.parallel = Some(parallel);
        self
    }

    /// Sets who decides whether a call may begin.
    #[must_use]
    pub fn approval(mut self, approval: ToolApproval) -> Self {
        self.spec.approval = Some(approval);
        self
    }

    /// Sets what happens if nobody knows whether a call had its effect.
    #[must_use]
    pub fn on_uncertain(mut self, on_uncertain: OnUncertain) -> Self {
        self.spec.on_uncertain = on_uncertain;
        self
    }

    /// Sets the names of the arguments by which two effects are told apart.
    #[must_use]
    pub fn key(mut self, arguments: impl IntoIterator<Item: Into<String>>) -> Self {
        self.spec.key = Some(arguments.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the type of the data of a result.
    #[must_use]
    pub fn output<T: JsonSchema>(mut self) -> Self {
        self.spec.output_schema = Some(schema_of::<T>());
        self
    }

    /// Sets the time that a call may take, in whole milliseconds and at least one.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        let whole = limit.as_secs().saturating_mul(1000);
        let milliseconds = whole.saturating_add(u64::from(limit.subsec_millis()));
        self.spec.timeout_ms = Some(NonZeroU64::new(milliseconds).unwrap_or(NonZeroU64::MIN));
        self
    }

    /// Sets the most bytes of a result. A longer one is cut, with a mark that names the cut.
    #[must_use]
    pub fn output_bytes(mut self, limit: NonZeroU64) -> Self {
        self.spec.output_bytes = Some(limit);
        self
    }

    /// Adds a text of the Backend's own. The model never sees it.
    #[must_use]
    pub fn meta(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.spec.meta.insert(key.into(), value.into());
        self
    }
}

impl<A, F, R> Tool for ToolFn<A, F>
where
    A: DeserializeOwned + 'static,
    F: Fn(A, ToolContext) -> R + Send + Sync + 'static,
    R: Future<Output: IntoToolEnd> + Send + 'static,
{
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn call(&self, input: ToolInput, context: ToolContext) -> ToolFuture {
        match input.to::<A>() {
            Ok(arguments) => {
                let running = (self.run)(arguments, context);
                Box::pin(async move { running.await.into_tool_end() })
            }
            // The schema cannot say all that a type checks while it is read.
            Err(error) => {
                let output = ToolOutput::error(format!("the arguments cannot be used: {error}"));
                Box::pin(std::future::ready(output.into_tool_end()))
            }
        }
    }
}

impl<A, F> fmt::Debug for ToolFn<A, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolFn").field("spec", &self.spec).finish_non_exhaustive()
    }
}
