//! Chooses the engine: by flags, by a profile, by environment variables, or else the echo provider.

mod addition_args;
mod environment;
mod explain;
mod model_need;
mod policy_args;
mod profiles_file;
mod provider_args;
mod remembered;
mod sampling_args;
mod ways;

use std::{collections::BTreeMap, env, path::PathBuf};

use clap::Args;
use llm_engine::{
    EngineError, ShortText,
    providers::{OfferedModel, WireLog},
};
use worker::Profile;
use yoi_profiles::{ProfileSpec, ProfilesFile, ProviderKind, ProviderSpec};

use self::{
    addition_args::AdditionArgs, model_need::Model, policy_args::PolicyArgs,
    provider_args::ProviderArgs, sampling_args::SamplingArgs, ways::WAYS,
};
pub(crate) use self::{explain::explain, profiles_file::FoundFile, remembered::Remembered};
use crate::{failure::Failure, report};

/// The name of the built-in profile, which needs no model.
const ECHO: &str = "echo";

/// The names of profiles that cannot be used, each with the reason.
pub(crate) type Unusable = BTreeMap<String, String>;

/// The flags by which an engine is chosen.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Engine")]
pub(crate) struct EngineArgs {
    /// Use the profile NAME of the profiles file, or `echo`, which needs no model.
    ///
    /// The other engine flags override the profile. Without this flag, the first of these chooses:
    ///
    /// `--provider` or `--base-url`, which describe a provider without a profile;
    ///
    /// the `default` of the profiles file;
    ///
    /// the first of these variables that is set: `OPENAI_API_KEY`, `OPENAI_BASE_URL`,
    /// `ANTHROPIC_API_KEY`, `ANTHROPIC_AUTH_TOKEN`, `GEMINI_API_KEY` and `OLLAMA_HOST`, of which
    /// one that is set but empty is an error;
    ///
    /// the echo provider, unless `--model` asks for a model, which is an error then.
    #[arg(short, long, value_name = "NAME")]
    profile: Option<String>,

    #[command(flatten)]
    file: ProfilesArgs,

    #[command(flatten)]
    provider: ProviderArgs,

    #[command(flatten)]
    additions: AdditionArgs,

    /// Print what is sent to the provider and what comes back to stderr, without secrets.
    ///
    /// Lines that begin with `>` are sent, those with `<` came. The conversation is shown.
    #[arg(short, long)]
    verbose: bool,

    #[command(flatten)]
    sampling: SamplingArgs,

    #[command(flatten)]
    policy: PolicyArgs,
}

/// The flag that names the profiles file.
#[derive(Args, Clone, Debug)]
pub(crate) struct ProfilesArgs {
    /// Read profiles from FILE, not from `yoi/profiles.toml` in the platform's config directory.
    #[arg(long, value_name = "FILE")]
    profiles: Option<PathBuf>,
}

impl ProfilesArgs {
    /// Reads the profiles file.
    pub(crate) fn read(&self) -> Result<FoundFile, Failure> {
        profiles_file::find(self.profiles.clone())
    }
}

impl EngineArgs {
    /// Builds the chosen profile. Prints a note, with the ways to a model, if it is the echo provider
    /// because nothing else is chosen.
    pub(crate) fn profile(&self) -> Result<Profile, Failure> {
        self.chosen(&self.read_file()?)
    }

    /// Builds the chosen profile, followed by all others that can be used.
    pub(crate) fn profiles(&self) -> Result<Vec<Profile>, Failure> {
        Ok(self.all_profiles()?.0)
    }

    /// Builds the chosen profile, followed by all others that can be used. Returns the names of
    /// those that cannot, each with the reason.
    pub(crate) fn all_profiles(&self) -> Result<(Vec<Profile>, Unusable), Failure> {
        let file = self.read_file()?;
        let (mut profiles, mut unusable) = (vec![self.chosen(&file)?], Unusable::new());
        for spec in file.profiles.into_iter().chain([echo()]) {
            if profiles.iter().all(|known| *known.name != *spec.name) {
                match spec.build() {
                    Ok(profile) => profiles.push(profile),
                    Err(error) => drop(unusable.insert(spec.name.clone(), explain(&error))),
                }
            }
        }
        Ok((profiles, unusable))
    }

