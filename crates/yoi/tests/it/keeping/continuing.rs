//! Conversations that go on.

use super::Home;
use crate::process::Process;

#[test]
fn the_latest_conversation_goes_on() {
    let home = Home::new("latest");
    assert!(
        home.refused(&["run", "--continue", "hello"], 2).contains("no conversation to continue")
    );
    home.ok(&["run", "-p", "echo", "older"]);
    home.chat(&["-p", "echo"], "newer\n");
    assert_eq!(home.ok(&["run", "-c", "and more"]), "echo: and more\n");
    assert_eq!(home.chat(&["--continue"], "still\n"), "echo: still\n");
    assert_eq!(home.titles(), ["newer", "older"]);
    assert_eq!(home.listed()[0]["turns"], 3);
    // The conversation that was continued last is the latest, not that which was begun last.
    home.ok(&["run", "--resume", "older", "again"]);
    home.ok(&["run", "--continue", "and again"]);
    assert_eq!(home.titles(), ["older", "newer"]);
    assert_eq!(
        home.ok(&["log", "show", "older"]),
        "user: older\nassistant: echo: older\nuser: again\nassistant: echo: again\n\
         user: and again\nassistant: echo: and again\n"
    );
    assert_eq!(home.files().len(), 2);
}

#[test]
fn a_conversation_is_found_by_its_name_its_id_or_the_beginning_of_its_id() {
    let home = Home::new("found");
    for text in ["one", "two", "twice", "twice"] {
        home.ok(&["run", "-p", "echo", text]);
    }
    let id = home.listed()[3]["worker_id"].as_str().expect("there is one").to_owned();
    let (upper, plain) = (id.to_uppercase(), id.replace('-', ""));
    for name in ["one", &*id, &*upper, &*plain, &id[..20]] {
        assert_eq!(home.ok(&["run", "--resume", name, "more"]), "echo: more\n");
    }
    assert_eq!(home.listed()[0]["turns"], 6);
    let unknown = home.refused(&["chat", "--resume", "three"], 2);
    for part in ["there is no conversation \"three\"", "one", "two", "twice", &*id] {
        assert!(unknown.contains(part), "{part}: {unknown}");
    }
    for name in ["twice", "0"] {
        let ambiguous = home.refused(&["run", "--resume", name, "more"], 2);
        assert!(ambiguous.contains("stands for several conversations"), "{ambiguous}");
        assert_eq!(ambiguous.matches("  twice").count(), 2, "{ambiguous}");
    }
    let none = home.refused(&["run", "--resume", "", "more"], 2);
    assert!(none.contains("no conversation \"\""), "{none}");
}

#[test]
fn the_engine_of_then_is_used_unless_flags_say_otherwise() {
    let home = Home::new("engine");
    let profiles = home.0.join("profiles.toml");
    let path = profiles.to_str().expect("UTF-8");
    let two = "[profiles.a]\nprovider = \"echo\"\n[profiles.b]\nprovider = \"echo\"\n";
    std::fs::write(&profiles, two).expect("it can be written");
    home.ok(&["run", "--profiles", path, "-p", "a", "--system", "Be brief.", "hello"]);
    let items = home.ok(&["run", "--profiles", path, "--continue", "--json", "more"]);
    assert!(items.contains("echo: more"), "{items}");
    assert!(!home.end(&["run", "--profiles", path, "-c", "more"]).stderr.contains("echo provider"));
    std::fs::write(&profiles, two.replace("profiles.a", "profiles.c")).expect("written");
    let gone = home.refused(&["run", "--profiles", path, "-c", "more"], 2);
    assert!(gone.contains("the profile \"a\", which is not there any more"), "{gone}");
    home.ok(&["run", "--profiles", path, "-c", "-p", "b", "more"]);
    home.ok(&["run", "--profiles", path, "-c", "more"]);
    // A provider that flags describe is remembered too: nobody listens at this address.
    let flags = ["--base-url", "http://127.0.0.1:1/v1", "-m", "tiny", "hello"];
    home.refused(&[&["run"][..], &flags].concat(), 75);
    assert!(home.listed()[0]["model"] == "tiny", "{:?}", home.listed());
    home.refused(&["run", "-c", "more"], 75);
    home.refused(&["run", "-c", "-m", "small", "more"], 75);
    assert!(home.listed()[0]["model"] == "small", "{:?}", home.listed());
    assert_eq!(home.ok(&["run", "-c", "-p", "echo", "more"]), "echo: more\n");
    assert_eq!(home.ok(&["run", "-c", "more"]), "echo: more\n");
}

#[test]
fn an_address_with_a_secret_is_asked_for_again() {
    let home = Home::new("secret");
    home.refused(&["run", "--base-url", "http://127.0.0.1:1/v1?key=hush", "-m", "tiny", "hi"], 75);
    let asked = home.refused(&["run", "-c", "more"], 2);
    assert!(asked.contains("give it by `--base-url URL`"), "{asked}");
    let file = home.talks().join(&home.files()[0]);
    for name in [file.clone(), file.with_extension("sqlite-wal")] {
        let bytes = std::fs::read(name).expect("it is there");
        assert!(!bytes.windows(4).any(|part| part == b"hush"));
    }
}

#[test]
fn two_at_once_keep_a_conversation_each() {
    let home = Home::new("two");
    home.ok(&["run", "-p", "echo", "before"]);
    let mut chats = [home.start(&["chat", "-p", "echo"]), home.start(&["chat", "-p", "echo"])];
    for round in 0..3 {
        for (index, chat) in chats.iter_mut().enumerate() {
            chat.write(format!("chat {index}, {round}\n"));
            assert_eq!(chat.line().as_deref(), Some(&*format!("echo: chat {index}, {round}")));
        }
    }
    // What is going on can be read, but not continued.
    assert_eq!(home.ok(&["log"]).lines().count(), 3);
    let open = home.refused(&["run", "--continue", "me too"], 75);
    assert!(open.contains("open in another yoi (process "), "{open}");
    home.refused(&["log", "delete", "chat 0, 0"], 75);
    assert_eq!(home.ok(&["run", "--resume", "before", "after"]), "echo: after\n");
    for chat in chats {
        assert_eq!(chat.end().code, Some(0));
    }
    assert_eq!(home.titles(), ["before", "chat 1, 0", "chat 0, 0"]);
    home.ok(&["run", "--resume", "chat 0, 0", "me too"]);
}

#[test]
fn many_runs_at_once_are_all_kept() {
    let home = Home::new("many");
    let runs: Vec<Process> = (0..8).map(|_| home.start(&["run", "-p", "echo", "hello"])).collect();
    for run in runs {
        let ended = run.end();
        assert_eq!((ended.code, &*ended.stdout), (Some(0), "echo: hello\n"), "{ended:?}");
    }
    assert_eq!(home.titles().len(), 8);
}

#[cfg(unix)]
#[test]
fn a_chat_shows_the_last_exchange_when_it_goes_on() {
    use crate::terminal::Terminal;

    let home = Home::new("exchange");
    home.chat(&["-p", "echo"], "first\n\u{1b}[2Jlast\n");
    let mut terminal = Terminal::spawn(home.command(&["chat", "--continue", "--no-history"]));
    let seen = terminal.until("1> ");
    assert!(seen.contains("this goes on with \"first\""), "{seen:?}");
    assert!(seen.contains("user: ␛[2Jlast\r\nassistant: echo: ␛[2Jlast\r\n"), "{seen:?}");
    assert!(!seen.contains("user: first"), "{seen:?}");
    terminal.line("/quit");
    assert_eq!(terminal.end().code, Some(0));
}
