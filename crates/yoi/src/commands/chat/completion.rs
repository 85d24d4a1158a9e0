//! What Tab completes: commands, profiles, and names of files.

use std::{fs, path::Path};

/// The ways to go on from a text, and the byte at which the completed word begins.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Completions {
    pub(super) start: usize,
    pub(super) words: Vec<String>,
}

impl Completions {
    /// Returns the longest beginning that all of the words have.
    pub(super) fn common(&self) -> &str {
        let first = self.words.first().map_or("", String::as_str);
        let shared = |other: &String| {
            let same = first.char_indices().zip(other.chars()).take_while(|((_, a), b)| a == b);
            same.last().map_or(0, |((at, it), _)| at + it.len_utf8())
        };
        &first[..self.words.iter().map(shared).min().unwrap_or(0)]
    }
}

/// Completes the word at the end of a text.
pub(super) fn complete(text: &str, commands: &[&str], profiles: &[String]) -> Completions {
    if text.starts_with('/') && !text.contains(char::is_whitespace) {
        let words = commands.iter().filter(|name| name.starts_with(text));
        let words: Vec<String> = words.map(|name| format!("{name} ")).collect();
        if !words.is_empty() {
            return Completions { start: 0, words };
        }
    }
    let start = text
        .rfind(char::is_whitespace)
        .map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
    let word = &text[start..];
    let takes_profile = ["/new ", "/model "].iter().any(|command| text.starts_with(command));
    let mut words: Vec<String> = if takes_profile {
        profiles
            .iter()
            .filter(|name| name.starts_with(word))
            .map(|name| format!("{name} "))
            .collect()
    } else {
        files(word)
    };
    words.sort();
    Completions { start, words }
}

/// Returns the paths that begin with a text. The name of a folder ends with a slash.
fn files(word: &str) -> Vec<String> {
    if word.is_empty() {
        return Vec::new();
    }
    let (folder, name) = word.rsplit_once('/').map_or(("", word), |(folder, name)| (folder, name));
    let prefix = if word.contains('/') { format!("{folder}/") } else { String::new() };
    let place = if prefix.is_empty() { Path::new(".") } else { Path::new(&prefix) };
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    let named = entries.filter_map(|entry| {
        let found = entry.file_name().into_string().ok()?;
        let is_wanted =
            found.starts_with(name) && (!found.starts_with('.') || name.starts_with('.'));
        let end = if entry.path().is_dir() { "/" } else { " " };
        is_wanted.then(|| format!("{prefix}{found}{end}"))
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_profiles_and_files_are_completed() {
        let commands = ["/new", "/help", "/history"];
        let profiles = ["quick".to_owned(), "quiet".to_owned()];
        let of = |text: &str| complete(text, &commands, &profiles);
        assert_eq!(of("/n").words, ["/new "]);
        assert_eq!((of("/h").words.len(), of("/h").common()), (2, "/h"));
        assert_eq!((of("/new qu").start, of("/new qu").common()), (5, "qui"));
        assert_eq!(of("/model qui").words.len(), 2);
        let found = of("see Cargo.t");
        assert_eq!((found.start, found.words), (4, vec!["Cargo.toml ".to_owned()]));
        assert!(of("in src/comma").words.contains(&"src/commands/".to_owned()));
        assert!(of("nothing ").words.is_empty());
    }
}
