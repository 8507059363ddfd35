use http::{HeaderValue, StatusCode, header};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use api::{Caller, Code, Problem, SharedDesk};

/// Returns the desk of this request.
pub(super) fn desk() -> Result<SharedDesk, Problem> {
    let missing = || Problem::new(Code::Internal, "this page was rendered without a desk");
    use_context::<SharedDesk>().ok_or_else(missing)
}

/// Returns the caller of this request.
pub(super) fn caller() -> Result<Caller, Problem> {
    let missing = || Problem::new(Code::Internal, "this request came without a caller");
    use_context::<Caller>().ok_or_else(missing)
}

/// Returns the answer, and sets the status of its problem on the response.
pub(super) fn answer<T>(result: Result<T, Problem>) -> Result<T, Problem> {
    if let (Err(problem), Some(response)) = (&result, use_context::<ResponseOptions>()) {
        let status = StatusCode::from_u16(problem.status);
        response.set_status(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
        if problem.is_passing() {
            response.insert_header(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
    }
    result
}
