//! Ids from paths and bodies. The server never makes an id; it insists on being given one.

use api::Problem;
use api::wire::CommandRequest;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use utoipa::IntoParams;
use uuid::Uuid;

use super::problem::ProblemDocument;
use crate::problems;

/// The `{kind}/{id}` of a path. [`crate::aggregates::Registry`] decides whether the kind exists.
#[derive(Clone, Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AggregatePath {
    /// The kind of aggregate.
    #[param(example = "inventory-item", pattern = "^[^#]+$")]
    pub kind: String,
    /// The aggregate's id; never nil.
    #[param(example = "0199c0de-4d1a-7b5e-8c3f-5e2f9a1b6c70")]
    pub id: Uuid,
}

impl<S: Send + Sync> FromRequestParts<S> for AggregatePath {
    type Rejection = ProblemDocument;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let Path((kind, id)) = Path::<(String, String)>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| problems::malformed("", rejection.body_text()))?;
        let id = id.parse().map_err(|error| {
            problems::malformed("", format!("`{id}` in the path is not a UUID: {error}"))
        })?;
        if Uuid::is_nil(&id) {
            return Err(problems::malformed("", "the nil UUID in the path is not an id").into());
        }
        Ok(Self { kind, id })
    }
}

/// Refuses nil ids: the nil UUID is what an uninitialised field looks like, so it identifies
/// nothing.
pub(crate) fn insist_on_ids(request: &CommandRequest) -> Result<(), Problem> {
    let ids = [
        ("/command_id", Some(request.command_id)),
        ("/aggregate/id", Some(request.aggregate.id)),
        ("/correlation_id", request.correlation_id),
        ("/causation_id", request.causation_id),
    ];
    match ids.into_iter().find(|(_, id)| id.is_some_and(|id| id.is_nil())) {
        Some((place, _)) => {
            Err(problems::malformed(place, "the nil UUID is not an id: the client must make one"))
        }
        None => Ok(()),
    }
}
