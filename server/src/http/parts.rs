//! A page of a listing, sent part by part: `{"entries":[…],"next":…}`.

use std::mem;

use api::Problem;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use futures::{Stream, StreamExt as _, stream};
use serde::Serialize;

use crate::problems;

/// Some items of a page, and the cursor with which a reader continues after them.
#[derive(Debug)]
pub(crate) struct Part<T, C> {
    pub(crate) items: Vec<T>,
    pub(crate) next: C,
}

/// A page that is being written.
struct Page<C> {
    /// The text before the next item: the opening of the object, or a comma.
    before: String,
    next: C,
}

/// Responds with an object of the array `name` and the cursor `next`.
///
/// Each part of `rest` is fetched once the client has taken the part before, so that a reader costs
/// the memory of one part. `rest` ends early where it cannot continue: the page is then shorter,
/// and its cursor leads to the remainder. A page without `rest` is sent as a whole, with its
/// length.
pub(crate) fn page<T, C>(
    name: &str,
    first: Part<T, C>,
    rest: Option<impl Stream<Item = Part<T, C>> + Send + 'static>,
) -> Result<Response, Problem>
where
    T: Serialize + Send + 'static,
    C: Serialize + Clone + Send + 'static,
{
    let mut page = Page { before: format!("{{\"{name}\":["), next: first.next.clone() };
    let body = match rest {
        None => Body::from(page.whole(first).map_err(|e| problems::defect(&e))?),
        Some(rest) => {
            let parts = stream::iter([first]).chain(rest).map(Some).chain(stream::iter([None]));
            let parts = parts.map(move |part| match part {
                Some(part) => page.write(part),
                None => page.close(),
            });
            Body::from_stream(parts.fuse())
        }
    };
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

impl<C: Serialize> Page<C> {
    fn whole(&mut self, part: Part<impl Serialize, C>) -> Result<Vec<u8>, serde_json::Error> {
        Ok([self.write(part)?, self.close()?].concat())
    }

    fn write(
        &mut self,
        Part { items, next }: Part<impl Serialize, C>,
    ) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = Vec::new();
        for item in items {
            bytes.append(&mut mem::replace(&mut self.before, ",".to_owned()).into_bytes());
            serde_json::to_writer(&mut bytes, &item)?;
        }
        self.next = next;
        Ok(bytes)
    }

    fn close(&self) -> Result<Vec<u8>, serde_json::Error> {
        // A page without items has not written its opening yet.
        let opening = if self.before == "," { "" } else { &self.before };
        Ok(format!("{opening}],\"next\":{}}}", serde_json::to_string(&self.next)?).into_bytes())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use axum::body::{HttpBody as _, to_bytes};

    use super::*;

    async fn written(parts: Vec<Part<u32, Option<u32>>>) -> (Option<u64>, String) {
        let mut parts = parts.into_iter();
        let first = parts.next().unwrap();
        let rest = (parts.len() > 0).then(|| stream::iter(parts));
        let body = page("rows", first, rest).unwrap().into_body();
        let length = body.size_hint().exact();
        let bytes = to_bytes(body, 1000).await.unwrap();
        (length, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn parts_become_one_object_with_the_cursor_of_the_last() {
        let part = |items: &[u32], next| Part { items: items.to_vec(), next };
        let (length, text) = written(vec![part(&[], None)]).await;
        assert_eq!((length, &*text), (Some(23), r#"{"rows":[],"next":null}"#));
        let (length, text) = written(vec![part(&[1, 2], Some(2))]).await;
        assert_eq!((length, &*text), (Some(23), r#"{"rows":[1,2],"next":2}"#));
        let parts = vec![part(&[1], Some(1)), part(&[], Some(1)), part(&[2, 3], None)];
        let (length, text) = written(parts).await;
        assert_eq!((length, &*text), (None, r#"{"rows":[1,2,3],"next":null}"#));
    }
}
