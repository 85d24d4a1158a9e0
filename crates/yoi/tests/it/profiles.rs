//! Tests of `yoi profiles` and of the choice of a profile.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    folder::folder,
    process::{ECHO_NOTE, Ended, Process, yoi},
};

const FILE: &str = "\
default = \"slow\"

[profiles.slow]
provider = \"echo\"
delay_ms = 1

[profiles.brief]
provider = \"echo\"
model = \"parrot\"
instructions = \"Be very brief.\"

[profiles.stalled]
provider = \"echo\"
delay_ms = 60_000
deadlines.first_event_ms = 10
";

/// Creates a config directory with `text` as its profiles file.
fn config(test: &str, profiles: &str) -> PathBuf {
    let config = folder(&format!("profiles/{test}"));
    fs::create_dir(config.join("yoi")).expect("a folder can be made");
    fs::write(config.join("yoi/profiles.toml"), profiles).expect("the file can be written");
    config
}

fn command(config: &Path, arguments: &[&str]) -> Command {
    let mut command = yoi();
    command.env("XDG_CONFIG_HOME", config).args(arguments);
    command
}

fn run(config: &Path, arguments: &[&str]) -> Ended {
    Process::spawn(&mut command(config, arguments)).end()
}

#[test]
fn profiles_are_listed_and_checked() {
    let unusable = format!("{FILE}[profiles.real]\nprovider = \"openai\"\nmodel = \"m\"\n");
    let config = config("listed", &format!("{unusable}key = {{ env = \"NOT_SET_ANYWHERE\" }}\n"));
    let ended = run(&config, &["profiles"]);
    assert_eq!(
        ended.stdout,
        "  brief    echo parrot: ok\n  \
           real     openai m: key: the environment variable NOT_SET_ANYWHERE is not set\n\
         * slow     echo: ok\n  \
           stalled  echo: ok\n"
    );
    assert_eq!(ended.stderr, "");
    assert_eq!(ended.code, Some(1));
}

#[test]
fn ping_has_each_profile_answer() {
    let config = config("ping", FILE);
    let ended = run(&config, &["profiles", "--ping"]);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert!(lines[0].starts_with("  brief    echo parrot: ok, answered within "), "{ended:?}");
    assert!(lines[1].starts_with("* slow     echo: ok, answered within "), "{ended:?}");
    assert!(lines[2].starts_with("  stalled  echo: ") && lines[2].contains("10ms"), "{ended:?}");
    assert_eq!(lines.len(), 3);
    assert_eq!(ended.code, Some(1));
}

#[test]
fn without_a_file_it_is_said_where_it_would_be() {
    let config = folder("profiles/none");
    let ended = run(&config, &["profiles"]);
    let path = config.join("yoi").join("profiles.toml");
    let note = format!("note: there is no profiles file: {} would be it\n", path.display());
    assert_eq!(ended.stderr, note);
    assert_eq!(ended.stdout, "");
    assert_eq!(ended.code, Some(0));
}

#[test]
fn what_is_wrong_in_the_file_is_said_with_its_line_wherever_it_is_read() {
    let config = config("wrong", "[profiles.a]\nprovider = \"echo\"\nmodle = \"m\"\n");
    let path = config.join("yoi").join("profiles.toml");
    let expected = format!("error: {}:3:1: profiles.a.modle: unknown field", path.display());
    for arguments in [&["profiles"][..], &["run", "hello"], &["chat"]] {
        let ended = run(&config, arguments);
        assert!(ended.stderr.starts_with(&expected), "{ended:?}");
        assert_eq!(ended.code, Some(2));
    }
}

#[test]
fn a_file_that_is_asked_for_must_be_there() {
    let ended = run(Path::new(""), &["profiles", "--profiles", "nowhere.toml"]);
    assert!(ended.stderr.starts_with("error: nowhere.toml cannot be read: "), "{ended:?}");
    assert_eq!(ended.code, Some(2));
}

#[test]
fn the_default_is_used_or_the_one_that_is_asked_for() {
    let config = config("chosen", FILE);
    for (flags, expected) in [
        (&[][..], " 1 input tokens "),
        (&["--profile", "brief"][..], " 4 input tokens "),
        (&["--profile", "echo"][..], " 1 input tokens "),
        (&["--profile", "brief", "--system", "Shout."][..], " 2 input tokens "),
    ] {
        let mut chat = Process::spawn(command(&config, &["chat"]).args(flags));
        chat.write("hello\n/usage\n");
        let ended = chat.end();
        assert!(ended.stdout.starts_with("echo: hello\n"), "{ended:?}");
        assert!(ended.stdout.contains(expected), "{flags:?}: {ended:?}");
        assert_eq!(ended.stderr, "");
    }
}

#[test]
fn a_model_on_the_command_line_replaces_the_profiles() {
    let config = config("model", FILE);
    for (flags, expected) in [
        (&["--profile", "brief"][..], ", 1 turn of parrot\n"),
        (&["--profile", "brief", "--model", "other"], ", 1 turn of other\n"),
        (&["--profile", "slow", "--model", "other"], ", 1 turn of other\n"),
        (&["--profile", "slow"], ", 1 turn\n"),
    ] {
        let mut chat = Process::spawn(command(&config, &["chat"]).args(flags));
        chat.write("hello\n/workers\n");
        let ended = chat.end();
        assert!(ended.stdout.ends_with(expected), "{flags:?}: {ended:?}");
    }
}

