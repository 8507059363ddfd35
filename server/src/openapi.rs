//! The description of the HTTP interface, generated from the handlers: what is routed is described,
//! because [`crate::routes`] routes nothing else.

pub(crate) mod commands;
pub(crate) mod schemas;

use utoipa::OpenApi;
use utoipa::openapi::schema::{AdditionalProperties, AnyOf, Schema};
use utoipa::openapi::{OpenApi as Document, RefOr};

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

/// Says of the enums what their derived schemas leave out.
pub(crate) fn refine(document: &mut Document) {
    let Some(components) = &mut document.components else { return };
    if let Some(RefOr::T(schema)) = components.schemas.get_mut("Command") {
        refuse_unknown_fields(schema);
    }
    if let Some(RefOr::T(schema)) = components.schemas.get_mut("BatchResults") {
        allow_several(schema);
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

/// What is accepted in a batch that is not atomic has all that it would have in an atomic one, and a status.
fn allow_several(schema: &mut Schema) {
    if let Schema::OneOf(one_of) = schema {
        let (items, description) = (one_of.items.clone(), one_of.description.clone());
        *schema = Schema::AnyOf(AnyOf { items, description, ..AnyOf::new() });
    }
}
