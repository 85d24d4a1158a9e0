//! What a server teaches by a refusal that names the field at fault.

mod lesson;
mod refusal;

use std::sync::{Arc, PoisonError, RwLock};

use reqwest::Response;

use self::refusal::Refusal;
use crate::providers::{compatibility::Compatibility, dialect::Ask};

/// The most models about which a provider remembers anything.
const MOST_MODELS: usize = 64;

/// What a server has taught about its models. Each switch of a model is learned at most once.
#[derive(Debug, Default)]
pub(in crate::providers) struct Learned(RwLock<Vec<(Option<Arc<str>>, Compatibility)>>);

impl Learned {
    /// Returns what is known about a model.
    pub(super) fn of(&self, model: Option<&str>) -> Compatibility {
        let models = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let known = models.iter().find(|(known, _)| known.as_deref() == model);
        known.map_or_else(Compatibility::new, |(_, known)| *known)
    }

    /// Learns from a response that refuses a request. Returns the response if it teaches nothing
    /// new.
    pub(super) async fn learn(&self, ask: &Ask<'_>, response: Response) -> Option<Response> {
        let (response, refusal) = Refusal::of(response).await;
        let Some(refusal) = refusal else { return Some(response) };
        let known = self.of(ask.request.model.as_deref());
        match lesson::lesson(&refusal, ask, &known) {
            Some(lesson) if self.remember(ask.request.model.as_ref(), lesson) => None,
            Some(_) | None => Some(response),
        }
    }

    /// Adds a lesson about a model. Returns whether there was room for it.
    fn remember(&self, model: Option<&Arc<str>>, lesson: Compatibility) -> bool {
        let mut models = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let known = models.iter_mut().find(|(known, _)| known.as_ref() == model);
        if let Some((_, known)) = known {
            *known = known.or(lesson);
            return true;
        }
        let has_room = models.len() < MOST_MODELS;
        if has_room {
            models.push((model.cloned(), lesson));
        }
        has_room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lessons_are_kept_by_model_and_bounded() {
        let learned = Learned::default();
        let lesson = Compatibility::new().temperature(false);
        for index in 0..MOST_MODELS {
            assert!(learned.remember(Some(&index.to_string().into()), lesson));
        }
        assert!(!learned.remember(None, lesson));
        assert!(learned.remember(Some(&"1".into()), lesson.top_p(false).temperature(true)));
        assert_eq!(learned.of(Some("1")), lesson.top_p(false));
        assert_eq!(learned.of(Some("2")), lesson);
        assert_eq!(learned.of(None), Compatibility::new());
    }
}