    /// Returns these flags with what a conversation remembers of its engine, unless the flags choose
    /// another one.
    pub(crate) fn recalling(&self, then: &Remembered) -> Result<Self, Failure> {
        let mut flags = self.clone();
        if self.profile.is_some() || self.provider.kind().is_some() {
            return Ok(flags);
        }
        if let Some(name) = &then.profile
            && name != ECHO
            && self.file.read()?.file.profile(name).is_none()
        {
            let name = ShortText::cut(name, 64);
            return Err(Failure::configuration(format!(
                "the conversation was held with the profile {name:?}, which is not there any more: \
                 choose another by `--profile NAME`, or a provider by `--provider KIND`"
            )));
        }
        flags.profile.clone_from(&then.profile);
        flags.provider.recall(then)?;
        Ok(flags)
    }

    /// Returns the address that the flags give, without secrets.
    pub(crate) fn address(&self) -> Option<String> {
        self.provider.address()
    }

    /// Returns these flags with another model of the same provider.
    pub(crate) fn with_model(&self, model: &str) -> Self {
        let mut flags = self.clone();
        flags.provider.set_model(model);
        flags
    }

    /// Returns these flags with a profile of the profiles file instead of the chosen provider.
    pub(crate) fn of(&self, profile: &str) -> Self {
        let provider = ProviderArgs::default();
        Self { profile: Some(profile.to_owned()), provider, ..self.clone() }
    }

    /// Returns the choice that these flags make, for a conversation to remember.
    pub(crate) fn remembered(&self) -> Result<Remembered, Failure> {
        let mut choice = self.provider.remembered();
        if self.profile.is_some() {
            choice.profile.clone_from(&self.profile);
        } else if choice.provider.is_none() {
            choice.profile = self.file.read()?.file.default;
            if choice.profile.is_none() {
                let environment = environment::choice(|name| env::var_os(name));
                choice.provider = environment.map(|(_, provider)| provider.kind);
            }
        }
        Ok(choice)
    }

    /// Returns the request for the models that the chosen provider offers.
    pub(crate) fn models(
        &self,
    ) -> Result<impl Future<Output = Result<Vec<OfferedModel>, EngineError>> + use<>, Failure> {
        let file = self.read_file()?;
        let Some(mut chosen) = self.choose(&file, Model::Any)? else {
            let problem = format!("{}, so there is nobody to ask", unchosen(&file));
            return Err(Failure::configuration(problem).followed_by(Some(WAYS.to_owned())));
        };
        self.provider.apply(&mut chosen.provider, Model::Any)?;
        self.additions.apply(&mut chosen.provider)?;
        chosen.provider.wire_log = self.wire_log();
        chosen.provider.models().map_err(|error| {
            let problem = explain(&error);
            Failure::configuration(format!("{} cannot be asked: {problem}", chosen.name))
        })
    }

    fn chosen(&self, file: &ProfilesFile) -> Result<Profile, Failure> {
        let choice = self.choose(file, Model::Named)?;
        let is_chosen = choice.is_some();
        let mut chosen = choice.unwrap_or_else(echo);
        self.provider.apply(&mut chosen.provider, Model::Named)?;
        self.additions.apply(&mut chosen.provider)?;
        chosen.provider.wire_log = self.wire_log();
        self.sampling.apply(&mut chosen)?;
        self.policy.apply(&mut chosen);
        let profile = chosen.build().map_err(|error| {
            let problem = explain(&error);
            Failure::configuration(format!("{} cannot be used: {problem}", chosen.name))
        })?;
        if !is_chosen {
            report::note(&format!(
                "{}: the echo provider answers, without a model",
                unchosen(file)
            ));
            report::more(WAYS);
        }
        Ok(profile)
    }

