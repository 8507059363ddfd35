//! The OpenAPI description of the HTTP interface, generated from the handlers. Every route is
//! described, because [`crate::routes`] routes handlers only through their descriptions.

pub(crate) mod commands;
pub(crate) mod schemas;

use utoipa::OpenApi;
use utoipa::openapi::schema::{AdditionalProperties, AnyOf, Schema};
use utoipa::openapi::{Content, OpenApi as Document, Ref, RefOr, ResponseBuilder};

use crate::http::PROBES;

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
)]
pub(crate) struct Description;

/// Adds what the handlers and the derived schemas leave out.
pub(crate) fn refine(document: &mut Document) {
    describe_other_hosts(document);
    let Some(components) = &mut document.components else { return };
    if let Some(RefOr::T(schema)) = components.schemas.get_mut("Command") {
        refuse_unknown_fields(schema);
    }
    if let Some(RefOr::T(schema)) = components.schemas.get_mut("BatchResults") {
        allow_several(schema);
    }
}

/// Adds the 421 of every operation but the probes: other hosts are refused before a handler runs.
fn describe_other_hosts(document: &mut Document) {
    let description = "`misdirected`: the request names a host that this server does not serve";
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    let misdirected = ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", problem)
        .build();
    let paths = document.paths.paths.iter_mut();
    for (_, item) in paths.filter(|(path, _)| !PROBES.contains(&path.as_str())) {
        for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
            let responses = &mut operation.responses.responses;
            responses.insert("421".to_owned(), misdirected.clone().into());
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
