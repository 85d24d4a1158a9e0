//! Which engine answers: a profile, what the environment names, or else the echo provider.

mod environment;
mod key_source;
mod profile_spec;
mod profiles_file;
mod provider_choice;

use std::{env, path::PathBuf, time::Duration};

use clap::Args;
use worker::Profile;

use self::provider_choice::ProviderChoice;
pub(crate) use self::{profile_spec::ProfileSpec, profiles_file::ProfilesFile};
use crate::{failure::Failure, report};

/// The profile that is always there: no model, no account.
const ECHO: &str = "echo";

/// The flags by which an engine is chosen.
#[derive(Args, Debug)]
#[command(next_help_heading = "Engine")]
pub(crate) struct EngineArgs {
    /// Use the profile NAME of the profiles file, or `echo`, which needs no model.
    ///
    /// Without it, the file's `default` is used; without that, the first that is set of the
    /// variables `OPENAI_API_KEY`, `OPENAI_BASE_URL`, `ANTHROPIC_API_KEY` and `OLLAMA_HOST` tells
    /// the provider; else the echo provider answers.
    #[arg(short, long, value_name = "NAME")]
    profile: Option<String>,

    #[command(flatten)]
    file: ProfilesArgs,

    /// The model's name at the provider, instead of the profile's.
    #[arg(short, long, value_name = "NAME")]
    model: Option<String>,

    /// Slow the echo provider down by N milliseconds a word, to try streams and cancels.
    #[arg(long, value_name = "N")]
    echo_delay_ms: Option<u32>,
}

/// Where profiles come from.
#[derive(Args, Debug)]
pub(crate) struct ProfilesArgs {
    /// Read profiles from FILE, not from `yoi/profiles.toml` in the platform's config directory.
    #[arg(long, value_name = "FILE")]
    profiles: Option<PathBuf>,
}

impl ProfilesArgs {
    pub(crate) fn read(&self) -> Result<ProfilesFile, Failure> {
        ProfilesFile::read(self.profiles.as_deref())
    }
}

impl EngineArgs {
    /// The profiles to build a Runtime with, the chosen one first. Those of the others that cannot
    /// be used are left out. Says on stderr if there is no model behind the chosen one.
    pub(crate) fn profiles(&self) -> Result<Vec<Profile>, Failure> {
        let file = self.file.read()?;
        let mut chosen = self.choose(&file)?;
        chosen.provider.override_with(self.model.as_deref(), self.echo_delay());
        let built = chosen.build().map_err(|problem| {
            let name = &chosen.name;
            Failure::configuration(format!("profile {name:?} cannot be used: {problem}"))
        })?;
        let mut profiles = vec![built];
        for spec in file.profiles.into_iter().chain([ProfileSpec::echo(ECHO)]) {
            if profiles.iter().all(|known| *known.name != *spec.name) {
                profiles.extend(spec.build().ok());
            }
        }
        Ok(profiles)
    }

    fn choose(&self, file: &ProfilesFile) -> Result<ProfileSpec, Failure> {
        if let Some(name) = self.profile.as_deref().or(file.default.as_deref()) {
            return match file.profile(name) {
                Some(spec) => Ok(spec.clone()),
                None if name == ECHO => Ok(ProfileSpec::echo(ECHO)),
                None => Err(unknown(name, file)),
            };
        }
        if let Some((variable, provider)) = environment::choice(|name| env::var_os(name)) {
            return self.by_environment(variable, provider);
        }
        report::note("no provider is configured: the echo provider answers, without a model");
        Ok(ProfileSpec::echo(ECHO))
    }

    fn by_environment(
        &self,
        variable: &str,
        provider: ProviderChoice,
    ) -> Result<ProfileSpec, Failure> {
        if self.model.is_none() {
            let kind = provider.kind;
            return Err(Failure::configuration(format!(
                "{variable} is set, so {kind} is to answer: say with which model by `--model NAME`, \
                 or choose a profile by `--profile NAME`; `echo` is one"
            )));
        }
        Ok(ProfileSpec::new(provider.kind.as_str(), provider))
    }

    fn echo_delay(&self) -> Option<Duration> {
        self.echo_delay_ms.map(|delay| Duration::from_millis(delay.into()))
    }
}

fn unknown(name: &str, file: &ProfilesFile) -> Failure {
    let mut known: Vec<&str> = file.profiles.iter().map(|spec| spec.name.as_str()).collect();
    known.push(ECHO);
    let known = known.join(", ");
    Failure::configuration(format!("there is no profile {name:?}; there are {known}"))
}
