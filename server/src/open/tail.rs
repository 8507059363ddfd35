use event_store::dynamodb::DynamoDbStore;
use event_store::dynamodb::streams::Tail;
use event_store::feed::Feed;

use super::OpenStore;

/// How a process hears of what others commit to its store, for as long as this lives.
#[derive(Debug)]
pub(super) enum Others {
    /// There are none.
    None,
    /// The table's stream tells of it.
    Heard(#[expect(dead_code, reason = "it is followed until this is dropped")] Tail),
    /// The table has no stream that can be followed. It is, once that changes.
    Unheard(#[expect(dead_code, reason = "it is followed until this is dropped")] Tail),
}

impl OpenStore {
    /// Starts to follow what others commit.
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
                tracing::warn!(%error, "it cannot be told whether the table has a stream")
            }
        }
        Others::Unheard(tail)
    }
}
