//! What the server does not start with.

use std::fs;

use crate::{
    server::{Folder, TOKEN, command},
    within,
};

/// Runs a server that does not start, and returns what it says.
async fn said(command: &mut tokio::process::Command) -> String {
    let output = within("the end", command.stderr(std::process::Stdio::piped()).output()).await;
    let output = output.expect("a process");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
    String::from_utf8(output.stderr).expect("UTF-8")
}

#[tokio::test]
async fn a_token_that_is_short_missing_or_given_twice() {
    let folder = Folder::new();
    let config = folder.path().join("server.toml");
    for short in ["", "fifteen-letters"] {
        let said = said(command().env("ACME_TOKEN", short).arg(&config)).await;
        let expected = "error: ACME_TOKEN: set it to a token of at least 16 characters\n";
        assert_eq!(said, expected);
    }
    let said = said(command().env("OPERATOR_TOKEN", TOKEN).arg(&config)).await;
    assert_eq!(said, "error: ACME_TOKEN: set it to a token that nobody else has\n");
    assert!(!folder.path().join("talks.sqlite").exists());
}

#[tokio::test]
async fn a_file_with_a_mistake_is_told_by_its_line() {
    let folder = Folder::new();
    let path = folder.path().join("server.toml");
    let config = fs::read_to_string(&path).expect("the file");
    for (mistake, line, word) in [
        (config.replace("operator_token", "operator_tokne"), "line 4", "`operator_tokne`"),
        (config.replace("patience = 300", "patience = \"long\""), "line 5", "invalid type"),
        (config.replace("[tenant_tokens]", "[tenant_tokens"), "line 6", "table"),
    ] {
        fs::write(&path, mistake).expect("a file");
        let said = said(command().arg(&path)).await;
        assert!(said.starts_with(&format!("error: {}: ", path.display())), "{said}");
        assert!(said.contains(line) && said.contains(word), "{said}");
    }
}

#[tokio::test]
async fn a_file_that_is_not_there() {
    let folder = Folder::new();
    let missing = folder.path().join("missing.toml");
    let said_of_it = said(command().arg(&missing)).await;
    assert!(said_of_it.starts_with(&format!("error: {}: ", missing.display())), "{said_of_it}");
    assert_eq!(said(&mut command()).await, "error: usage: example-http SERVER.TOML\n");

    let profiles = folder.path().join("profiles.toml");
    fs::write(&profiles, "[profiles.echo]\nprovidre = \"echo\"\n").expect("a file");
    let said = said(command().arg(folder.path().join("server.toml"))).await;
    assert!(said.contains("profiles.toml:2"), "{said}");
}
