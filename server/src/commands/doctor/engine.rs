//! The embedded store: its file, and the table in it.

use event_store::embedded::Embedded;

use super::directory::Lock;
use super::{Finding, TableLocation, table};
use crate::config::Settings;

/// Opens the file as `serve` would, if it exists and no other process has it open.
pub(super) async fn examine(settings: &Settings, lock: Lock) -> Vec<Finding> {
    let path = settings.data.join("daybook.db");
    let name = path.display();
    match lock {
        Lock::None => return Vec::new(),
        Lock::Theirs => {
            let what = format!("{name} is in use, so it was not examined");
            return vec![Finding::warning(what, "Stop the other daybook, then run this again")];
        }
        Lock::Ours { .. } if !path.exists() => {
            return vec![Finding::ok(format!(
                "there is no {name} yet; `daybook serve` creates it"
            ))];
        }
        Lock::Ours { .. } => {}
    }
    let engine = match Embedded::open(&path) {
        Ok(engine) => engine,
        Err(error) => {
            let remedy = "Restore it from a backup, or choose another directory with --data";
            return vec![Finding::problem(error.to_string(), remedy)];
        }
    };
    let at = TableLocation { table: &settings.table, name: name.to_string(), is_aws: false };
    let described = engine.client().describe_table().table_name(at.table).send().await;
    let findings = match table::found(&at, described) {
        Ok(description) => table::examine(&at, &description).0,
        Err(finding) => vec![finding],
    };
    engine.close().await;
    findings
}
