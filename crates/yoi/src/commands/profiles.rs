//! `yoi profiles`: lists the profiles of the profiles file and checks them.

mod ping;

use clap::Args;
use llm_engine::providers::shown_base_url;
use yoi_profiles::{ProfileSpec, ProfilesFile};

use crate::{
    engine::{self, FoundFile, ProfilesArgs},
    exit::Exit,
    failure::Failure,
    output::Output,
    report, tokio_main,
};

const AFTER_HELP: &str = "\
Each line has a profile's name, its provider and model, its address if the file has one, and `ok` or
the problem. The default is marked with a star. docs/profiles.md describes the file.

Exit codes:
    0  all profiles can be used
    1  a profile cannot be used
    2  the file or the command line is invalid

Examples:
  yoi profiles
  yoi profiles --profiles team.toml --ping";

/// List the profiles and check them.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Profiles {
    #[command(flatten)]
    file: ProfilesArgs,

    /// Send a short prompt to each model.
    #[arg(long)]
    ping: bool,
}

impl Profiles {
    pub(crate) fn execute(self) -> Result<Exit, Failure> {
        let FoundFile { missing, file } = self.file.read()?;
        if let Some(path) = missing {
            report::note(&format!("there is no profiles file: {} would be it", path.display()));
        }
        tokio_main::block_on(self.list(file))
    }

    async fn list(&self, file: ProfilesFile) -> Result<Exit, Failure> {
        let mut output = Output::new();
        let mut exit = Exit::Completed;
        let width = file.profiles.iter().map(|spec| spec.name.chars().count()).max().unwrap_or(0);
        for spec in &file.profiles {
            let mark = if file.default.as_ref() == Some(&spec.name) { '*' } else { ' ' };
            let verdict = self.check(spec).await.unwrap_or_else(|problem| {
                exit = Exit::Failed;
                problem
            });
            let (name, provider) = (&spec.name, describe(spec));
            output.write(&format!("{mark} {name:width$}  {provider}: {verdict}\n")).await?;
            output.flush().await?;
        }
        Ok(exit)
    }

    /// Returns the text for a profile that can be used, or the reason why it cannot.
    async fn check(&self, spec: &ProfileSpec) -> Result<String, String> {
        let profile = spec.build().map_err(|error| engine::explain(&error))?;
        if self.ping { ping::ping(profile).await } else { Ok("ok".to_owned()) }
    }
}

/// Returns the provider, the model and the address of a profile as text.
fn describe(spec: &ProfileSpec) -> String {
    let mut text = spec.provider.kind.to_string();
    if let Some(model) = &spec.provider.model {
        text.push(' ');
        text.push_str(model);
    }
    if let Some(base_url) = &spec.provider.base_url {
        text.push_str(" at ");
        text.push_str(&shown_base_url(base_url));
    }
    text
}
