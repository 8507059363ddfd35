//! Creation and inspection of the table.

use std::time::Duration;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    StreamSpecification, StreamViewType, TableDescription, TableStatus,
};

use super::DynamoDbStore;
use super::failure::Failure;
use super::items;
use crate::StoreError;

const PING_TIMEOUT: Duration = Duration::from_secs(1);
const POLL_EVERY: Duration = Duration::from_millis(250);
const POLLS: u32 = 240;

/// The keys that the table has to have.
const SHAPE: &str = "pk S HASH, sk S RANGE";

/// A table that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// The table does not exist.
    #[error("there is no table `{table}`")]
    Missing {
        /// The table's name.
        table: String,
    },
    /// The table has other keys than a store's table.
    #[error("the table `{table}` has the keys {found}; expected {SHAPE}")]
    Shape {
        /// The table's name.
        table: String,
        /// The table's keys, in the order of its key schema.
        found: String,
    },
    /// The table does not become active.
    #[error("the table `{table}` is not active but {status}")]
    NotActive {
        /// The table's name.
        table: String,
        /// The table's status, as DynamoDB names it.
        status: String,
    },
    /// DynamoDB is unavailable, or refuses the request.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DynamoDbStore {
    /// Creates the table if it does not exist, billed by use, and waits until it is active.
    ///
    /// # Errors
    /// [`TableError`]. A table of another shape is left as it is.
    pub async fn ensure_table(&self) -> Result<(), TableError> {
        self.ensure(None).await
    }

    /// Creates a table that several processes write to, as [`DynamoDbStore::ensure_table`] does. A
    /// new table gets a stream of its keys, through which each process learns of the others'
    /// writes. An existing table stays as it is.
    ///
    /// # Errors
    /// As [`DynamoDbStore::ensure_table`].
    pub async fn ensure_table_with_stream(&self) -> Result<(), TableError> {
        let keys = StreamSpecification::builder()
            .stream_enabled(true)
            .stream_view_type(StreamViewType::KeysOnly)
            .build()
            .map_err(unbuildable)?;
        self.ensure(Some(keys)).await
    }

    /// Waits until the table is active, without creating it.
    ///
    /// # Errors
    /// [`TableError`].
    pub async fn existing_table(&self) -> Result<(), TableError> {
        match self.describe().await? {
            Some(description) => self.until_active(description).await,
            None => Err(TableError::Missing { table: self.table().to_owned() }),
        }
    }

    async fn ensure(&self, stream: Option<StreamSpecification>) -> Result<(), TableError> {
        let description = match self.describe().await? {
            Some(description) => description,
            None => {
                self.create(stream).await?;
                TableDescription::builder().table_status(TableStatus::Creating).build()
            }
        };
        self.until_active(description).await
    }

    async fn until_active(&self, mut description: TableDescription) -> Result<(), TableError> {
        for _ in 0..POLLS {
            match description.table_status() {
                Some(TableStatus::Creating) | None => {}
                Some(TableStatus::Active | TableStatus::Updating) => {
                    return check_shape(self.table(), &description);
                }
                Some(_) => break,
            }
            tokio::time::sleep(POLL_EVERY).await;
            description = self.describe().await?.unwrap_or(description);
        }
        let status = description.table_status().map_or("UNKNOWN", TableStatus::as_str).to_owned();
        Err(TableError::NotActive { table: self.table().to_owned(), status })
    }

    /// Returns whether the table has a stream that is turned on.
    ///
    /// # Errors
    /// [`StoreError`]: unavailable or refused.
    pub async fn has_stream(&self) -> Result<bool, StoreError> {
        let description = self.describe().await?;
        let stream = description.and_then(|description| description.stream_specification);
        Ok(stream.is_some_and(|stream| stream.stream_enabled))
    }

    /// Checks that the table answers within a second. An engine in this process whose last write
    /// failed also has to be able to write again.
    ///
    /// # Errors
    /// [`StoreError`]: unavailable or refused.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let request = self
            .client
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(items::key("ping", items::change_set_key(0))))
            .send();
        let asking = async {
            let answer = self.observed("GetItem", request).await;
            answer.map_err(|error| Failure::of("GetItem", &error))?;
            #[cfg(feature = "embedded")]
            self.check_writes().await?;
            Ok(())
        };
        let late = |_| Failure::Unknown("GetItem: no answer within a second".to_owned());
        tokio::time::timeout(PING_TIMEOUT, asking).await.map_err(late)?
    }

    pub(super) async fn describe(&self) -> Result<Option<TableDescription>, StoreError> {
        match self.client.describe_table().table_name(&*self.table).send().await {
            Ok(answer) => Ok(answer.table),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(Failure::of("DescribeTable", &error).into()),
        }
    }

    async fn create(&self, stream: Option<StreamSpecification>) -> Result<(), TableError> {
        let mut request = self
            .client
            .create_table()
            .table_name(&*self.table)
            .billing_mode(BillingMode::PayPerRequest)
            .set_stream_specification(stream);
        for (name, key_type) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
            let attribute = AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build()
                .map_err(unbuildable)?;
            let key = KeySchemaElement::builder().attribute_name(name).key_type(key_type);
            request = request
                .attribute_definitions(attribute)
                .key_schema(key.build().map_err(unbuildable)?);
        }
        match request.send().await {
            Ok(_) => Ok(()),
            // Another process has just created the table. It is checked like any other.
            Err(error) if error.code() == Some("ResourceInUseException") => Ok(()),
            Err(error) => Err(StoreError::from(Failure::of("CreateTable", &error)).into()),
        }
    }
}

/// Checks that a table has the keys of a store's table.
///
/// # Errors
/// [`TableError::Shape`].
pub fn check_shape(table: &str, description: &TableDescription) -> Result<(), TableError> {
    let found = shape(description);
    if found == SHAPE {
        return Ok(());
    }
    Err(TableError::Shape { table: table.to_owned(), found })
}

fn shape(description: &TableDescription) -> String {
    let keys = description.key_schema().iter().map(|key| {
        let definition = description
            .attribute_definitions()
            .iter()
            .find(|definition| definition.attribute_name() == key.attribute_name());
        let attribute_type = definition.map_or("?", |d| d.attribute_type().as_str());
        format!("{} {attribute_type} {}", key.attribute_name(), key.key_type())
    });
    keys.collect::<Vec<_>>().join(", ")
}

pub(super) fn unbuildable(error: aws_sdk_dynamodb::error::BuildError) -> StoreError {
    StoreError::Refused(error.to_string())
}
