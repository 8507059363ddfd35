use domain::Sku;
use domain::limits::OutOfLimits;
use domain::sku::SkuRejection;
use event_store::Aggregate;
use event_store::testing::scenario::given;
use serde_json::json;

use super::*;

fn taken(sku: &str, item: Uuid) -> SkuRejection {
    SkuRejection::Taken { sku: sku.into(), item }
}

#[test]
fn gives_the_sku_to_the_item() {
    given::<Sku>([])
        .when(claim(" TUBE-28 ", ITEM))
        .then([claimed("TUBE-28", ITEM)])
        .when(claim("tube-28", OTHER_ITEM))
        .then_rejected_with(taken("TUBE-28", ITEM));
}

#[test]
fn is_refused_when_taken_even_by_the_same_item() {
    for item in [ITEM, OTHER_ITEM] {
        given::<Sku>([claimed("TUBE-28", ITEM)])
            .when(claim("Tube-28", item))
            .then_rejected_with(taken("TUBE-28", ITEM));
    }
}

#[test]
fn the_state_names_the_item() {
    assert_eq!(Sku::default().item, None);
    given::<Sku>([]).when(claim("TUBE-28", ITEM)).then_state(|sku| {
        assert_eq!(*sku, Sku { sku: "TUBE-28".into(), item: Some(ITEM) });
    });
}

#[test]
fn is_refused_when_the_text_cannot_be_a_sku() {
    let blank = OutOfLimits::Blank { field: "sku".into() };
    given::<Sku>([]).when(claim(" \u{a0}", ITEM)).then_rejected_with(blank);
    let long = OutOfLimits::TooLong { field: "sku".into(), length: 201, limit: 200 };
    given::<Sku>([]).when(claim(&"x".repeat(201), ITEM)).then_rejected_with(long);
}

#[test]
fn a_rejection_round_trips_as_its_code_and_figures() {
    let blank = SkuRejection::from(OutOfLimits::Blank { field: "sku".into() });
    for (rejection, json) in [
        (taken("TUBE-28", ITEM), json!({ "code": "sku-taken", "sku": "TUBE-28", "item": ITEM })),
        (blank, json!({ "code": "blank", "field": "sku" })),
    ] {
        assert_eq!(serde_json::to_value(&rejection).unwrap(), json);
        assert_eq!(serde_json::from_value::<SkuRejection>(json).unwrap(), rejection);
    }
}

/// Most claimed SKUs are free, so a claim is tried without a read.
#[test]
fn a_claim_begins_a_sku() {
    assert!(Sku::begins(&claim("TUBE-28", ITEM).into()));
}
