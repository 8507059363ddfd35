//! Everything that is written reads back as the same value.

use std::fmt::Debug;

use domain::InventoryItem;
use event_store::{Aggregate, ChangeSet, Tagged};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::arbitrary;

fn there_and_back<T: Serialize + DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

#[track_caller]
fn survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    assert_eq!(there_and_back(value), *value);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn commands(command in arbitrary::command()) {
        survives(&command);
        survives(&Tagged::encode(&command).unwrap());
    }

    #[test]
    fn events(event in arbitrary::event()) {
        survives(&event);
        survives(&Tagged::encode(&event).unwrap());
    }

    #[test]
    fn states(history in arbitrary::history(0..40)) {
        survives(history.item());
        survives(&InventoryItem::default());
    }

    #[test]
    fn rejections(history in arbitrary::history(0..40), command in arbitrary::command()) {
        if let Err(rejection) = history.item().decide(&command, &arbitrary::context(1)) {
            let json = serde_json::to_value(&rejection).unwrap();
            prop_assert_eq!(&json["code"], rejection.code());
            survives(&rejection);
        }
    }

    #[test]
    fn change_sets(history in arbitrary::history(0..40)) {
        for change_set in &history.change_sets {
            let read: ChangeSet = there_and_back(change_set);
            prop_assert_eq!(&read, change_set);
            prop_assert!(read.is_unaltered());
        }
    }
}
