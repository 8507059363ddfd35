//! The site: every file that a page refers to. Files that compress have copies (`.br`, `.gz`)
//! beside them.
//!
//! The program embeds the files (`main.rs`); the library only receives a function that finds one.
//! Cargo can therefore compile the whole library while `make site` is still assembling the files.

use std::collections::HashMap;

use app::Files;
use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use rust_embed::EmbeddedFile;

/// Finds a file of the site by its path, such as `pkg/daybook.js`.
pub type Site = fn(&str) -> Option<EmbeddedFile>;

/// A site without files, for a server that only answers with data.
pub const NONE: Site = |_| None;

/// The content codings that `make site` precompresses, and the suffixes of their files. The order
/// is the server's preference where the client has none.
const CODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// The time for which a browser may use a file without revalidation. A name with a hash never means
/// other bytes. The files with plain names, such as the icon, change rarely and do no harm when
/// they are a day old.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const A_DAY: HeaderValue = HeaderValue::from_static("public, max-age=86400");
const ASK: HeaderValue = HeaderValue::from_static("no-cache");

/// The file that maps names in the source to names with a hash. `make site` writes it beside the
/// files of `pkg/`.
const NAMES: &str = "pkg/names.json";

/// Returns the files that every page loads, under the names that the build gave them. A site
/// without a list of names, as `cargo leptos` makes it, has plain ones.
pub(crate) fn files(find: Site) -> Files {
    let list = find(NAMES).and_then(|list| serde_json::from_slice(&list.data).ok());
    let names: HashMap<String, String> = list.unwrap_or_default();
    let path = |name: &str| format!("/pkg/{}", names.get(name).map_or(name, String::as_str));
    Files { style: path("daybook.css"), script: path("daybook.js"), program: path("daybook.wasm") }
}

/// Returns the site's file at the path of `uri`, in the coding that the client prefers; `304 Not
/// Modified` when the client has it already; `None` when the site has no such file.
pub(crate) fn file(site: Site, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    respond(site, uri.path().trim_start_matches('/'), headers)
}

