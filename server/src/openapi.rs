//! The description of the HTTP interface, generated from the handlers: what is routed is described,
//! because [`crate::routes`] routes nothing else.

pub(crate) mod commands;
pub(crate) mod schemas;

use utoipa::OpenApi;
use utoipa::openapi::schema::{AdditionalProperties, AnyOf, Schema};
use utoipa::openapi::{Content, OpenApi as Document, Ref, RefOr, ResponseBuilder};

use crate::http::PROBES;

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

/// Every operation but the probes refuses hosts that are not this server's, before its handler is asked.
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

/// A command has `type` and `data`, and nothing else.
fn refuse_unknown_fields(schema: &mut Schema) {
    let Schema::OneOf(variants) = schema else { return };
    for variant in &mut variants.items {
        if let RefOr::T(Schema::Object(object)) = variant {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
    }
}

/// A result of a batch that is not atomic has the fields of one that is, and a status, so both branches match it.
fn allow_several(schema: &mut Schema) {
    if let Schema::OneOf(one_of) = schema {
        let (items, description) = (one_of.items.clone(), one_of.description.clone());
        *schema = Schema::AnyOf(AnyOf { items, description, ..AnyOf::new() });
    }
}
