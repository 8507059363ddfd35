use event_store::dynamodb::DynamoDbStore;
use event_store::dynamodb::streams::Tail;
use event_store::feed::Feed;

use super::OpenStore;

/// The way in which a process learns of other processes' commits, for as long as this value lives.
#[derive(Debug)]
pub(super) enum Others {
    /// No other process can write to the store.
    None,
    /// The table's stream reports their commits.
    Heard(#[expect(dead_code, reason = "it is followed until this is dropped")] Tail),
    /// The table has no stream that can be followed. The tail follows one as soon as it appears.
    Unheard(#[expect(dead_code, reason = "it is followed until this is dropped")] Tail),
}

impl OpenStore {
    pub(super) async fn others(&self, feed: &Feed<DynamoDbStore>) -> Others {
        let Some(client) = &self.streams else { return Others::None };
        let table = self.store.table();
        let tail = Tail::start(feed, &self.store, client.clone());
        match self.store.has_stream().await {
            Ok(true) => return Others::Heard(tail),
            Ok(false) => tracing::warn!(
                "the table `{table}` has no stream: what another process commits just before it dies reaches \
                 the feed and the lists only at a start or by `daybook reconcile`. To turn it on: `aws \
                 dynamodb update-table --table-name {table} --stream-specification \
                 StreamEnabled=true,StreamViewType=KEYS_ONLY`; then `daybook reconcile`, once"
            ),
            Err(error) => {
                tracing::warn!(%error, "it is unknown whether the table has a stream")
            }
        }
        Others::Unheard(tail)
    }
}
