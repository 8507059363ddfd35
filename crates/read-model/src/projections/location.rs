//! The table `locations`.

use domain::Location;
use sqlx::Row as _;

use crate::database::DbRow;
use crate::projection::{Stored, Value};

impl Stored for Location {
    const TABLE: &'static str = "locations";
    const FIELDS: &'static str = "code, name, open";

    fn read(row: &DbRow) -> sqlx::Result<Self> {
        Ok(Self {
            code: row.try_get("code")?,
            name: row.try_get("name")?,
            open: row.try_get("open")?,
        })
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("code", self.code.clone().into()),
            ("name", self.name.clone().into()),
            ("open", self.open.into()),
        ]
    }

    fn searched(&self) -> Vec<&str> {
        vec![&self.code, &self.name]
    }
}
