use api::wire::{CommandAccepted, CommandRequest};
use api::{ItemPage, Problem};
use async_trait::async_trait;
use domain::inventory_item::ListItems;
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

    async fn items(&self, list: &ListItems) -> Result<ItemPage, Problem> {
        self.lists.items(list).await
    }
}
