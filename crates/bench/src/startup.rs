//! The time from starting the process to `/readyz`: with the sample company and with 100 000 change
//! sets, after a clean stop and after a kill.

use std::path::Path;

use tokio::process::Command;

use crate::daybook::Daybook;
use crate::latency::Millis;
use crate::{Error, embedded};

pub(crate) async fn run(binary: &Path, change_sets: u64) -> Result<(), Error> {
    let directory = tempfile::tempdir()?;
    let sample = directory.path().join("sample");
    let status = Command::new(binary).arg("sample").arg("--data").arg(&sample).status().await?;
    if !status.success() {
        return Err(Error::Daybook(format!("sample ended with {status}")));
    }
    let large = directory.path().join("large");
    std::fs::create_dir(&large)?;
    embedded::fill(&large.join("daybook.db"), change_sets).await?;

    println!("| start to ready | first | after a clean stop | after a kill -9 |");
    println!("|---|---|---|---|");
    for (name, data) in [("the sample company", sample), ("100 000 change sets", large)] {
        let first = restart(binary, &data, true).await?;
        let clean = restart(binary, &data, false).await?;
        let killed = restart(binary, &data, true).await?;
        println!("| {name} | {first} | {clean} | {killed} |");
    }
    println!();
    Ok(())
}

pub(crate) async fn restart(binary: &Path, data: &Path, then_stop: bool) -> Result<Millis, Error> {
    let daybook = Daybook::start(binary, data).await?;
    let ready_after = daybook.ready_after;
    if then_stop {
        daybook.stop().await?;
    } else {
        daybook.kill().await?;
    }
    Ok(Millis(ready_after))
}
