use event_store::Version;
use event_store::wire::CommandRequest;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::problem::Problem;
use crate::views::Submitted;

/// Performs a command. `seen` is the version in view: what is newer comes back with the answer.
///
/// # Errors
/// When the outcome is unknown or the request cannot be read; a rejection or a conflict is an answer.
#[server(prefix = "/ui", endpoint = "submit-command", input = Json)]
pub async fn submit_command(request: CommandRequest, seen: Version) -> Result<Submitted, Problem> {
    use super::host::{answer, desk};
    use crate::problem::Code;
    use event_store::Page;

    let desk = answer(desk())?;
    let aggregate = request.aggregate.clone();
    match desk.execute(request).await {
        Ok(accepted) => {
            let limit = usize::try_from(accepted.version.saturating_sub(seen)).unwrap_or(500);
            let page = Page::After { version: seen, limit: limit.clamp(1, 500) };
            // It is durable whether or not it can be read back now.
            let change_sets = desk.change_sets(&aggregate, page).await.unwrap_or_default();
            Ok(Submitted::Accepted { accepted, change_sets })
        }
        Err(problem) if problem.is(Code::Rejected) || problem.is(Code::Conflict) => {
            Ok(Submitted::Refused(problem))
        }
        Err(problem) => answer(Err(problem)),
    }
}
