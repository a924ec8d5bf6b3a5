//! Prints docs/catalogue.md: `cargo xtask docs` writes it.

#[path = "../tests/page/mod.rs"]
mod page;

fn main() {
    print!("{}", page::page());
}
