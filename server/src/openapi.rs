//! The OpenAPI description of the HTTP interface, generated from the handlers. Every route is
//! described, because [`crate::routes`] routes handlers only through their descriptions. The types
//! that handlers read and write describe themselves.

use api::Problem;
use utoipa::openapi::schema::{AdditionalProperties, AnyOf, Schema};
use utoipa::openapi::{Content, OpenApi as Document, Ref, RefOr, Response, Responses};
use utoipa::{OpenApi, ToSchema as _};

use crate::http::PROBES;

/// The description of the 429 of an expensive read.
pub(crate) const BUSY: &str = "`busy`: its turn did not come, or there is no room for the answer; \
    safe to repeat after `retry-after` seconds";
/// The description of the 500 of a request that reads one history.
pub(crate) const CORRUPT: &str = "`corrupt`: what is stored is not what was written";

/// The parts of the description that belong to no handler.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Daybook",
        description = "Inventory and billing in which nothing is ever overwritten. A command that is \
            accepted becomes one change set of its aggregate; every state is a replay of those. \
            Clients make all ids (UUIDv7 by preference), so that sending the same again is harmless.",
    ),
    tags(
        (name = "commands", description = "Perform tasks"),
        (name = "aggregates", description = "States, histories and their proof"),
        (name = "feed", description = "All change sets of all aggregates, in one order that never changes"),
        (name = "operations", description = "For the operators of the server"),
    ),
    components(schemas(Problem)),
)]
pub(crate) struct Description;

/// Adds what the handlers and the derived schemas leave out.
pub(crate) fn refine(document: &mut Document) {
    for (path, item) in &mut document.paths.paths {
        for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
            if !PROBES.contains(&path.as_str()) {
                describe_other_hosts(&mut operation.responses);
                describe_callers(&mut operation.responses);
            }
            describe_problems(&mut operation.responses);
        }
    }
    let Some(components) = &mut document.components else { return };
    for (name, schema) in &mut components.schemas {
        if let RefOr::T(schema) = schema
            && name.ends_with("Command")
        {
            refuse_unknown_fields(schema);
        }
    }
    if let Some(RefOr::T(schema)) = components.schemas.get_mut("BatchResults") {
        allow_several(schema);
    }
}

/// Adds a 421: other hosts are refused before a handler runs.
fn describe_other_hosts(responses: &mut Responses) {
    let misdirected = "`misdirected`: the request names a host that this server does not serve";
    responses.responses.insert("421".to_owned(), Response::new(misdirected).into());
}

/// Adds a 401: a request without a caller is refused before a handler runs.
fn describe_callers(responses: &mut Responses) {
    let unauthenticated = "`unauthenticated`: the server runs behind a proxy that signs people in, and the proxy did not \
                           name the caller";
    responses.responses.insert("401".to_owned(), Response::new(unauthenticated).into());
}

/// Makes every response that is no success a problem document, so that handlers list only its
/// status and its codes.
fn describe_problems(responses: &mut Responses) {
    let problem = Content::new(Some(Ref::from_schema_name(Problem::name())));
    for (status, response) in &mut responses.responses {
        if let RefOr::T(response) = response
            && !status.starts_with('2')
        {
            response.content.insert("application/problem+json".to_owned(), problem.clone());
        }
    }
}

/// Forbids any fields but `type` and `data` in a command.
fn refuse_unknown_fields(schema: &mut Schema) {
    let Schema::OneOf(variants) = schema else { return };
    for variant in &mut variants.items {
        if let RefOr::T(Schema::Object(object)) = variant {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
    }
}

/// Lets a result match both branches: one of a batch that is not atomic has all fields of an atomic
/// one, and a status.
fn allow_several(schema: &mut Schema) {
    if let Schema::OneOf(one_of) = schema {
        let (items, description) = (one_of.items.clone(), one_of.description.clone());
        *schema = Schema::AnyOf(AnyOf { items, description, ..AnyOf::new() });
    }
}
