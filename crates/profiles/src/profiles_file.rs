//! The profiles file: reads it and builds its profiles.

use std::{fs, mem, path::Path};

use llm_engine::ShortText;
use worker::Profile;

use crate::{ProfileSpec, ProfilesError, error::PROFILE_CHARS, parse};

/// The contents of a profiles file.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ProfilesFile {
    /// The name of the default profile, which is one of [`profiles`](Self::profiles).
    pub default: Option<String>,
    /// The profiles in the order of their names.
    pub profiles: Vec<ProfileSpec>,
}

impl ProfilesFile {
    /// Reads a file. Relative paths of keys in the file begin at its folder.
    ///
    /// Only the file itself is read: keys and environment variables are read when a profile is
    /// built.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ProfilesError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path)
            .map_err(|error| ProfilesError::Unreadable { path: path.to_owned(), error })?;
        Self::parse(&text, path)
    }

    /// Reads the text of a file. Errors name the file as `path`, and relative paths in the text
    /// begin at its folder.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ProfilesError> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let (default, mut profiles) = parse::parse(text).map_err(|problem| problem.of(path))?;
        for spec in &mut profiles {
            let provider = &mut spec.provider;
            provider.key = provider.key.take().map(|key| key.relative_to(folder));
            let headers = mem::take(&mut provider.headers).into_iter();
            provider.headers =
                headers.map(|(name, value)| (name, value.relative_to(folder))).collect();
        }
        Ok(Self { default, profiles })
    }

    /// Returns the profile with this name.
    #[must_use]
    pub fn profile(&self, name: &str) -> Option<&ProfileSpec> {
        self.profiles.iter().find(|spec| spec.name == name)
    }

    /// Builds all profiles: the default first, if the file names one, and then the others in the
    /// order of their names. The first profile that a Runtime is given is its default.
    ///
    /// Reads the keys, from the environment and from files. The error is that of the first profile
    /// that cannot be built. To go on with the others, build each of [`profiles`](Self::profiles).
    pub fn build_all(&self) -> Result<Vec<Profile>, ProfilesError> {
        let (default, others): (Vec<_>, Vec<_>) =
            self.profiles.iter().partition(|spec| self.default.as_ref() == Some(&spec.name));
        default.into_iter().chain(others).map(build).collect()
    }
}

fn build(spec: &ProfileSpec) -> Result<Profile, ProfilesError> {
    spec.build().map_err(|error| ProfilesError::Unusable {
        profile: ShortText::cut(&spec.name, PROFILE_CHARS),
        error,
    })
}
