//! What the relay is built from: it cannot read a document even by mistake.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Every package that a package is built from, by the resolved graph; development tools left out.
fn built_from(root: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut names = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        names.insert(package["id"].as_str().unwrap(), package["name"].as_str().unwrap());
    }
    let mut needs = BTreeMap::new();
    for node in metadata["resolve"]["nodes"].as_array().unwrap() {
        let needed: Vec<&str> = node["deps"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dep| {
                dep["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"] != "dev")
            })
            .map(|dep| dep["pkg"].as_str().unwrap())
            .collect();
        needs.insert(node["id"].as_str().unwrap(), needed);
    }
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> =
        names.iter().filter(|(_, name)| **name == root).map(|(id, _)| *id).collect();
    assert_eq!(open.len(), 1);
    while let Some(id) = open.pop() {
        if found.insert(names[id].to_owned()) {
            open.extend(&needs[id]);
        }
    }
    found
}

#[test]
fn the_relay_links_neither_automerge_nor_the_domain_nor_the_engine() {
    let built = built_from("holdfast-relay");
    assert!(built.contains("holdfast-protocol") && built.contains("rusqlite"), "the walk works");
    for forbidden in ["automerge", "hexane", "holdfast-domain", "holdfast", "holdfast-cli"] {
        assert!(!built.contains(forbidden), "the relay links {forbidden}");
    }
}
