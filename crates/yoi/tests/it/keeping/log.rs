//! `yoi log`.

use serde_json::Value;

use super::Home;

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect()
}

#[test]
fn lists_are_plain_and_the_latest_comes_first() {
    let home = Home::new("list");
    assert_eq!(home.ok(&["log"]), "");
    home.ok(&["run", "-p", "echo", "first  things\nfirst"]);
    home.chat(&["-p", "echo"], "second\nthing\n/new\nthird\n");
    let listed = home.ok(&["log", "list"]);
    let rows: Vec<Vec<&str>> =
        listed.lines().map(|line| line.split("  ").map(str::trim).collect()).collect();
    assert_eq!(rows.len(), 3, "{listed}");
    let expected = [("1 turn", "third"), ("2 turns", "second"), ("1 turn", "first things first")];
    for (row, (turns, title)) in rows.iter().zip(expected) {
        assert!(row[0].len() >= 8 && row[1].starts_with("20"), "{listed}");
        assert!(row.contains(&turns) && row.last() == Some(&title), "{listed}");
    }
    assert_eq!(listed, home.ok(&["log"]));
    assert_eq!(home.ok(&["log", "-n", "1"]).lines().count(), 1);
    assert_eq!(home.listed()[1]["turns"], 2);
    for row in &rows {
        let shown = home.ok(&["log", "show", row[0]]);
        assert!(shown.starts_with("user: "), "the id that is shown is enough: {shown}");
    }
}

#[test]
fn search_finds_lines_in_whatever_case() {
    let home = Home::new("search");
    home.ok(&["run", "-p", "echo", "a line\nÄpfel and pears\nanother"]);
    home.ok(&["run", "-p", "echo", "plums"]);
    let id = home.listed()[1]["worker_id"].as_str().expect("there is one").to_owned();
    assert_eq!(
        home.ok(&["log", "search", "äPFEL"]),
        format!("{id} user: Äpfel and pears\n{id} assistant: Äpfel and pears\n")
    );
    let found = lines(&home.ok(&["log", "search", "--json", "PLUM"]));
    assert_eq!(found.len(), 2);
    assert_eq!(
        (&found[1]["role"], &found[1]["line"]),
        (&"assistant".into(), &"echo: plums".into())
    );
    assert!(home.refused(&["log", "search", "cherries"], 1).contains("nothing was found"));
    home.refused(&["log", "search", ""], 2);
}

#[test]
fn exports_are_for_people_or_programs() {
    let home = Home::new("export");
    home.chat(&["-p", "echo"], "one\ntwo\n");
    let markdown = home.ok(&["log", "export", "one"]);
    assert!(markdown.starts_with("# one\n\n"), "{markdown}");
    assert!(markdown.ends_with("\n## user\n\ntwo\n\n## assistant\n\necho: two\n"), "{markdown}");
    let file = home.0.join("out.jsonl");
    let path = file.to_str().expect("UTF-8");
    assert_eq!(home.ok(&["log", "export", "one", "--format", "jsonl", "-o", path]), "");
    let entries = lines(&std::fs::read_to_string(&file).expect("it is written"));
    let texts: Vec<_> = entries.iter().map(|entry| entry["text"].as_str().unwrap_or("")).collect();
    assert_eq!(texts, ["one", "echo: one", "two", "echo: two"]);
    assert!(entries.iter().all(|entry| entry["at_ms"].is_u64()));
    home.refused(&["log", "export", "one", "-o", "/proc/no/file"], 74);
    home.refused(&["log", "export", "nobody"], 2);
}

#[test]
fn what_is_deleted_is_gone_from_the_disk() {
    let home = Home::new("delete");
    for text in ["keep me", "marmalade", "juice"] {
        home.ok(&["run", "-p", "echo", text]);
    }
    home.chat(&["-p", "echo"], "toast\n/new\nbutterscotch\n");
    home.refused(&["log", "delete", "marmalade", "nobody"], 2);
    assert_eq!(home.titles().len(), 5, "either all or none");
    home.ok(&["log", "delete", "marmalade", "juice"]);
    home.ok(&["log", "delete", "--yes", "butterscotch"]);
    assert_eq!(home.titles(), ["toast", "keep me"]);
    assert_eq!(home.files().len(), 2);
    for name in super::names(&home.talks()) {
        let bytes = std::fs::read(home.talks().join(&name)).expect("it can be read");
        for word in [&b"marmalade"[..], b"butterscotch", b"juice"] {
            assert!(!bytes.windows(word.len()).any(|part| part == word), "{name}");
        }
    }
    assert_eq!(home.ok(&["run", "--resume", "toast", "more"]), "echo: more\n");
}

#[cfg(unix)]
mod at_a_terminal {
    use super::*;
    use crate::terminal::Terminal;

    #[test]
    fn a_deletion_is_asked_about() {
        let home = Home::new("asked_deletion");
        home.ok(&["run", "-p", "echo", "hello"]);
        for (answer, code, left) in [("", 1, 1), ("n", 1, 1), ("y", 0, 0)] {
            let mut terminal = Terminal::spawn(home.command(&["log", "delete", "hello"]));
            let asked = terminal.until("[y/N] ");
            assert!(asked.contains("  hello\r\nDelete this"), "{asked:?}");
            terminal.line(answer);
            assert_eq!(terminal.end().code, Some(code));
            assert_eq!(home.titles().len(), left);
        }
    }

    #[test]
    fn hostile_text_is_defused_and_stays_as_it_is_in_a_pipe() {
        let home = Home::new("hostile");
        home.ok(&["run", "-p", "echo", "\u{1b}[2Jhostile"]);
        for arguments in [&["log"][..], &["log", "search", "hostile"], &["log", "show", "0"]] {
            let seen = Terminal::spawn(home.command(arguments)).end().stdout;
            assert!(seen.contains("hostile") && !seen.contains('\u{1b}'), "{seen:?}");
        }
        assert!(home.ok(&["log", "show", "0"]).contains("user: \u{1b}[2Jhostile\n"));
    }
}