    /// Reads the profiles file. One at the usual place that cannot be used is an error only if it
    /// is needed to choose.
    fn read_file(&self) -> Result<ProfilesFile, Failure> {
        let is_needed = match self.profile.as_deref() {
            Some(name) => name != ECHO,
            None => self.provider.kind().is_none(),
        };
        match self.file.read() {
            Ok(found) => Ok(found.file),
            Err(failure) if is_needed || self.file.profiles.is_some() => Err(failure),
            Err(failure) => {
                report::note(&format!("no profiles but the chosen one: {failure}"));
                Ok(ProfilesFile::default())
            }
        }
    }

    fn wire_log(&self) -> Option<WireLog> {
        self.verbose.then(|| WireLog::new(report::wire))
    }

    /// Returns the description of the chosen profile, or `None` if nothing is chosen and nothing
    /// asks for a model.
    fn choose(&self, file: &ProfilesFile, model: Model) -> Result<Option<ProfileSpec>, Failure> {
        if let Some(name) = self.profile.as_deref() {
            return named(name, file).map(Some);
        }
        if let Some(kind) = self.provider.kind() {
            return Ok(Some(ProfileSpec::new(kind.as_str(), ProviderSpec::new(kind))));
        }
        if let Some(name) = file.default.as_deref() {
            return named(name, file).map(Some);
        }
        let variable = |name: &str| env::var_os(name);
        if let Some((variable, provider)) = environment::choice(variable) {
            return self.by_environment(variable, provider, model).map(Some);
        }
        if let Some(empty) = environment::empty(variable) {
            let problem = format!(
                "{empty} is set but empty, so no model can be reached: give it its value, or unset it \
                 and choose in another way; `--profile echo` answers without a model"
            );
            return Err(Failure::configuration(problem).followed_by(Some(WAYS.to_owned())));
        }
        if let Some(name) = self.provider.model_name() {
            let (name, why) = (ShortText::cut(name, 64), unchosen(file));
            let problem = format!("no provider for the model {name:?}: {why}; say where it is");
            return Err(Failure::configuration(problem).followed_by(Some(WAYS.to_owned())));
        }
        Ok(None)
    }

    fn by_environment(
        &self,
        variable: &str,
        provider: ProviderSpec,
        model: Model,
    ) -> Result<ProfileSpec, Failure> {
        if model == Model::Named && self.provider.model_name().is_none() && provider.lacks_model() {
            let kind = provider.kind;
            return Err(Failure::configuration(format!(
                "{variable} is set, so the provider is {kind}: say which model by `--model NAME`, or \
                 choose a profile by `--profile NAME`, such as `echo`"
            )));
        }
        Ok(ProfileSpec::new(provider.kind.as_str(), provider))
    }
}

fn echo() -> ProfileSpec {
    ProfileSpec::new(ECHO, ProviderSpec::new(ProviderKind::Echo))
}

fn named(name: &str, file: &ProfilesFile) -> Result<ProfileSpec, Failure> {
    match file.profile(name) {
        Some(spec) => Ok(spec.clone()),
        None if name == ECHO => Ok(echo()),
        None => {
            let (name, known) = (ShortText::cut(name, 64), names(file, &[ECHO]));
            Err(Failure::configuration(format!("there is no profile {name:?}; there are {known}")))
        }
    }
}

/// Returns the reason why the echo provider answers.
fn unchosen(file: &ProfilesFile) -> String {
    if file.profiles.is_empty() {
        return "no provider is configured".to_owned();
    }
    format!("none of the profiles is chosen ({})", names(file, &[]))
}

fn names<'a>(file: &'a ProfilesFile, more: &[&'a str]) -> String {
    let names = file.profiles.iter().map(|spec| spec.name.as_str());
    names.chain(more.iter().copied()).collect::<Vec<_>>().join(", ")
}
