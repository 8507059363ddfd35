//! Files that are not an export, or no longer one: the error says what they are, and what to do.

use std::fs;

use tempfile::tempdir;

use super::{assert_refuses, daybook, exported, filled};

#[test]
fn a_file_that_is_not_an_export_is_identified() {
    let (data, _) = filled();
    let lines = exported(data.path());
    let text = lines.join("\n") + "\n";
    let directory = tempdir().unwrap();
    let file = directory.path().join("books.jsonl");
    let without_mark =
        |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(bytes).collect() };
    let utf_16 = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        ["\u{feff}", &text].concat().encode_utf16().flat_map(bytes).collect()
    };
    let blank = [&lines[..3], &[String::new(), "  ".into()], &lines[3..]].concat().join("\n");
    for (content, says) in [
        (
            ["\u{feff}", &text].concat().into_bytes(),
            &["line 1: ", "byte order mark", "UTF-8 without"],
        ),
        (utf_16(u16::to_le_bytes), &["line 1: ", "is UTF-16", "save it as UTF-8"]),
        (utf_16(u16::to_be_bytes), &["line 1: ", "is UTF-16", "save it as UTF-8"]),
        (without_mark(u16::to_le_bytes), &["line 1: ", "is UTF-16", "save it as UTF-8"]),
        (without_mark(u16::to_be_bytes), &["line 1: ", "is UTF-16", "save it as UTF-8"]),
        (b"\x1f\x8b\x08\0".to_vec(), &["line 1: ", "compressed", "gunzip"]),
        (b"\x28\xb5\x2f\xfd\x24".to_vec(), &["line 1: ", "compressed", "unzstd"]),
        (b"\xfd7zXZ\0\0".to_vec(), &["line 1: ", "compressed", "unxz"]),
        (b"PK\x03\x04\x14".to_vec(), &["line 1: ", "ZIP archive", "extract"]),
        (Vec::new(), &["the file is empty", "nothing is imported", "export again"]),
        (b"\n\n".to_vec(), &["the file is empty", "nothing is imported", "export again"]),
        (blank.into_bytes(), &["line 4: ", "it is empty", "export again"]),
    ] {
        fs::write(&file, content).unwrap();
        let there = directory.path().join("data");
        assert_refuses(daybook(&there).arg("import").arg(&file), 1, says);
    }
    let there = directory.path().join("data");
    let says = ["cannot use", "it is a directory", "`daybook export`"];
    assert_refuses(daybook(&there).arg("import").arg(directory.path()), 1, &says);
}

#[test]
fn empty_lines_at_the_end_are_ignored() {
    let (data, _) = filled();
    let lines = exported(data.path());
    let directory = tempdir().unwrap();
    let file = directory.path().join("books.jsonl");
    fs::write(&file, lines.join("\r\n") + "\r\n\n  \n").unwrap();
    let there = directory.path().join("data");
    let imported = super::run(daybook(&there).arg("import").arg(&file));
    let told = String::from_utf8(imported.stdout).unwrap();
    assert_eq!(told, "All 127 change sets are in the store.\n");
    assert_eq!(exported(&there).len(), lines.len());
}
