use api::wire::{CommandAccepted, CommandRequest};
use api::{ListPage, Problem};
use async_trait::async_trait;
use domain::list::ListRequest;
use event_store::Timestamp;

use super::FrontDesk;
use crate::sample::SampleDesk;

#[async_trait]
impl SampleDesk for FrontDesk {
    async fn take_up(
        &self,
        request: CommandRequest,
        actor: &str,
        now: Timestamp,
    ) -> Result<CommandAccepted, Problem> {
        Self::take_up(self, request, actor, now).await
    }

    async fn list(&self, kind: &str, request: &ListRequest) -> Result<ListPage, Problem> {
        self.lists.list(kind, request).await
    }
}
