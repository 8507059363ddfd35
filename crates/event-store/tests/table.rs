//! A missing table is created, and a table of another shape is left alone.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use event_store::dynamodb::{DynamoDbStore, TableError};
use event_store::embedded::Embedded;

async fn create(client: &Client, keys: &[(&str, KeyType, ScalarAttributeType)]) {
    let mut request = client.create_table().table_name("daybook");
    for (name, key_type, attribute_type) in keys {
        let key = KeySchemaElement::builder().attribute_name(*name).key_type(key_type.clone());
        let attribute = AttributeDefinition::builder()
            .attribute_name(*name)
            .attribute_type(attribute_type.clone());
        request = request
            .key_schema(key.build().unwrap())
            .attribute_definitions(attribute.build().unwrap());
    }
    request.billing_mode(BillingMode::PayPerRequest).send().await.unwrap();
}

#[tokio::test]
async fn a_missing_table_is_created_with_on_demand_billing_and_found_again() {
    let embedded = Embedded::in_memory().unwrap();
    let store = DynamoDbStore::new(embedded.client(), "daybook");
    store.ensure_table().await.unwrap();
    store.ensure_table().await.unwrap();
    store.ping().await.unwrap();

    let table = embedded.client().describe_table().table_name("daybook").send().await.unwrap();
    let billing = table.table.unwrap().billing_mode_summary.unwrap().billing_mode;
    assert_eq!(billing, Some(BillingMode::PayPerRequest));
    // The engine in this process has no use for a stream, which would slow it down.
    assert!(!store.has_stream().await.unwrap());
}

#[tokio::test]
async fn concurrent_calls_create_one_table() {
    let embedded = Embedded::in_memory().unwrap();
    let stores: [DynamoDbStore; 4] =
        std::array::from_fn(|_| DynamoDbStore::new(embedded.client(), "daybook"));
    for created in futures::future::join_all(stores.iter().map(DynamoDbStore::ensure_table)).await {
        created.unwrap();
    }
}

#[tokio::test]
async fn a_table_of_another_shape_is_refused_and_its_keys_are_named() {
    use KeyType::{Hash, Range};
    use ScalarAttributeType::{N, S};
    for (keys, found) in [
        (vec![("pk", Hash, S)], "pk S HASH"),
        (vec![("id", Hash, S), ("sk", Range, S)], "id S HASH, sk S RANGE"),
        (vec![("pk", Hash, S), ("sk", Range, N)], "pk S HASH, sk N RANGE"),
    ] {
        let embedded = Embedded::in_memory().unwrap();
        create(&embedded.client(), &keys).await;
        let error = DynamoDbStore::new(embedded.client(), "daybook").ensure_table().await;
        let error = error.unwrap_err();
        assert!(matches!(&error, TableError::Shape { found: f, .. } if f == found), "{error}");
        assert_eq!(
            error.to_string(),
            format!("the table `daybook` has the keys {found}; expected pk S HASH, sk S RANGE")
        );
    }
}