fn respond(
    find: impl Fn(&str) -> Option<EmbeddedFile>,
    path: &str,
    headers: &HeaderMap,
) -> Option<Response> {
    if CODINGS.iter().any(|(_, suffix)| path.ends_with(suffix)) {
        return None; // a representation of a file, not a file
    }
    let plain = find(path)?;
    let (coding, file) = preferred(find, path, headers).unwrap_or((None, plain));
    let etag = etag(&file)?;

    let mut response = if is_held(headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Body::from(file.data).into_response();
        response.headers_mut().insert(CONTENT_TYPE, content_type(path)?);
        if let Some(coding) = coding {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        response
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, etag);
    headers.insert(CACHE_CONTROL, freshness(path));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    Some(response)
}

fn freshness(path: &str) -> HeaderValue {
    match path.strip_prefix("pkg/") {
        Some(name) if has_hash(name) => FOREVER,
        Some(_) => ASK,
        None => A_DAY,
    }
}

/// Returns whether a name is like `daybook.0123456789abcdef.js`.
fn has_hash(name: &str) -> bool {
    let mut parts = name.split('.').skip(1);
    parts.next().is_some_and(|hash| hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Finds the precompressed file to which the client gives the highest quality (RFC 9110, 12.5.3),
/// if that is no less than the quality of the plain one.
fn preferred(
    find: impl Fn(&str) -> Option<EmbeddedFile>,
    path: &str,
    headers: &HeaderMap,
) -> Option<(Option<&'static str>, EmbeddedFile)> {
    let accepted = headers.get(ACCEPT_ENCODING)?.to_str().ok()?;
    let mut best = (quality(accepted, "identity").unwrap_or(0.0), None);
    for (coding, suffix) in CODINGS {
        let wanted = quality(accepted, coding).or_else(|| quality(accepted, "*")).unwrap_or(0.0);
        if wanted > 0.0
            && (wanted > best.0 || best.1.is_none() && wanted >= best.0)
            && let Some(file) = find(&format!("{path}{suffix}"))
        {
            best = (wanted, Some((Some(coding), file)));
        }
    }
    best.1
}

/// Returns the quality that `accepted` gives to `coding`; 1 when it names no quality.
fn quality(accepted: &str, coding: &str) -> Option<f32> {
    accepted.split(',').find_map(|entry| {
        let (name, weight) = entry.split_once(';').unwrap_or((entry, "q=1"));
        let named = name.trim().eq_ignore_ascii_case(coding);
        named.then(|| weight.trim().strip_prefix("q=")?.parse().ok()).flatten()
    })
}

/// Returns a strong ETag, since each coding is a file of its own.
fn etag(file: &EmbeddedFile) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("\"{}\"", hex::encode(file.metadata.sha256_hash()))).ok()
}

fn is_held(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let held = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    held.flat_map(|value| value.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == "*" || tag.as_bytes() == etag.as_bytes())
}

fn content_type(path: &str) -> Option<HeaderValue> {
    let mime = mime_guess::from_path(path).first_or_octet_stream();
    let charset = if mime.type_() == mime_guess::mime::TEXT { "; charset=utf-8" } else { "" };
    HeaderValue::try_from(format!("{mime}{charset}")).ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test states what must be there")]

    use axum::body::to_bytes;
    use rust_embed::Metadata;

    use super::*;

    /// A site of two files, of which `pkg/daybook.js` exists in every coding. The first byte serves
    /// as the hash.
    fn small_site(path: &str) -> Option<EmbeddedFile> {
        let content: &'static [u8] = match path {
            "pkg/daybook.js" => b"plain",
            "pkg/daybook.js.br" => b"brotli",
            "pkg/daybook.js.gz" => b"gzip",
            "favicon.svg" => b"<svg/>",
            _ => return None,
        };
        let metadata = Metadata::__rust_embed_new([content[0]; 32], None, None);
        Some(EmbeddedFile { data: content.into(), metadata })
    }

    fn get(path: &str, headers: &[(&'static str, &str)]) -> Option<Response> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        respond(small_site, path, &headers)
    }

    fn coding(accepted: &str) -> Option<String> {
        let response = get("pkg/daybook.js", &[("accept-encoding", accepted)]).unwrap();
        Some(response.headers().get(CONTENT_ENCODING)?.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_best_coding_the_client_accepts_is_served() {
        assert_eq!(coding("gzip, deflate, br, zstd").as_deref(), Some("br"));
        assert_eq!(coding("gzip").as_deref(), Some("gzip"));
        assert_eq!(coding("*").as_deref(), Some("br"));
        assert_eq!(coding("br;q=0.5, gzip;q=0.8").as_deref(), Some("gzip"));
        assert_eq!(coding("br;q=0, *;q=0.3").as_deref(), Some("gzip"));
        assert_eq!(coding("gzip;q=0.2, identity;q=0.9"), None);
        assert_eq!(coding("gzip;q=0"), None);
        assert_eq!(coding("zstd"), None);
        assert_eq!(coding("br;q=nonsense"), None);
    }

    #[tokio::test]
    async fn a_file_is_served_with_its_type() {
        let response = get("pkg/daybook.js", &[("accept-encoding", "br")]).unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/javascript; charset=utf-8");
        assert_eq!(response.headers()[VARY], "accept-encoding");
        assert_eq!(to_bytes(response.into_body(), 100).await.unwrap(), "brotli");
    }

    #[test]
    fn content_types_are_those_browsers_insist_on() {
        assert_eq!(content_type("pkg/daybook.wasm").unwrap(), "application/wasm");
        assert_eq!(content_type("pkg/daybook.css").unwrap(), "text/css; charset=utf-8");
        assert_eq!(content_type("favicon.svg").unwrap(), "image/svg+xml");
        assert_eq!(content_type("site.webmanifest").unwrap(), "application/manifest+json");
    }

    #[test]
    fn a_file_without_a_coding_is_served_plain() {
        let response = get("favicon.svg", &[("accept-encoding", "br")]).unwrap();
        assert_eq!(response.headers().get(CONTENT_ENCODING), None);
    }

    #[tokio::test]
    async fn a_cached_file_is_not_sent_again() {
        let accept = ("accept-encoding", "br");
        let first = get("pkg/daybook.js", &[accept]).unwrap();
        let etag = first.headers()[ETAG].to_str().unwrap();

        for held in [etag, "*", &format!("\"other\", W/{etag}")] {
            let again = get("pkg/daybook.js", &[accept, ("if-none-match", held)]).unwrap();
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{held}");
            assert_eq!(again.headers()[ETAG], etag);
            assert_eq!(to_bytes(again.into_body(), 100).await.unwrap(), "");
        }
        let other_coding = get("pkg/daybook.js", &[("if-none-match", etag)]).unwrap();
        assert_eq!(other_coding.status(), StatusCode::OK);
    }

    #[test]
    fn a_path_that_is_no_file_is_left_to_the_pages() {
        for path in ["", "pkg", "pkg/other.js", "pkg/daybook.js.br", "../Cargo.toml"] {
            assert!(get(path, &[]).is_none(), "{path}");
            let uri = Uri::try_from(format!("/{path}")).unwrap();
            assert!(file(small_site, &uri, &HeaderMap::new()).is_none(), "{path}");
        }
    }
}
