//! Names the caller of each request.
//!
//! One middleware makes the [`Caller`], as an extension of the request, before any handler runs.
//! Handlers and server functions take it from there and from nowhere else, so that another way to
//! sign in replaces this file alone.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use api::{Caller, Code, Problem};
use axum::extract::{ConnectInfo, Request};
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use domain::limits::line;

use super::host::PROBES;
use super::network::Network;
use super::problem::ProblemDocument;

/// The header in which proxies list the groups of the person, separated by commas.
const GROUPS: HeaderName = HeaderName::from_static("x-forwarded-groups");
/// The challenge that a 401 must have (RFC 9110, 15.5.2). Browsers do not know the scheme, so they
/// show the answer instead of asking for a password that Daybook could not check.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Proxy realm=\"Daybook\"");

/// The source of the callers of all requests.
#[derive(Clone, Debug)]
pub enum Callers {
    /// Every request has this caller.
    Lone(Caller),
    /// A proxy names the caller of each request.
    Proxied(Proxy),
}

/// A reverse proxy that signs people in, and names them in a header.
#[derive(Clone, Debug)]
pub struct Proxy {
    header: HeaderName,
    networks: Vec<Network>,
}

impl Proxy {
    /// Describes a proxy that sets this header, and connects from one of these networks. Without
    /// networks, it connects from this machine.
    pub fn new(header: HeaderName, networks: Vec<Network>) -> Self {
        Self { header, networks }
    }

    fn connects_from(&self, peer: IpAddr) -> bool {
        match &*self.networks {
            [] => peer.to_canonical().is_loopback(),
            networks => networks.iter().any(|network| network.contains(peer)),
        }
    }

    /// Returns the caller that the proxy names.
    ///
    /// # Errors
    /// `unauthenticated`, if the peer is not the proxy, or the headers do not name one caller.
    fn caller(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Result<Caller, Problem> {
        if !peer.is_some_and(|peer| self.connects_from(peer)) {
            return Err(unauthenticated(
                "this request does not come from a trusted proxy: send it through the proxy that signs people in. If \
                 it did come from there, add the proxy's address to --trusted-proxy or DAYBOOK_TRUSTED_PROXY",
            ));
        }
        let Some(name) = only(headers, &self.header)? else {
            let header = &self.header;
            return Err(unauthenticated(format!(
                "the header `{header}` is missing: send the request through the proxy that signs people in, and have \
                 it set the header"
            )));
        };
        let name = readable(&self.header, name)?;
        let groups = only(headers, &GROUPS)?.unwrap_or_default().split(',');
        let groups = groups.filter(|group| !group.trim().is_empty());
        let roles = groups.map(|group| readable(&GROUPS, group)).collect::<Result<_, _>>()?;
        Ok(Caller { roles, ..Caller::named(name) })
    }
}

/// Returns the only value of the header, if the request has the header.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        // The proxy added its own to one that the client sent.
        return Err(unauthenticated(format!(
            "the header `{name}` appears twice: have the proxy replace what clients send"
        )));
    }
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(unauthenticated(format!("the header `{name}` is not UTF-8"))),
    }
}

fn readable(header: &HeaderName, text: &str) -> Result<String, Problem> {
    let field = format!("the header `{header}`");
    line(&field, text).map_err(|error| unauthenticated(error.to_string()))
}

fn unauthenticated(detail: impl Into<String>) -> Problem {
    Problem::new(Code::Unauthenticated, detail)
}

