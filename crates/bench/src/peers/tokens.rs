//! Transactions without the tokens that the SDK adds, for every contender alike. For each token,
//! this engine searches all tokens of the last ten minutes. A contender that sends many would
//! become slower as the comparison runs, which says nothing about its store. Where answers are
//! lost, the tokens stay.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

use crate::Error;

/// Returns a client like `client` whose transactions have no token.
pub(super) fn without(client: &Client) -> Result<Client, Error> {
    let sound = client.config().http_client();
    let sound = sound.ok_or_else(|| Error::Engine("it has no HTTP client".into()))?;
    let config = client.config().to_builder().http_client(Tokenless(sound));
    Ok(Client::from_conf(config.build()))
}

#[derive(Debug)]
struct Tokenless(SharedHttpClient);

impl HttpClient for Tokenless {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector(self.0.http_connector(settings, components)))
    }
}

#[derive(Debug)]
struct Connector(SharedHttpConnector);

impl HttpConnector for Connector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().and_then(|body| std::str::from_utf8(body).ok());
        if let Some(body) = body.and_then(stripped) {
            *request.body_mut() = SdkBody::from(body);
        }
        self.0.call(request)
    }
}

/// Returns the body without its token, if it has one. The SDK writes no space between a name and
/// its value.
fn stripped(body: &str) -> Option<String> {
    let (before, rest) = body.split_once(r#""ClientRequestToken":""#)?;
    let (_, after) = rest.split_once('"')?;
    let (before, after) = match after.strip_prefix(',') {
        Some(after) => (before, after),
        None => (before.trim_end_matches(','), after),
    };
    Some(format!("{before}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_is_removed() {
        let token = r#""ClientRequestToken":"4b1d-9""#;
        for (with, without) in [
            (format!(r#"{{"TransactItems":[],{token}}}"#), r#"{"TransactItems":[]}"#),
            (format!(r#"{{{token},"TransactItems":[]}}"#), r#"{"TransactItems":[]}"#),
            (format!(r#"{{"a":1,{token},"b":2}}"#), r#"{"a":1,"b":2}"#),
        ] {
            assert_eq!(stripped(&with).as_deref(), Some(without));
        }
        assert_eq!(stripped(r#"{"Item":{}}"#), None);
    }
}
