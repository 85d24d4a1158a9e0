//! All conversations of a place, and those that a user names.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use worker_runtime::model::WorkerState;

use super::{keep_args::Wanted, place::Place, talk::Talk, title::title};
use crate::{failure::Failure, report};

/// The most candidates that an error lists.
const CANDIDATES: usize = 10;

/// The time by which a file system's clock may be behind. Some count in steps of two seconds.
const COARSE: Duration = Duration::from_secs(3);

/// Reads all conversations, the latest first. Files that cannot be read are told on stderr.
pub(crate) async fn all(place: &Place) -> Result<Vec<Talk>, Failure> {
    newest(place, usize::MAX).await
}

/// Reads the `count` latest conversations, and no file that is too old to have one.
pub(crate) async fn newest(place: &Place, count: usize) -> Result<Vec<Talk>, Failure> {
    let path = place.path();
    let files = place.files();
    let files = files.map_err(|error| Failure::storage(format!("{}: {error}", path.display())))?;
    let mut talks: Vec<Talk> = Vec::new();
    let (mut has_read, mut problems) = (false, Vec::new());
    for (changed, file) in files {
        if let Some(oldest) = talks.get(count - 1)
            && changed + COARSE < time(oldest)
        {
            break;
        }
        match Talk::read(&file, |problem| report::note(&problem)).await {
            Ok(found) => {
                has_read = true;
                talks.extend(found);
            }
            Err(failure) if file.exists() => problems.push(failure),
            // It was deleted meanwhile.
            Err(_) => {}
        }
        talks.sort_by_key(|talk| std::cmp::Reverse((talk.record.active_at_ms, talk.id())));
        if count < usize::MAX {
            talks.truncate(count);
        }
    }
    // One damaged file hides none of the others. If none can be read, that is no empty list.
    if !has_read && !problems.is_empty() {
        return Err(problems.swap_remove(0));
    }
    for failure in problems {
        failure.note("");
    }
    Ok(talks)
}

fn time(talk: &Talk) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(talk.record.active_at_ms)
}

/// Finds the conversations with these names or ids, or beginnings of them.
pub(crate) async fn chosen(place: &Place, names: &[String]) -> Result<Vec<Talk>, Failure> {
    let talks = all(place).await?;
    names.iter().map(|name| pick(&talks, name)).collect()
}

/// Finds the conversation to continue.
pub(super) async fn wanted(place: &Place, wanted: Wanted<'_>) -> Result<Talk, Failure> {
    match wanted {
        Wanted::Named(name) => pick(&all(place).await?, name),
        Wanted::Latest => {
            let mut talks = newest(place, 1).await?;
            if talks.first().is_some_and(|talk| !goes_on(talk)) {
                talks = all(place).await?;
            }
            talks.into_iter().find(goes_on).ok_or_else(|| {
                let path = place.path().display();
                Failure::configuration(format!("there is no conversation to continue in {path}"))
            })
        }
    }
}

/// Returns whether a conversation takes more input.
fn goes_on(talk: &Talk) -> bool {
    match talk.record.state {
        WorkerState::Idle | WorkerState::Running => true,
        WorkerState::Stopping | WorkerState::Stopped | WorkerState::Cancelled => false,
    }
}

/// Picks the one conversation with a name, an id, or the beginning of an id or of a name.
fn pick(talks: &[Talk], name: &str) -> Result<Talk, Failure> {
    let called = [is_named, has_id, is_begun_by]
        .map(|is_called| talks.iter().filter(|talk| is_called(talk, name)).collect::<Vec<_>>());
    let found = called.into_iter().find(|found| !found.is_empty()).unwrap_or_default();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(Failure::configuration(format!("there is no conversation {name:?}"))
            .followed_by(candidates("there are", talks.iter().collect()))),
        _ => Err(Failure::configuration(format!("{name:?} stands for several conversations"))
            .followed_by(candidates("they are", found))),
    }
}

/// Whether a text is the name, or has it as its first words.
fn is_named(talk: &Talk, name: &str) -> bool {
    talk.title == name || title(name).is_some_and(|first| first == talk.title)
}

fn has_id(talk: &Talk, name: &str) -> bool {
    let (id, given) = (talk.id().to_string(), name.to_ascii_lowercase());
    !given.is_empty() && (id.starts_with(&given) || id.replace('-', "").starts_with(&given))
}

fn is_begun_by(talk: &Talk, name: &str) -> bool {
    !name.is_empty() && talk.title.starts_with(name)
}

fn candidates(what: &str, talks: Vec<&Talk>) -> Option<String> {
    let shown = talks.iter().take(CANDIDATES);
    let mut lines: Vec<String> =
        shown.map(|talk| format!("\n    {}  {}", talk.id(), talk.title)).collect();
    if talks.len() > CANDIDATES {
        lines.push(format!("\n    and {} more: see `yoi log`", talks.len() - CANDIDATES));
    }
    (!lines.is_empty()).then(|| format!("{what}:{}", lines.concat()))
}
