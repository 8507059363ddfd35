use api::wire::CommandRequest;
use api::{Json, Problem};
use event_store::Version;
use leptos::prelude::*;

use crate::views::Submitted;

/// Performs a command. The answer includes the change sets after `seen`, the newest version that
/// the page knows.
///
/// # Errors
/// The problem, if the outcome is unknown or the request cannot be read. A rejection, a conflict or
/// an id that was taken before is an answer, not an error.
#[server(prefix = "/ui", endpoint = "submit-command", input = Json, output = Json)]
pub async fn submit_command(request: CommandRequest, seen: Version) -> Result<Submitted, Problem> {
    use super::host::{answer, caller, desk};
    use api::Code;
    use event_store::Page;

    let (desk, caller) = (answer(desk())?, answer(caller())?);
    let aggregate = request.aggregate.clone();
    // A durable command is accepted even if it cannot be read back now.
    let newer = async |version: Version| {
        let limit = usize::try_from(version.saturating_sub(seen)).unwrap_or(500);
        let page = Page::After { version: seen, limit: limit.clamp(1, 500) };
        desk.change_sets(&aggregate, page).await.unwrap_or_default()
    };
    match desk.execute(&caller, request).await {
        Ok(accepted) => {
            let change_sets = newer(accepted.version).await;
            Ok(Submitted::Accepted { accepted, change_sets })
        }
        Err(problem) if problem.is(Code::Rejected) || problem.is(Code::Conflict) => {
            Ok(Submitted::Refused(problem))
        }
        Err(problem) => match problem.taken_as() {
            Some(version) => {
                Ok(Submitted::TakenBefore { version, change_sets: newer(version).await })
            }
            None => answer(Err(problem)),
        },
    }
}
