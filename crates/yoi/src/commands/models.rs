//! `yoi models`: lists the models that a provider offers.

use clap::Args;
use llm_engine::providers::OfferedModel;
use serde_json::json;

use crate::{
    engine::EngineArgs, exit::Exit, failure::Failure, output::print_sanitized, provider_words,
    tokio_main,
};

const AFTER_HELP: &str = "\
Each line is the name of a model, as `--model` and the profiles file take it. With --json, each line is
an object with `name` and, where the provider tells them, `title` and `context_tokens`.

Exit codes:
    0  the models were listed
    1  the provider refused, or its answer is no list
    2  the command line or the configuration is invalid
   75  the provider could not be asked, but it may be later

Examples:
  yoi models
  yoi models --provider openrouter --json
  yoi models --base-url http://127.0.0.1:8080/v1";

/// List the models that a provider offers.
///
/// The provider is chosen as for `yoi run`, but no model has to be named.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Models {
    /// Print each model as JSON, one a line.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    engine: EngineArgs,
}

impl Models {
    pub(crate) fn execute(self) -> Result<Exit, Failure> {
        let request = self.engine.models()?;
        let models = tokio_main::block_on(async {
            request.await.map_err(|error| {
                let message = error.message.to_string();
                let failure = if error.retryable {
                    Failure::temporary(message)
                } else {
                    Failure::new(message)
                };
                let said = error.provider.and_then(|said| provider_words::line(&(*said).into()));
                failure.followed_by(said)
            })
        })?;
        let line = if self.json { json_line } else { name_line };
        print_sanitized(&models.iter().map(line).collect::<String>())?;
        Ok(Exit::Completed)
    }
}

fn name_line(model: &OfferedModel) -> String {
    format!("{}\n", model.name)
}

fn json_line(model: &OfferedModel) -> String {
    let mut line = json!({ "name": model.name });
    if let Some(title) = &model.title {
        line["title"] = json!(&**title);
    }
    if let Some(tokens) = model.context_tokens {
        line["context_tokens"] = json!(tokens.get());
    }
    format!("{line}\n")
}
