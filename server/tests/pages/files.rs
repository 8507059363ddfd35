//! `GET` of the site's files, and the tags of a page that load them.

use super::get::between;
use crate::desk::{TestDesk, new_id};

/// The opening tags in a page's head that contain `mark`.
fn tags<'a>(page: &'a str, mark: &str) -> Vec<&'a str> {
    let head = between(page, "<head>", "</head>");
    head.split('<')
        .filter(|tag| tag.contains(mark))
        .map(|tag| tag.split('>').next().unwrap())
        .collect()
}

fn href(tag: &str) -> &str {
    between(tag, "href=\"", "\"")
}

#[tokio::test]
async fn every_page_preloads_both_halves_of_the_program() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(12).await;
    let pages = [
        "/".into(),
        "/inventory".into(),
        format!("/inventory/{id}"),
        format!("/inventory/{}", new_id()),
    ];
    for path in pages {
        let page = desk.get(&path).await.text;
        let [script] = tags(&page, "rel=\"modulepreload\"")[..] else { panic!("{path}: {page}") };
        let [program] = tags(&page, "rel=\"preload\"")[..] else { panic!("{path}: {page}") };
        // A browser fetches a file twice if its preload and its request differ in mode, and refuses
        // a preload without the nonce.
        assert!(script.contains("nonce=\""), "{script}");
        assert!(program.contains("as=\"fetch\"") && program.contains("crossorigin"), "{program}");
        for tag in [script, program] {
            assert!(page.contains(&format!("'{}'", href(tag))), "{path} starts another than {tag}");
        }
    }
}

#[tokio::test]
async fn files_that_a_page_loads_have_hashed_names_and_are_immutable() {
    let desk = TestDesk::new().await;
    let page = desk.get("/").await.text;
    let loaded = ["rel=\"stylesheet\"", "rel=\"modulepreload\"", "rel=\"preload\""];
    for (mark, bytes) in loaded.into_iter().zip(["css", "js", "wasm"]) {
        let [tag] = tags(&page, mark)[..] else { panic!("{mark}: {page}") };
        let file = desk.get(href(tag)).await;
        assert_eq!((file.status.as_u16(), &*file.text), (200, bytes), "{tag}");
        assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable", "{tag}");
    }
}

#[tokio::test]
async fn files_with_plain_names_are_requested_again() {
    let desk = TestDesk::new().await;
    for (path, kept) in [("/favicon.svg", "public, max-age=86400"), ("/pkg/names.json", "no-cache")]
    {
        assert_eq!(desk.get(path).await.header("cache-control"), kept, "{path}");
    }
}

/// A page of an older release may still request its own files.
#[tokio::test]
async fn a_missing_file_of_another_release_is_not_cached_as_missing() {
    let desk = TestDesk::new().await;
    let missing = desk.get("/pkg/daybook.0123456789abcdef.js").await;
    assert_eq!(missing.status, 404);
    assert!(!missing.header("cache-control").contains("max-age"), "{:?}", missing.headers);
}
