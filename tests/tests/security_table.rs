//! The threat table of SECURITY.md names the tests that show its rows: each of them is there, and is a test.
#![allow(clippy::unwrap_used)]

use std::path::Path;

/// One row: its words, and what its last column says.
fn rows(text: &str) -> Vec<(String, String)> {
    let table = text.split("## Threats").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = table.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 4, "{line}");
        (format!("{} | {}", cells[0], cells[1]), cells[3].to_owned())
    })
    .collect()
}

/// Whether a source has a test of this name: the attribute stands above it.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let head = format!("fn {name}(");
    let found = lines.iter().position(|line| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        line.starts_with(&head)
    });
    found.is_some_and(|at| {
        let above = lines[..at].iter().rev();
        let mut above = above.take_while(|line| line.starts_with('#') || line.starts_with("//"));
        above.any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
    })
}

#[test]
fn every_row_of_the_threat_table_names_tests_that_are_there_or_says_not_yet() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = std::fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let rows = rows(&text);
    assert!(rows.len() > 15, "only {}", rows.len());
    let mut missing = Vec::new();
    for (threat, shown_by) in rows {
        let mut source: Option<(String, String)> = None;
        let mut tests = 0;
        for named in shown_by.split('`').skip(1).step_by(2) {
            if named.ends_with(".rs") {
                match std::fs::read_to_string(root.join(named)) {
                    Ok(text) => source = Some((named.to_owned(), text)),
                    Err(error) => missing.push(format!("{threat}: {named}: {error}")),
                }
            } else if !named.contains(' ') {
                match &source {
                    Some((_, text)) if has_test(text, named) => tests += 1,
                    Some((file, _)) => {
                        missing.push(format!("{threat}: {file} has no test {named}"))
                    }
                    None => missing.push(format!("{threat}: {named} stands in no file")),
                }
            }
        }
        if tests == 0 && !shown_by.contains("not yet") {
            missing.push(format!("{threat}: no test shows it, and it does not say so"));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn a_function_that_is_no_test_does_not_count_as_one() {
    let source = "#[test]\nfn it_is() {}\nfn it_is_not() {}";
    assert!(has_test(source, "it_is"));
    assert!(!has_test(source, "it_is_not") && !has_test(source, "it_was"));
}
