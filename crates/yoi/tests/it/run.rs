//! Tests of `yoi run`.

mod flags;

use serde_json::Value;

use crate::process::{ECHO_NOTE as NOTE, Ended, Process, yoi};

fn run(arguments: &[&str], stdin: impl AsRef<[u8]>) -> Ended {
    let mut process = Process::start(&[&["run"], arguments].concat());
    process.write(stdin);
    process.end()
}

#[track_caller]
fn check(arguments: &[&str], stdin: &str, expected: &str) {
    let ended = run(arguments, stdin);
    assert_eq!(ended.stdout, expected);
    assert_eq!(ended.stderr, NOTE);
    assert_eq!(ended.code, Some(0));
}

#[test]
fn the_answer_to_the_argument_goes_to_stdout_and_the_rest_to_stderr() {
    check(&["hello"], "", "echo: hello\n");
}

#[test]
fn stdin_is_the_prompt_where_no_other_is_given() {
    check(&[], "from\na pipe\n", "echo: from\na pipe\n");
    check(&["-"], "asked for", "echo: asked for\n");
}

#[test]
fn an_argument_comes_before_what_is_piped() {
    check(&["Review this."], "one\ntwo\n", "echo: Review this.\n\none\ntwo\n");
}

#[test]
fn the_text_ends_with_one_newline() {
    check(&["ends with one\n"], "", "echo: ends with one\n");
}

#[test]
fn a_prompt_may_be_larger_than_a_server_would_take() {
    let prompt = "word ".repeat(200_000);
    check(&["-"], &prompt, &format!("echo: {prompt}\n"));
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    for (arguments, stdin, problem) in [
        (&["--no-such-flag"][..], &b""[..], "--no-such-flag"),
        (&["one", "two"], b"", "two"),
        (&[], b"", "the prompt is empty"),
        (&["-"], b"\n", "the prompt is empty"),
        (&[], b"\xff", "UTF-8"),
    ] {
        let ended = run(arguments, stdin);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(problem), "{ended:?}");
        assert_eq!(ended.stdout, "");
    }
}

#[cfg(unix)]
#[test]
fn a_stdin_that_cannot_be_read_is_a_usage_error() {
    let folder = std::fs::File::open("/").expect("the root");
    let output = yoi().args(["run", "hello"]).stdin(folder).output().expect("yoi runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot read stdin"));
}

#[test]
fn json_prints_every_stream_item_up_to_the_end_of_the_turn() {
    let ended = run(&["--json", "--system", "Be brief.", "one two"], "");
    assert_eq!(ended.code, Some(0));
    let items: Vec<Value> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    let types: Vec<&str> = items.iter().filter_map(|item| item["type"].as_str()).collect();
    assert_eq!(types.len(), items.len(), "each item says what it is");
    assert_eq!(types[0], "worker_created");
    assert_eq!(items[0]["detail"]["instructions"], "Be brief.");
    assert_eq!(types.last(), Some(&"turn_completed"));
    let text: String = items
        .iter()
        .filter(|item| item["type"] == "text_delta")
        .filter_map(|item| item["text"].as_str())
        .collect();
    assert_eq!(text, "echo: one two");
}

#[test]
fn the_answer_streams() {
    let mut process = Process::start(&["run", "--echo-delay-ms", "50", "one two three four"]);
    process.close_stdin();
    assert_eq!(process.until("echo: "), "echo: ");
    let ended = process.end();
    assert_eq!(ended.stdout, "one two three four\n");
    assert_eq!(ended.code, Some(0));
}

#[cfg(unix)]
#[test]
fn a_signal_cancels_the_turn_and_what_streamed_was_printed() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let prompt = "word ".repeat(10_000);
        let mut process = Process::start(&["run", "--echo-delay-ms", "5", &prompt]);
        process.close_stdin();
        process.until("echo: word ");
        process.signal(signal);
        let ended = process.end();
        assert_eq!(ended.code, Some(code));
        assert!(ended.stdout.ends_with('\n'), "{ended:?}");
        assert!(ended.stdout.len() < prompt.len());
        assert_eq!(ended.stderr, NOTE);
    }
}

