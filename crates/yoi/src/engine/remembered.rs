//! What of an engine is kept with a conversation, so that it can go on with the same one.

use std::path::PathBuf;

use llm_engine::providers::shown_base_url;
use worker_runtime::{commands::UpdateWorker, model::Labels};
use yoi_profiles::ProviderKind;

/// The most characters that a label holds.
const LABEL_CHARS: usize = 128;

/// The choice of an engine, as labels of a Worker hold it. Secrets are not part of it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Remembered {
    pub(super) profile: Option<String>,
    pub(super) provider: Option<ProviderKind>,
    pub(super) base_url: Option<Address>,
    pub(super) model: Option<String>,
    pub(super) key_env: Option<String>,
    pub(super) key_file: Option<PathBuf>,
}

/// The address of a provider.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Address {
    Kept(String),
    /// The address has a secret in it, or is too long.
    NotKept,
}

/// The names of the labels.
const NAMES: [&str; 6] =
    ["yoi.profile", "yoi.provider", "yoi.base_url", "yoi.model", "yoi.key_env", "yoi.key_file"];

impl Address {
    pub(super) fn new(address: &str) -> Self {
        if fits(address) && shown_base_url(address) == address {
            Self::Kept(address.to_owned())
        } else {
            Self::NotKept
        }
    }
}

impl Remembered {
    /// Returns the labels that hold the choice. What does not fit into a label is left out.
    pub(crate) fn labels(&self) -> Labels {
        let Self { profile, provider, base_url, model, key_env, key_file } = self;
        let base_url = base_url.as_ref().map(|address| match address {
            Address::Kept(address) => address.clone(),
            Address::NotKept => String::new(),
        });
        let values = [
            profile.clone(),
            provider.map(|kind| kind.as_str().to_owned()),
            base_url,
            model.clone(),
            key_env.clone(),
            key_file.as_ref().and_then(|path| Some(path.to_str()?.to_owned())),
        ];
        let labels = NAMES.into_iter().zip(values);
        let labels = labels.filter_map(|(name, value)| Some((name.to_owned(), value?)));
        labels.filter(|(_, value)| fits(value)).collect()
    }

    /// Reads the choice from the labels of a Worker. Other labels do not matter.
    pub(crate) fn of(labels: &Labels) -> Self {
        let [profile, provider, base_url, model, key_env, key_file] =
            NAMES.map(|name| labels.get(name).cloned());
        Self {
            profile,
            provider: provider.and_then(|kind| kind.parse().ok()),
            base_url: base_url.map(|address| {
                if address.is_empty() { Address::NotKept } else { Address::Kept(address) }
            }),
            model,
            key_env,
            key_file: key_file.map(PathBuf::from),
        }
    }

    /// Returns the choice of a profile by its name.
    pub(crate) fn profile(name: &str) -> Self {
        Self { profile: Some(name.to_owned()), ..Self::default() }
    }

    /// Returns a name for a profile that this choice makes and that has no name of its own.
    pub(crate) fn profile_name(&self) -> String {
        let provider = self.provider.map(|kind| kind.as_str().to_owned());
        let base = self.profile.clone().or(provider).unwrap_or_default();
        format!("{} of {base}", self.model.as_deref().unwrap_or_default())
    }

    /// Has a Worker with these labels remember this choice, and no other.
    pub(crate) fn keep_in(&self, labels: &Labels, update: &mut UpdateWorker) {
        let (own, others) = (self.labels(), self.others(labels));
        update.labels = (!own.is_empty()).then_some(own);
        update.remove_labels = (!others.is_empty()).then_some(others);
    }

    /// Returns the names of the labels that this choice does not have, and that another may have.
    fn others(&self, labels: &Labels) -> Vec<String> {
        let own = self.labels();
        let others = NAMES.into_iter().filter(|name| labels.contains_key(*name));
        others.filter(|name| !own.contains_key(*name)).map(ToOwned::to_owned).collect()
    }
}

fn fits(text: &str) -> bool {
    text.chars().count() <= LABEL_CHARS && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_read_back_from_its_labels() {
        let all = Remembered {
            profile: Some("fast".to_owned()),
            provider: "ollama".parse().ok(),
            base_url: Some(Address::new("http://box:1/v1")),
            model: Some("m".to_owned()),
            key_env: Some("KEY".to_owned()),
            key_file: Some("key.txt".into()),
        };
        assert_eq!(all.labels().len(), NAMES.len());
        for choice in [all.clone(), Remembered::default(), Remembered::profile("a b")] {
            assert_eq!(Remembered::of(&choice.labels()), choice);
        }
        assert_eq!(Remembered::profile("x").others(&all.labels()).len(), NAMES.len() - 1);
    }

    #[test]
    fn an_address_with_a_secret_is_not_kept() {
        let long = "http://box/".to_owned() + &"x".repeat(200);
        for address in ["http://ann:secret@box/v1", &long] {
            let choice =
                Remembered { base_url: Some(Address::new(address)), ..Remembered::default() };
            let labels = choice.labels();
            assert!(!format!("{labels:?}").contains("secret"));
            assert_eq!(Remembered::of(&labels), choice, "it is known that there was one");
        }
    }
}
