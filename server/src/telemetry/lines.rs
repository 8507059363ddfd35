//! Log lines of bounded length.
//!
//! A client chooses the names of its commands, its headers and its paths. A line that repeated one
//! of them whole would let it write megabytes of log with each request, so long lines are shortened
//! on their way out, whatever they contain.

use std::io::{self, Write};

use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::LogFormat;

/// The maximum length of a line that is written unchanged, in bytes.
const LONGEST: usize = 4096;
/// The bytes that are kept at each end of a longer line of text. The outcome is at the end.
const KEPT: usize = 1024;
/// The characters that are kept of each string in a longer line of JSON.
const KEPT_OF_STRING: usize = 200;

/// Standard error, for lines in this format.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lines(pub(super) LogFormat);

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}

impl Write for Lines {
    /// Writes one event, which the subscriber hands over in one piece.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut stderr = io::stderr();
        match shortened(self.0, line) {
            Some(shorter) => stderr.write_all(shorter.as_bytes())?,
            None => stderr.write_all(line)?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Returns the replacement of a line that is too long.
fn shortened(format: LogFormat, line: &[u8]) -> Option<String> {
    if line.len() <= LONGEST {
        return None;
    }
    if format == LogFormat::Json
        && let Ok(mut fields) = serde_json::from_slice(line)
    {
        shorten_strings(&mut fields);
        return Some(format!("{fields}\n"));
    }
    let end = line.len() - KEPT;
    let (start, end) = (line.get(..KEPT)?, line.get(end..)?);
    let left_out = line.len() - 2 * KEPT;
    let (start, end) = (String::from_utf8_lossy(start), String::from_utf8_lossy(end));
    Some(format!("{start} … {left_out} bytes left out … {end}"))
}

fn shorten_strings(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some((end, _)) = text.char_indices().nth(KEPT_OF_STRING) {
                let left_out = text.len() - end;
                text.truncate(end);
                text.push_str(&format!(" … {left_out} bytes left out"));
            }
        }
        Value::Array(all) => all.iter_mut().for_each(shorten_strings),
        Value::Object(all) => all.values_mut().for_each(shorten_strings),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_of_usual_length_is_written_as_it_is() {
        let line = "x".repeat(LONGEST);
        for format in [LogFormat::Text, LogFormat::Json] {
            assert_eq!(shortened(format, line.as_bytes()), None);
        }
    }

    #[test]
    fn a_long_line_of_text_keeps_both_ends() {
        let line = format!("INFO command type=\"{}\" outcome=\"malformed\"\n", "ü".repeat(500_000));
        let shorter = shortened(LogFormat::Text, line.as_bytes()).unwrap();
        assert!(shorter.len() < LONGEST, "{}", shorter.len());
        assert!(shorter.starts_with("INFO command type="), "{shorter}");
        assert!(shorter.ends_with("outcome=\"malformed\"\n"), "{shorter}");
        assert_eq!(shorter.lines().count(), 1);
    }

    #[test]
    fn a_long_line_of_json_stays_json() {
        let line = json!({ "type": "\u{1F4E6}\"\\".repeat(300_000), "outcome": "malformed", "retries": 2,
            "spans": [{ "route": "x".repeat(300_000) }] });
        let shorter = shortened(LogFormat::Json, line.to_string().as_bytes()).unwrap();
        assert!(shorter.len() < LONGEST, "{}", shorter.len());
        let fields: Value = serde_json::from_str(&shorter).unwrap();
        assert_eq!((&fields["outcome"], &fields["retries"]), (&json!("malformed"), &json!(2)));
        assert!(shorter.ends_with("}\n"));
    }
}
