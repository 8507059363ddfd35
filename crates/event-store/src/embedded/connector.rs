//! The engine as the SDK sees it: an HTTP client.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

use super::engine::{Closed, Queue};
use super::protocol::{self, Answer};

const TARGET: &str = "x-amz-target";
const TARGET_PREFIX: &str = "DynamoDB_20120810.";

#[derive(Clone, Debug)]
pub(super) struct Connector {
    queue: Queue,
}

impl Connector {
    pub(super) fn new(queue: Queue) -> Self {
        Self { queue }
    }
}

impl HttpClient for Connector {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let queue = self.queue.clone();
        HttpConnectorFuture::new(async move {
            let target = request.headers().get(TARGET).unwrap_or_default();
            let operation = target.strip_prefix(TARGET_PREFIX).unwrap_or(target);
            let body = request.body().bytes().unwrap_or_default();
            let Answer { status, body } = protocol::answer(&queue, operation, body)
                .await
                .map_err(|closed: Closed| ConnectorError::io(closed.into()).never_connected())?;
            let status = StatusCode::try_from(status)
                .map_err(|error| ConnectorError::other(error.into(), None))?;
            Ok(HttpResponse::new(status, SdkBody::from(body)))
        })
    }
}
