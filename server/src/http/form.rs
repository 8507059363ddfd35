//! An extractor for form fields, which rejects with the same problems as the others.

use api::{Code, Problem};
use axum::extract::rejection::FormRejection;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use super::json::unreadable;
use super::problem::ProblemDocument;
use crate::problems;

/// A form as browsers post it.
#[derive(Clone, Copy, Debug)]
pub struct Form<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = ProblemDocument;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        match axum::Form::from_request(request, state).await {
            Ok(axum::Form(fields)) => Ok(Self(fields)),
            Err(FormRejection::InvalidFormContentType(_)) => {
                let detail = "the body has to be a form, with the header `content-type: \
                              application/x-www-form-urlencoded`";
                Err(Problem::new(Code::UnsupportedMediaType, detail).into())
            }
            Err(FormRejection::BytesRejection(rejection)) => Err(unreadable(rejection).into()),
            Err(rejection) => Err(problems::malformed("", rejection).into()),
        }
    }
}
