use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};

use crate::Error;

/// An attribute in the key of a table or an index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    name: &'static str,
    /// The type: `S` or `N`.
    letter: char,
    place: fn() -> KeyType,
}

impl Key {
    pub(super) const fn hash(name: &'static str, letter: char) -> Self {
        Self { name, letter, place: || KeyType::Hash }
    }

    pub(super) const fn range(name: &'static str, letter: char) -> Self {
        Self { name, letter, place: || KeyType::Range }
    }

    fn element(self) -> Result<KeySchemaElement, Error> {
        let element = KeySchemaElement::builder().attribute_name(self.name);
        element.key_type((self.place)()).build().map_err(failed)
    }
}

/// Creates a table as a peer's documentation describes it, with its index if it has one and
/// on-demand billing.
pub(super) async fn ensure(
    client: &Client,
    table: &str,
    keys: &[Key],
    index: Option<(&str, &[Key])>,
) -> Result<(), Error> {
    let mut request =
        client.create_table().table_name(table).billing_mode(BillingMode::PayPerRequest);
    let mut attributes: Vec<Key> = Vec::new();
    for key in keys.iter().chain(index.iter().flat_map(|(_, keys)| *keys)) {
        if attributes.iter().all(|attribute| attribute.name != key.name) {
            attributes.push(*key);
        }
    }
    for Key { name, letter, .. } in attributes {
        let attribute = AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::from(&*letter.to_string()));
        request = request.attribute_definitions(attribute.build().map_err(failed)?);
    }
    for key in keys {
        request = request.key_schema(key.element()?);
    }
    if let Some((name, keys)) = index {
        let all = Projection::builder().projection_type(ProjectionType::All).build();
        let mut index = GlobalSecondaryIndex::builder().index_name(name).projection(all);
        for key in keys {
            index = index.key_schema(key.element()?);
        }
        request = request.global_secondary_indexes(index.build().map_err(failed)?);
    }
    match request.send().await {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some("ResourceInUseException") => Ok(()),
        Err(error) => Err(Error::Engine(format!("the table {table}: {error:?}"))),
    }
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Engine(error.to_string())
}
