//! The specification of the SKU.

#![expect(clippy::unwrap_used, clippy::panic, reason = "this is how a test fails")]

mod claim_sku;
mod golden;
mod id;

use domain::sku::{ClaimSku, SkuClaimed, SkuEvent};
use uuid::{Uuid, uuid};

const ITEM: Uuid = uuid!("019a0000-0000-7000-8000-000000000001");
const OTHER_ITEM: Uuid = uuid!("019a0000-0000-7000-8000-000000000002");

fn claim(sku: &str, item: Uuid) -> ClaimSku {
    ClaimSku { sku: sku.into(), item }
}

fn claimed(sku: &str, item: Uuid) -> SkuEvent {
    SkuClaimed { sku: sku.into(), item }.into()
}