#[cfg(unix)]
#[test]
fn json_shows_the_cancelled_turn_after_a_signal() {
    let prompt = "word ".repeat(10_000);
    let mut process = Process::start(&["run", "--json", "--echo-delay-ms", "5", &prompt]);
    process.close_stdin();
    while process.json()["type"] != "text_delta" {}
    process.signal("INT");
    let ended = process.end();
    assert_eq!(ended.code, Some(130));
    let last = ended.stdout.lines().last().expect("there is a terminal event");
    let last: Value = serde_json::from_str(last).expect("a line of JSON");
    assert_eq!(last["type"], "turn_cancelled");
    let text = last["entry"]["text"].as_str().expect("what streamed stays");
    assert!(text.starts_with("echo: "), "{text}");
}

#[test]
fn a_closed_stdout_ends_it_quietly() {
    let prompt = "a line\n".repeat(10_000);
    let mut process = Process::start(&["run", "--echo-delay-ms", "5", &prompt]);
    process.close_stdin();
    assert_eq!(process.line().as_deref(), Some("echo: a line"));
    process.close_stdout();
    let ended = process.end();
    assert_eq!(ended.stderr, NOTE);
    assert_eq!(ended.code, Some(0));
}

#[test]
fn stderr_is_coloured_only_where_that_is_wanted() {
    let mut command = yoi();
    command.args(["run", "hello"]).env("CLICOLOR_FORCE", "1").env("TERM", "xterm");
    let coloured = Process::spawn(&mut command).end();
    assert!(coloured.stderr.contains('\u{1b}'), "{coloured:?}");
    let plain = Process::spawn(command.env("NO_COLOR", "1").env_remove("CLICOLOR_FORCE")).end();
    assert_eq!(plain.stderr, NOTE);
}

#[cfg(target_os = "linux")]
#[test]
fn help_that_cannot_be_written_is_an_error() {
    for arguments in [&["--help"][..], &["--version"], &["run", "--help"], &["help", "chat"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("it is there");
        let output = yoi().args(arguments).stdout(full).output().expect("yoi runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.starts_with("error: cannot write to stdout: "), "{arguments:?}: {stderr}");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert_eq!(Process::start(arguments).end().code, Some(0), "{arguments:?}");
    }
}

#[cfg(unix)]
mod at_a_terminal {
    use crate::{process::yoi, terminal::Terminal};

    #[test]
    fn a_spinner_turns_until_the_first_word() {
        let mut terminal = Terminal::start(&["run", "--echo-delay-ms", "500", "one"]);
        terminal.until("\r| \r/ ");
        let seen = terminal.until("echo:");
        assert!(
            seen.ends_with("\r\u{1b}[K\r\u{1b}[K\u{1b}[?7lecho:"),
            "it is wiped away: {seen:?}"
        );
        let rest = terminal.end().stdout;
        assert!(rest.ends_with("\r\u{1b}[Kecho: one\r\n"), "{rest:?}");
        assert!(!rest.contains(['|', '/']), "it does not come back: {rest:?}");
    }

    #[test]
    fn nothing_turns_where_that_is_not_wanted() {
        for (variable, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
            let mut command = yoi();
            command.args(["run", "--echo-delay-ms", "300", "hello"]).env(variable, value);
            let seen = Terminal::spawn(command).end().stdout;
            assert!(seen.ends_with("in which file\r\necho: hello\r\n"), "{variable}: {seen:?}");
        }
    }

    #[test]
    fn what_a_model_says_cannot_turn_the_text_around() {
        let hostile = "a\u{202e}b\u{2066}c\u{200f}d";
        let seen = Terminal::start(&["run", hostile]).end().stdout;
        assert!(seen.ends_with("echo: a\u{fffd}b\u{fffd}c\u{fffd}d\r\n"), "{seen:?}");
        let piped = super::run(&[hostile], "").stdout;
        assert_eq!(piped, format!("echo: {hostile}\n"), "a pipe gets it as it is");
    }

    #[test]
    fn what_a_model_says_cannot_control_the_terminal() {
        let hostile = "\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m\u{8}red";
        let shown = "echo: ␛]0;title␇␛[2J\u{fffd}31m␈red\r\n";
        let seen = Terminal::start(&["run", hostile]).end().stdout;
        assert!(seen.ends_with(shown), "{seen:?}");
        let seen = Terminal::start(&["run", "--json", hostile]).end().stdout;
        assert_eq!(seen.matches('\u{1b}').count(), 2, "but for the note's own colours: {seen:?}");
        assert!(!seen.contains('\u{9b}'));
    }
}
