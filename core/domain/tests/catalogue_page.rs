//! Proves that the page of the catalogue says what the data say.

mod page;

use std::fs;
use std::path::Path;

use holdfast_domain::catalogue::Catalogue;

#[test]
fn the_page_of_the_catalogue_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/catalogue.md");
    let stands = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(stands == page::page(), "docs/catalogue.md is stale: run `cargo xtask docs`");
}

#[test]
fn every_record_has_one_row_with_its_mode() {
    let page = page::page();
    for exercise in Catalogue::built_in().exercises() {
        let row = format!("| `{}` |", exercise.id);
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with(&row)).collect();
        assert_eq!(rows.len(), 1, "{row}");
        assert!(rows[0].contains(&format!("| {} |", exercise.dose.mode)), "{}", rows[0]);
    }
    assert_eq!(Catalogue::built_in().exercises().len(), 84);
}
