//! Tells the browser how many nodes a page was sent with. Translators, password managers and
//! proxies change pages on the way; a page of another shape cannot be hydrated and is mounted anew
//! (`frontend`).

use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use futures::stream;

const ROOT: &str = "<html";

/// Notes the shape of a page at its root element. Pages are rendered as a whole, so that this
/// delays nothing.
pub(super) async fn note(answer: Response) -> Response {
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("text/html")) {
        return answer;
    }
    let (head, body) = answer.into_parts();
    let page = match to_bytes(body, usize::MAX).await {
        Ok(page) => page,
        // The response must break off here, too.
        Err(error) => {
            let broken = stream::once(async { Err::<Bytes, _>(error) });
            return Response::from_parts(head, Body::from_stream(broken));
        }
    };
    let noted = std::str::from_utf8(&page).ok().and_then(with_shape);
    Response::from_parts(head, noted.map_or_else(|| Body::from(page), Body::from))
}

fn with_shape(page: &str) -> Option<String> {
    let (before, after) = page.split_once(ROOT)?;
    let shape = shape(page)?;
    Some(format!("{before}{ROOT} data-shape=\"{shape}\"{after}"))
}

/// Counts the elements and the comments of the application: all of `<body>` before the sprite of
/// icons, which comes last. Texts and attributes hold no `<`, which is escaped there; texts may
/// hold quotes.
fn shape(page: &str) -> Option<String> {
    let (_, body) = page.split_once("<body>")?;
    let app = &body[..body[..body.rfind("class=\"sprite\"")?].rfind('<')?];
    let begins = |is: fn(u8) -> bool| {
        app.bytes()
            .zip(app.bytes().skip(1))
            .filter(|(byte, next)| *byte == b'<' && is(*next))
            .count()
    };
    let (elements, comments) =
        (begins(|byte| byte.is_ascii_alphabetic()), begins(|byte| byte == b'!'));
    Some(format!("{elements}.{comments}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_and_comments_of_the_application_are_counted() {
        let page = "<html lang=\"en\"><head><!--x--></head><body><p>a<!>class=\"sprite\"</p><br><!--c-->\
                    <svg aria-hidden=\"true\" class=\"sprite\"><path/></svg></body></html>";
        let noted = with_shape(page);
        assert!(noted.is_some_and(|noted| noted.starts_with("<html data-shape=\"2.2\" lang")));
    }

    #[test]
    fn a_page_without_the_application_is_left_alone() {
        assert_eq!(with_shape("<html><body></body></html>"), None);
    }
}
