//! A strict extractor for JSON, whose rejections say where the mistake is.

use api::{Code, DistinctKeys, Problem};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use super::problem::ProblemDocument;
use crate::problems;

/// The maximum size of a body, in bytes.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// A JSON body.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ProblemDocument;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        insist_on_json(&request)?;
        let body = Bytes::from_request(request, state).await.map_err(unreadable)?;
        Ok(parse(&body).map(Self)?)
    }
}

/// Refuses a body that is not declared as JSON.
pub(crate) fn insist_on_json(request: &Request) -> Result<(), Problem> {
    if says_json(request) {
        return Ok(());
    }
    let detail = "the body has to be JSON, with the header `content-type: application/json`";
    Err(Problem::new(Code::UnsupportedMediaType, detail))
}

fn says_json(request: &Request) -> bool {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|text| text.split(';').next()).map(str::trim);
    essence.is_some_and(|essence| {
        essence.eq_ignore_ascii_case("application/json")
            || essence.to_ascii_lowercase().ends_with("+json")
    })
}

/// Returns the problem of a body that did not arrive whole.
pub(crate) fn unreadable(rejection: BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::new(Code::TooLarge, format!("the body has more than {BODY_LIMIT} bytes"))
            .with("limit", BODY_LIMIT);
    }
    problems::malformed("", format!("the body did not arrive whole: {rejection}"))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let value = parse_as(body)?;
    parse_as::<DistinctKeys>(body)?;
    Ok(value)
}

fn parse_as<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer = pointer(error.path());
        misread(&pointer, &error.into_inner())
    })?;
    json.end().map_err(|error| misread("", &error))?;
    Ok(value)
}

fn misread(pointer: &str, error: &serde_json::Error) -> Problem {
    problems::malformed(pointer, error).with("line", error.line()).with("column", error.column())
}

/// Returns the place as a JSON pointer (RFC 6901), as far as it is known.
pub(crate) fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        let step = match segment {
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Seq { index } => index.to_string(),
            // A variant is named by the value of `type`, not by a place of its own.
            Segment::Enum { .. } | Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&step);
    }
    pointer
}
