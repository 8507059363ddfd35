//! The description of the HTTP interface, generated from the handlers: what is routed is described,
//! because [`crate::routes`] routes nothing else.

pub(crate) mod commands;
pub(crate) mod schemas;

use utoipa::OpenApi;

/// What is not said at a handler.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Daybook",
        description = "Inventory and billing in which nothing is ever overwritten. A command that is \
            accepted becomes one change set of its aggregate; every state is a replay of those. \
            Clients make all ids (UUIDv7 by preference), so that sending the same again is harmless.",
    ),
    tags(
        (name = "commands", description = "Where tasks are performed"),
        (name = "aggregates", description = "States, histories and their proof"),
        (name = "feed", description = "All change sets of all aggregates, in one order that never changes"),
        (name = "operations", description = "For whoever runs it"),
    ),
)]
pub(crate) struct Description;
