//! Strict query parameters: an unknown, repeated or wrong one is an error, not a default.

use std::error::Error;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::problem::ProblemDocument;
use crate::problems;

/// The parameters of the query. For strictness, `T` must deny unknown fields.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ProblemDocument;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let read = axum::extract::Query::try_from_uri(&parts.uri);
        read.map(|axum::extract::Query(parameters)| Self(parameters)).map_err(|rejection| {
            // The source names the parameter; the rejection only says that there is a problem.
            let detail =
                rejection.source().map_or_else(|| rejection.to_string(), |e| e.to_string());
            problems::malformed("", format!("in the query, {detail}")).into()
        })
    }
}
