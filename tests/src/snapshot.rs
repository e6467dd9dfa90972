//! Files beside the text that they should yield.

use std::path::PathBuf;

/// Checks that each `folder/*.extension` (below `tests/`) yields the text in the `.txt` file beside it. With `DELTAQ_ACCEPT` set,
/// writes that file instead.
///
/// # Panics
/// With every difference.
pub fn check(folder: &str, extension: &str, run: impl Fn(&str) -> String) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.unwrap_or_else(|e| panic!("{}: {e}", folder.display())).path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} has files", folder.display());
    let mut differences = String::new();
    for file in files {
        let input = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let recorded = file.with_extension("txt");
        let expected = std::fs::read_to_string(&recorded).unwrap_or_default();
        let actual = format!("{}\n", run(&input).trim_end());
        if std::env::var_os("DELTAQ_ACCEPT").is_some() {
            std::fs::write(&recorded, &actual).unwrap_or_else(|e| panic!("{}: {e}", recorded.display()));
        } else if actual != expected {
            differences += &format!("{}\n--- recorded\n{expected}\n--- now\n{actual}\n", recorded.display());
        }
    }
    assert!(differences.is_empty(), "not as recorded (DELTAQ_ACCEPT=1 records it anew):\n{differences}");
}
