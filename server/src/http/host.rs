//! Refuses requests that name another host.
//!
//! A page of another site can make its own name resolve to this machine (DNS rebinding). The
//! browser then treats the page and this server as one origin, so that its scripts may read every
//! record. Only the `Host` header tells such a request from an honest one.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use api::{Code, Problem};
use axum::extract::Request;
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::ProblemDocument;
use crate::problems;

/// The paths that load balancers probe, under an address of their choice. The responses hold no
/// records.
pub(crate) const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// The host names and origins under which people reach this server.
#[derive(Clone, Debug)]
pub struct Reach {
    bound: IpAddr,
    hosts: Arc<[HostName]>,
    /// Origins such as `https://books.example`, whose pages may post although `Host` differs.
    pub(super) origins: Arc<[Origin]>,
}

/// A host name in lower case, without a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(String);

/// An origin: scheme, host and port, as browsers write them in the `Origin` header (RFC 6454,
/// section 6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(pub(super) String);

impl Reach {
    /// Describes a server that is bound to this address and reached under these names.
    pub fn new(bound: SocketAddr, hosts: Vec<HostName>, origins: Vec<Origin>) -> Self {
        Self { bound: bound.ip(), hosts: hosts.into(), origins: origins.into() }
    }

    /// Returns whether `host`, without a port, names this server.
    ///
    /// A server that is bound to all addresses accepts any IP address: a browser that was given an
    /// address has not resolved a name that another site controls.
    fn names_us(&self, host: &str) -> bool {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = bare.parse::<IpAddr>() {
            let address = address.to_canonical();
            return address.is_loopback()
                || address == self.bound.to_canonical()
                || self.bound.is_unspecified();
        }
        let Ok(name) = host.parse::<HostName>() else { return false };
        // RFC 6761, section 6.3.
        name.0 == "localhost" || name.0.ends_with(".localhost") || self.hosts.contains(&name)
    }

    fn check(&self, request: &Request) -> Result<(), Problem> {
        let mut headers = request.headers().get_all(HOST).iter();
        let header = headers.next();
        if headers.next().is_some() {
            return Err(problems::malformed("", "the header `host` appears twice"));
        }
        let header = header.map(|host| {
            let host = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
            host.ok_or_else(|| problems::malformed("", "the header `host` is not a host name"))
        });
        // HTTP/2 and request targets in absolute form name the host, too.
        let authorities = [request.uri().authority().cloned(), header.transpose()?];
        let mut is_named = false;
        for authority in authorities.iter().flatten() {
            is_named = true;
            if !self.names_us(authority.host()) {
                return Err(misdirected(authority.host()));
            }
        }
        if is_named { Ok(()) } else { Err(problems::malformed("", "the header `host` is missing")) }
    }
}

fn misdirected(host: &str) -> Problem {
    let detail = format!(
        "this server does not serve the host `{host:.100}`; to allow it, start with --allowed-host or \
         DAYBOOK_ALLOWED_HOST"
    );
    Problem::new(Code::Misdirected, detail)
}

/// Refuses requests for other hosts, except probes.
pub(super) async fn only_for_us(reach: Reach, request: Request, next: Next) -> Response {
    if PROBES.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    match reach.check(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => ProblemDocument(problem).into_response(),
    }
}

impl std::str::FromStr for HostName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let is_label = |label: &str| {
            let all = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
            all && (1..=63).contains(&label.len())
        };
        if name.len() <= 253 && name.split('.').all(is_label) {
            return Ok(Self(name));
        }
        Err("expected a host name without scheme and port, such as books.example".to_owned())
    }
}

impl std::str::FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let is_authority = |rest: &str| {
            rest.parse::<Authority>().is_ok_and(|authority| authority.as_str() == rest)
                && !rest.contains(['@', '/'])
                && !rest.bytes().any(|byte| byte.is_ascii_uppercase())
        };
        if rest.is_some_and(is_authority) {
            return Ok(Self(text.to_owned()));
        }
        Err("expected an origin in lower case, such as https://books.example".to_owned())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn reach(bound: &str) -> Reach {
        Reach::new(bound.parse().unwrap(), vec!["books.example".parse().unwrap()], Vec::new())
    }

    #[test]
    fn loopback_the_bound_address_and_allowed_names_are_accepted() {
        let reach = reach("192.0.2.7:3000");
        for host in [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "tills.localhost",
            "127.0.0.1",
            "127.9.9.9",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "192.0.2.7",
            "books.example",
            "Books.Example.",
        ] {
            assert!(reach.names_us(host), "{host}");
        }
        for host in [
            "",
            ".",
            "evil.example",
            "localhost.evil.example",
            "notlocalhost",
            "192.0.2.8",
            "a.books.example",
            "books.example.evil",
            "[::2]",
            "0.0.0.0",
            "127.0.0.1.nip.io",
        ] {
            assert!(!reach.names_us(host), "{host}");
        }
    }

    #[test]
    fn a_server_bound_to_all_addresses_accepts_any_address_but_no_other_name() {
        for bound in ["0.0.0.0:80", "[::]:80"] {
            let reach = reach(bound);
            assert!(reach.names_us("192.168.1.20") && reach.names_us("[2001:db8::1]"));
            assert!(!reach.names_us("evil.example"));
        }
    }

    #[test]
    fn names_and_origins_are_parsed_strictly() {
        for text in ["", "https://books.example", "books.example:80", "a b", "a..b", "*", "[::1]"] {
            assert!(text.parse::<HostName>().is_err(), "{text}");
        }
        assert!("https://books.example:8443".parse::<Origin>().is_ok());
        for text in
            ["books.example", "https://", "https://a/", "https://A", "ftp://a", "https://u@a"]
        {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
