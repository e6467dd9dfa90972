//! `docs/functions.md` is what the registry says. `DELTAQ_ACCEPT=1 cargo test -p deltaq-operators --test manual` writes it anew.

use deltaq_operators::functions::manual;

#[test]
fn the_manual_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/functions.md");
    let text = format!(
        "# Functions\n\nGenerated from the registry in `operators/src/functions`; the examples are tests.\n\n{}",
        manual::render()
    );
    let text = format!("{}\n", text.trim_end());
    if std::env::var_os("DELTAQ_ACCEPT").is_some() {
        std::fs::write(path, &text).expect("docs/ can be written");
    }
    let recorded = std::fs::read_to_string(path).unwrap_or_default();
    assert!(recorded == text, "docs/functions.md is not current: run with DELTAQ_ACCEPT=1");
}
