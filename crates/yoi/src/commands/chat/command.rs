//! The commands of a conversation, and how a line is parsed.

use llm_engine::ShortText;

/// The most characters of a word that an error repeats.
const WORD_CHARS: usize = 64;

/// The text that `/help` prints.
pub(super) const HELP: &str = "\
/help        list these commands
/new [NAME]  start another conversation, with a new Worker and the profile NAME
/workers     list the Workers, with their numbers
/switch N    talk to Worker N
/model NAME  answer with another model, or profile, from the next message on
/retry       send the last message again, if it got no whole answer
/reasoning   show the model's reasoning, or hide it again
/transcript  print this conversation
/usage       print what the turns consumed
/editor      write the next message in $VISUAL or $EDITOR
/cancel      cancel the running turn
/quit        leave
To send text that begins with a slash, type two slashes.
";

/// A parsed line of a conversation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum ChatCommand {
    Nothing,
    Say(String),
    Help,
    /// The name of a profile. Without a name, the Worker gets the profile chosen at the start.
    New(Option<String>),
    Workers,
    /// The number of a Worker, counted from 1.
    Switch(usize),
    /// The name of a model or of a profile. Without a name, the present one is shown.
    Model(Option<String>),
    Retry,
    Reasoning,
    Transcript,
    Usage,
    Editor,
    Cancel,
    Quit,
}

impl ChatCommand {
    /// The commands as they are typed.
    pub(super) const NAMES: &[&str] = &[
        "/help",
        "/new",
        "/workers",
        "/switch",
        "/model",
        "/retry",
        "/reasoning",
        "/transcript",
        "/usage",
        "/editor",
        "/cancel",
        "/quit",
    ];

    /// Parses a line. The error is a message that names what would be valid.
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        let Some(rest) = line.strip_prefix('/') else {
            let is_blank = line.trim().is_empty();
            return Ok(if is_blank { Self::Nothing } else { Self::Say(line.to_owned()) });
        };
        if rest.starts_with('/') {
            return Ok(Self::Say(rest.to_owned()));
        }
        let mut words = rest.split_whitespace();
        let name = words.next().unwrap_or_default();
        let command = match name {
            "help" => Self::Help,
            "new" => Self::New(words.next().map(ToOwned::to_owned)),
            "workers" => Self::Workers,
            "model" => Self::Model(words.next().map(ToOwned::to_owned)),
            "retry" => Self::Retry,
            "reasoning" => Self::Reasoning,
            "switch" => {
                let number = words.next().and_then(|word| word.parse().ok());
                Self::Switch(number.ok_or("/switch wants the number of a Worker: see /workers")?)
            }
            "transcript" => Self::Transcript,
            "usage" => Self::Usage,
            "editor" => Self::Editor,
            "cancel" => Self::Cancel,
            "quit" => Self::Quit,
            _ => {
                let name = ShortText::cut(name, WORD_CHARS);
                return Err(format!("there is no command /{name}: see /help"));
            }
        };
        match words.next() {
            None => Ok(command),
            Some(word) => {
                let word = ShortText::cut(word, WORD_CHARS);
                Err(format!("/{name} does not take {word:?}: see /help"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(line: &str) -> String {
        ChatCommand::parse(line).expect_err("the line is invalid")
    }

    #[test]
    fn lines_are_said_and_commands_are_obeyed() {
        for (line, expected) in [
            ("hello ", ChatCommand::Say("hello ".to_owned())),
            (" /quit", ChatCommand::Say(" /quit".to_owned())),
            ("//quit", ChatCommand::Say("/quit".to_owned())),
            ("", ChatCommand::Nothing),
            (" \t", ChatCommand::Nothing),
            ("/quit ", ChatCommand::Quit),
            ("/switch 2", ChatCommand::Switch(2)),
            ("/model a/b:c", ChatCommand::Model(Some("a/b:c".to_owned()))),
            ("/model", ChatCommand::Model(None)),
        ] {
            assert_eq!(ChatCommand::parse(line), Ok(expected), "{line:?}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_what_would() {
        assert!(refused("/").contains("/help"));
        assert!(refused("/Quit").contains("no command /Quit"));
        assert!(refused("/quit now").contains("now"));
        for long in ["/", "/quit "] {
            assert!(refused(&(long.to_owned() + &"x".repeat(100_000))).len() < 200);
        }
        for line in ["/switch", "/switch two", "/switch -1"] {
            assert!(refused(line).contains("/workers"), "{line}");
        }
    }

    #[test]
    fn help_lists_every_command_there_is() {
        for line in HELP.lines().filter(|line| line.starts_with('/')) {
            let command = line.split("  ").next().unwrap_or_default().replace('N', "1");
            assert!(ChatCommand::parse(&command).is_ok(), "{line}");
        }
    }
}
