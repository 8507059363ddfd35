//! The table `inventory_items`.

use domain::InventoryItem;
use domain::folding::fold;
use domain::inventory_item::Balances;
use sqlx::Row as _;

use crate::database::DbRow;
use crate::projection::{Stored, Value};
use crate::{Error, ReadModel};

impl Stored for InventoryItem {
    const TABLE: &'static str = "inventory_items";
    const FIELDS: &'static str =
        "sku, name, unit, on_hand, balances, max_quantity, reorder_level, active";

    const REFERENCES: Option<&'static str> = Some("balances");

    fn read(row: &DbRow) -> sqlx::Result<Self> {
        Ok(Self {
            sku: row.try_get("sku")?,
            name: row.try_get("name")?,
            unit: row.try_get("unit")?,
            on_hand: row.try_get("on_hand")?,
            balances: decode(row.try_get("balances")?)?,
            max_quantity: row.try_get("max_quantity")?,
            reorder_level: row.try_get("reorder_level")?,
            active: row.try_get("active")?,
        })
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("sku", self.sku.clone().into()),
            ("name", self.name.clone().into()),
            ("unit", self.unit.clone().into()),
            ("on_hand", self.on_hand.into()),
            ("balances", encode(&self.balances).into()),
            ("max_quantity", self.max_quantity.into()),
            ("reorder_level", self.reorder_level.into()),
            ("active", self.active.into()),
            ("sku_key", fold(&self.sku).into()),
        ]
    }

    fn searched(&self) -> Vec<&str> {
        vec![&self.sku, &self.name]
    }
}

fn encode(balances: &Balances) -> String {
    serde_json::json!(balances).to_string()
}

fn decode(balances: &str) -> sqlx::Result<Balances> {
    serde_json::from_str(balances).map_err(|error| sqlx::Error::Decode(error.into()))
}

impl ReadModel {
    /// Returns the SKUs, as their items write them, that read the same as this one.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Damaged`].
    pub async fn skus_alike(&self, sku: &str) -> Result<Vec<String>, Error> {
        let query = sqlx::query_scalar("SELECT sku FROM inventory_items WHERE sku_key = ?");
        Ok(query.bind(fold(sku)).fetch_all(self.database.readers()).await?)
    }
}