/// Adds the [`Caller`] to the request, or refuses it. Probes need no caller.
pub(super) async fn name_caller(
    callers: Arc<Callers>,
    mut request: Request,
    next: Next,
) -> Response {
    let named = match &*callers {
        _ if PROBES.contains(&request.uri().path()) => return next.run(request).await,
        Callers::Lone(caller) => Ok(caller.clone()),
        Callers::Proxied(proxy) => {
            let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
            proxy.caller(peer.map(|ConnectInfo(peer)| peer.ip()), request.headers())
        }
    };
    match named {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => {
            let mut refused = ProblemDocument(problem).into_response();
            refused.headers_mut().insert(WWW_AUTHENTICATE, CHALLENGE);
            refused
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const HERE: &str = "127.0.0.1";

    fn proxy(networks: &[&str]) -> Proxy {
        let header = HeaderName::from_static("x-forwarded-user");
        Proxy::new(header, networks.iter().map(|network| network.parse().unwrap()).collect())
    }

    fn named(proxy: &Proxy, peer: &str, headers: &[(&str, &[u8])]) -> Result<Caller, Problem> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            map.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        proxy.caller(Some(peer.parse().unwrap()), &map)
    }

    #[test]
    fn the_header_is_the_id_and_the_name_and_groups_are_roles() {
        let headers: &[(&str, &[u8])] = &[
            ("X-Forwarded-User", " Zoë Ångström ".as_bytes()),
            ("X-Forwarded-Groups", b"stock, back office,,counts "),
            ("X-Forwarded-Email", b"zoe@books.example"),
        ];
        let caller = named(&proxy(&[]), HERE, headers).unwrap();
        assert_eq!((&*caller.id, &*caller.name), ("Zoë Ångström", "Zoë Ångström"));
        assert_eq!(caller.roles, ["stock", "back office", "counts"]);
        let without_groups = named(&proxy(&[]), HERE, &headers[..1]).unwrap();
        assert!(without_groups.roles.is_empty());
    }

    #[test]
    fn a_header_that_does_not_name_one_caller_is_refused_with_the_reason() {
        const NAME: &str = "x-forwarded-user";
        let long = "x".repeat(201);
        for (headers, says) in [
            (&[][..], "is missing"),
            (&[("remote-user", &b"mara"[..])], "is missing"),
            (&[(NAME, b"mara"), (NAME, b"mara")], "appears twice"),
            (&[(NAME, b"")], "must not be blank"),
            (&[(NAME, b" \t ")], "must not be blank"),
            (&[(NAME, "\u{200b}\u{a0}".as_bytes())], "must not be blank"),
            (&[(NAME, long.as_bytes())], "too long: 201 characters"),
            (&[(NAME, b"Zo\xeb")], "not UTF-8"),
            (&[(NAME, b"ma\tra")], "control character"),
            (&[(NAME, "ma\u{202e}ra".as_bytes())], "control character"),
            (
                &[(NAME, b"mara"), ("x-forwarded-groups", b"a"), ("x-forwarded-groups", b"b")],
                "twice",
            ),
            (&[(NAME, b"mara"), ("x-forwarded-groups", b"a,b\tc")], "control character"),
        ] {
            let problem = named(&proxy(&[]), HERE, headers).unwrap_err();
            assert!(problem.is(Code::Unauthenticated), "{problem}");
            assert!(problem.detail.contains(says), "{says}: {problem}");
        }
        let longest = "é".repeat(200);
        assert_eq!(named(&proxy(&[]), HERE, &[(NAME, longest.as_bytes())]).unwrap().name, longest);
    }

    #[test]
    fn only_a_trusted_peer_names_a_caller() {
        let named = |networks: &[&str], peer| {
            named(&proxy(networks), peer, &[("x-forwarded-user", b"mara")]).is_ok()
        };
        for loopback in [HERE, "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            assert!(named(&[], loopback), "{loopback}");
            assert!(!named(&["192.0.2.7"], loopback), "{loopback} is not in the network");
        }
        for other in ["192.0.2.8", "::ffff:192.0.2.8", "2001:db8::7"] {
            assert!(!named(&[], other) && !named(&["192.0.2.7", "fd00::/8"], other), "{other}");
        }
        assert!(named(&["192.0.2.7", "fd00::/8"], "::ffff:192.0.2.7"));
        assert!(named(&["192.0.2.7", "fd00::/8"], "fd00::7"));
    }

    #[test]
    fn a_connection_without_a_known_peer_is_not_trusted() {
        let headers = HeaderMap::from_iter([(
            HeaderName::from_static("x-forwarded-user"),
            HeaderValue::from_static("mara"),
        )]);
        for proxy in [proxy(&[]), proxy(&["0.0.0.0/0", "::/0"])] {
            assert!(proxy.caller(None, &headers).unwrap_err().is(Code::Unauthenticated));
        }
    }
}