#[test]
fn a_profile_that_is_not_there_is_refused_with_those_that_are() {
    let config = config("unknown", FILE);
    let ended = run(&config, &["run", "--profile", "fast", "hello"]);
    let expected = "error: there is no profile \"fast\"; there are brief, slow, stalled, echo\n";
    assert_eq!(ended.stderr, expected);
    assert_eq!(ended.code, Some(2));
}

#[test]
fn a_conversation_may_be_held_with_several_profiles() {
    let config = config("several", FILE);
    let mut chat = Process::spawn(&mut command(&config, &["chat"]));
    chat.write("one\n/new brief\ntwo\n/usage\n/new fast\n");
    let ended = chat.end();
    assert!(ended.stdout.starts_with("echo: one\necho: two\nthis Worker: "), "{ended:?}");
    assert!(ended.stdout.contains(" 4 input tokens "), "{ended:?}");
    assert!(ended.stderr.ends_with("see `yoi profiles`\n"), "{ended:?}");
    assert_eq!(ended.code, Some(1));
}

#[test]
fn a_turn_that_fails_is_explained_and_the_conversation_goes_on() {
    let config = config("failing", FILE);
    let mut chat = Process::spawn(&mut command(&config, &["chat", "--profile", "stalled"]));
    chat.write("one\n/new slow\ntwo\n");
    let ended = chat.end();
    assert!(ended.stderr.contains("error: ") && ended.stderr.contains("10ms"), "{ended:?}");
    assert_eq!(ended.stdout, "echo: two\n");
    assert_eq!(ended.code, Some(75), "it may succeed later");
}

#[test]
fn the_environment_chooses_a_provider_where_no_profile_does() {
    let config = config("environment", FILE);
    let run = |config: &Path, arguments: &[&str]| {
        let mut command = command(config, &["run", "hello"]);
        Process::spawn(command.args(arguments).env("OPENAI_API_KEY", "sk-secret")).end()
    };
    let nobody = folder("profiles/nobody");
    let unknown = run(&nobody, &[]);
    assert!(unknown.stderr.contains("OPENAI_API_KEY is set"), "{unknown:?}");
    assert!(unknown.stderr.contains("--model NAME"), "{unknown:?}");
    assert!(!unknown.stderr.contains("secret"), "{unknown:?}");
    assert_eq!(unknown.code, Some(2));

    let echo = run(&nobody, &["--profile", "echo"]);
    assert_eq!((echo.stdout.as_str(), echo.stderr.as_str()), ("echo: hello\n", ""));
    let default = run(&config, &[]);
    assert_eq!((default.stdout.as_str(), default.stderr.as_str()), ("echo: hello\n", ""));
}

#[test]
fn profiles_of_which_none_is_chosen_are_named() {
    let config = config("unchosen", &FILE.replace("default = \"slow\"", ""));
    let echo = run(&config, &["run", "hello"]);
    let why = "none of the profiles is chosen (brief, slow, stalled)";
    assert_eq!(echo.stderr, ECHO_NOTE.replace("no provider is configured", why));
    assert_eq!(echo.stdout, "echo: hello\n");
}

#[test]
fn a_new_conversation_with_a_profile_that_cannot_be_used_says_why() {
    let more = "\n[profiles.keyless]\nprovider = \"anthropic\"\nmodel = \"m\"\n";
    let config = config("keyless", &(FILE.to_owned() + more));
    let mut chat = Process::spawn(&mut command(&config, &["chat"]));
    chat.write("/new keyless\n/new gone\n/workers\n");
    let ended = chat.end();
    let mut lines = ended.stderr.lines();
    let first = lines.next().expect("there is an error");
    assert!(first.starts_with("error: keyless cannot be used: it needs a key: "), "{ended:?}");
    assert!(first.contains("ANTHROPIC_API_KEY"), "{ended:?}");
    assert_eq!(lines.next(), Some("error: there is no such profile: see `yoi profiles`"));
    assert_eq!((ended.stdout.lines().count(), ended.code), (1, Some(1)), "{ended:?}");
}

#[test]
fn a_broken_file_stops_only_who_needs_it() {
    let config = config("broken", "[profiles");
    let ended = run(&config, &["run", "-p", "echo", "hello"]);
    assert_eq!((ended.stdout.as_str(), ended.code), ("echo: hello\n", Some(0)), "{ended:?}");
    assert!(ended.stderr.starts_with("note: no profiles but the chosen one: "), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    let path = config.join("yoi").join("profiles.toml");
    for arguments in
        [&["run", "hello"][..], &["run", "-p", "a", "hello"], &["run", "-m", "m", "hello"]]
    {
        assert_eq!(run(&config, arguments).code, Some(2), "{arguments:?}");
    }
    let asked =
        [&["run", "-p", "echo", "hello", "--profiles"][..], &[path.to_str().expect("text")]];
    assert_eq!(run(&config, &asked.concat()).code, Some(2), "a file that is named is read");
}
