//! Two items never share a SKU.

use std::num::NonZeroUsize;

use axum::http::Request;
use domain::inventory_item::CreateInventoryItem;
use domain::sku::ClaimSku;
use domain::{InventoryItem, Sku};
use event_store::dynamodb::DynamoDbStore;
use event_store::handler::{CommandHandler, Envelope, Outcome};
use event_store::{Aggregate, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::desk::{Answer, ITEM, TestDesk, bolt, command, new_id, path};

fn create(id: Uuid, sku: &str, name: &str) -> Value {
    command(id, "CreateInventoryItem", json!({ "sku": sku, "name": name, "unit": "pcs" }))
}

async fn batch(desk: &TestDesk, atomic: bool, commands: &[Value]) -> Answer {
    let request =
        Request::post("/api/v1/commands/batch").header("content-type", "application/json");
    let body = json!({ "commands": commands, "atomic": atomic });
    desk.send(request.body(body.to_string().into()).unwrap()).await
}

fn claim_path(sku: &str) -> String {
    format!("/api/v1/aggregates/sku/{}", Sku::id(sku))
}

async fn count(desk: &TestDesk) -> usize {
    let list = desk.get("/api/v1/aggregates/inventory-item?limit=200").await.ok();
    list["rows"].as_array().unwrap().len()
}

#[track_caller]
fn assert_taken(problem: &Value, sku: &str, item: Uuid, name: &str) {
    let rejection = json!({ "code": "sku-taken", "sku": sku, "item": item, "name": name });
    assert_eq!(problem["rejection"], rejection);
    assert_eq!(problem["detail"], format!("the SKU {sku} is taken by {name}"));
}

/// Creates an item without a claim of its SKU, as the program once did. Returns the command.
async fn item_without_claim(desk: &TestDesk, id: Uuid, sku: &str) -> Value {
    let request = create(id, sku, "Old");
    let (sku, unit) = (sku.to_owned(), "pcs".to_owned());
    let creation = CreateInventoryItem { sku, name: "Old".to_owned(), unit, max_quantity: None };
    let store = DynamoDbStore::new(desk.intruder(), "daybook");
    let envelope = Envelope::new(
        request["command_id"].as_str().unwrap().parse().unwrap(),
        id,
        creation.into(),
        "Tess",
        Timestamp::from_millis(0),
    );
    let handler = CommandHandler::<InventoryItem, _>::new(store, NonZeroUsize::MIN);
    let outcome = handler.execute(&envelope).await.unwrap();
    assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    request
}

#[tokio::test]
async fn a_taken_sku_is_refused_with_the_item_that_has_it() {
    let desk = TestDesk::new().await;
    let (holder, late) = (new_id(), new_id());
    desk.command(&create(holder, "M8-40", "Bolt")).await.ok();
    desk.command(&command(holder, "RenameInventoryItem", json!({ "name": "Screw" }))).await.ok();
    for sku in ["M8-40", " m8-40\t"] {
        let problem = desk.command(&create(late, sku, "Nut")).await.problem(422, "rejected");
        assert_taken(&problem, "M8-40", holder, "Screw");
        assert_eq!(problem["version"], 0);
    }
    desk.get(&path(late)).await.problem(404, "unknown-aggregate");
    assert_eq!(count(&desk).await, 1);
    // A deactivated item keeps its SKU, because its history still refers to it.
    let deactivate = command(holder, "DeactivateInventoryItem", json!({ "reason": "gone" }));
    desk.command(&deactivate).await.ok();
    desk.command(&create(late, "M8-40", "Nut")).await.problem(422, "rejected");
    // A refused command leaves its ids unused, so the client can send them again.
    let mut refused = create(late, "m8-40", "Nut");
    desk.command(&refused).await.problem(422, "rejected");
    refused["command"]["data"]["sku"] = "M8-41".into();
    assert_eq!(desk.command(&refused).await.status, 201);
}

#[tokio::test]
async fn skus_that_look_the_same_are_equal_and_stay_as_typed() {
    let desk = TestDesk::new().await;
    for (typed, kept, others) in [
        (" CAFE\u{301}-1 ", "CAFE\u{301}-1", ["CAF\u{c9}-1", "cafe\u{301}-1\u{200b}"]),
        ("TEA-01", "TEA-01", ["\u{feff}TEA-01", "Tea\u{200b}-01"]),
        ("STRAẞE  1", "STRAẞE  1", ["Straße 1", "strasse\u{a0}1"]),
    ] {
        let holder = new_id();
        desk.command(&create(holder, typed, "Holder")).await.ok();
        assert_eq!(desk.get(&path(holder)).await.ok()["state"]["sku"], kept);
        for other in others {
            let problem =
                desk.command(&create(new_id(), other, "Late")).await.problem(422, "rejected");
            assert_taken(&problem, kept, holder, "Holder");
        }
    }
    assert_eq!(count(&desk).await, 3);
}

/// Creates an item with a claim from when only case and surrounding space were folded.
async fn item_with_former_claim(desk: &TestDesk, id: Uuid, sku: &str) {
    item_without_claim(desk, id, sku).await;
    let store = DynamoDbStore::new(desk.intruder(), "daybook");
    let envelope = Envelope::new(
        new_id(),
        Sku::former_id(sku),
        ClaimSku { sku: sku.to_owned(), item: id }.into(),
        "Tess",
        Timestamp::from_millis(0),
    );
    let handler = CommandHandler::<Sku, _>::new(store, NonZeroUsize::MIN);
    let outcome = handler.execute(&envelope).await.unwrap();
    assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
}

#[tokio::test]
async fn a_claim_under_the_former_id_still_holds() {
    let desk = TestDesk::new().await;
    let holder = new_id();
    let former = "CAFE\u{301}-1";
    assert_ne!(Sku::former_id(former), Sku::id(former));
    item_with_former_claim(&desk, holder, former).await;
    // The feed learns of another process's item when this process writes to the item.
    let check_in = command(holder, "CheckInItems", json!({ "quantity": 1 }));
    desk.command(&check_in).await.ok();
    count(&desk).await;
    for sku in [former, "CAF\u{c9}-1", "cafe\u{301}-1", "\u{feff}Caf\u{e9}-1"] {
        for atomic in [true, false] {
            let answer = batch(&desk, atomic, &[create(new_id(), sku, "Late")]).await;
            let problem = if atomic {
                answer.problem(422, "rejected")
            } else {
                answer.ok()["results"][0]["problem"].clone()
            };
            assert_taken(&problem, former, holder, "Old");
        }
    }
    assert_eq!(desk.command(&create(new_id(), "CAFE-1", "Other")).await.status, 201);
}

#[tokio::test]
async fn a_claim_can_be_read_and_verified() {
    let desk = TestDesk::new().await;
    let id = new_id();
    let mut command = create(id, " M8-40 ", "Bolt");
    command["correlation_id"] = json!(new_id());
    command["causation_id"] = json!(new_id());
    desk.command(&command).await.ok();
    let claim = claim_path("M8-40");
    let state = desk.get(&claim).await.ok();
    assert_eq!(state["state"], json!({ "sku": "M8-40", "item": id }));
    let [own, claimed] = [path(id), claim.clone()].map(|path| format!("{path}/change-sets"));
    let (own, claimed) = (desk.get(&own).await.ok(), desk.get(&claimed).await.ok());
    let (own, claimed) = (&own["change_sets"][0], &claimed["change_sets"][0]);
    for name in ["command_id", "actor", "recorded_at", "correlation_id", "causation_id"] {
        assert_eq!(own[name], claimed[name], "{name}");
    }
    assert_eq!(
        claimed["events"],
        json!([{ "type": "SkuClaimed", "data": { "sku": "M8-40", "item": id } }])
    );
    let verification = desk.get(&format!("{claim}/verification")).await.ok();
    assert_eq!((&verification["ok"], &verification["version"]), (&json!(true), &json!(1)));
    desk.get(&claim_path("M8-41")).await.problem(404, "unknown-aggregate");
}

#[tokio::test]
async fn a_sku_cannot_be_claimed_without_an_item() {
    let desk = TestDesk::new().await;
    let claim = json!({
        "command_id": new_id(),
        "aggregate": { "kind": Sku::KIND, "id": Sku::id("M8-40") },
        "command": { "type": "ClaimSku", "data": { "sku": "M8-40", "item": new_id() } },
    });
    desk.command(&claim).await.problem(404, "unknown-kind");
    let together = batch(&desk, true, &[create(new_id(), "M8-41", "Bolt"), claim.clone()]).await;
    assert_eq!(together.problem(404, "unknown-kind")["index"], 1);
    let each = batch(&desk, false, &[claim]).await.ok();
    assert_eq!(each["results"][0]["status"], 404);
    desk.get("/api/v1/aggregates/sku").await.problem(404, "unknown-kind");
    desk.get(&claim_path("M8-40")).await.problem(404, "unknown-aggregate");
    assert_eq!(desk.command(&create(new_id(), "M8-40", "Bolt")).await.status, 201);
}

#[tokio::test]
async fn the_items_own_rejection_comes_before_that_of_its_sku() {
    let desk = TestDesk::new().await;
    let (holder, other) = (new_id(), new_id());
    desk.command(&create(holder, "M8-40", "Bolt")).await.ok();
    desk.command(&create(other, "M8-41", "Nut")).await.ok();
    for (command, code) in [
        (create(other, "M8-40", "Nut"), "exists-already"),
        (create(holder, "M8-40", "Bolt"), "exists-already"),
        (create(new_id(), "M8-40", " "), "blank"),
        (create(new_id(), " ", "Nut"), "blank"),
    ] {
        for atomic in [true, false] {
            let answer = batch(&desk, atomic, std::slice::from_ref(&command)).await;
            let problem = if atomic {
                answer.problem(422, "rejected")
            } else {
                answer.ok()["results"][0]["problem"].clone()
            };
            assert_eq!(problem["rejection"]["code"], code, "{problem}");
        }
    }
}

#[tokio::test]
async fn a_command_id_names_another_command_on_another_item() {
    let desk = TestDesk::new().await;
    let holder = new_id();
    let mut command = create(holder, "M8-40", "Bolt");
    desk.command(&command).await.ok();
    let late = new_id();
    command["aggregate"]["id"] = json!(late);
    let problem = desk.command(&command).await.problem(422, "rejected");
    assert_taken(&problem, "M8-40", holder, "Bolt");
    desk.get(&path(late)).await.problem(404, "unknown-aggregate");
}

#[tokio::test]
async fn a_repeat_returns_the_first_outcome() {
    let desk = TestDesk::new().await;
    let create = create(new_id(), "M8-40", "Bolt");
    let first = desk.command(&create).await.ok();
    for _ in 0..2 {
        let again = desk.command(&create).await;
        assert_eq!(again.status, 200);
        let mut expected = first.clone();
        expected["duplicate"] = true.into();
        assert_eq!(again.ok(), expected);
    }
    let mut other = create;
    other["command"]["data"]["sku"] = "M8-41".into();
    desk.command(&other).await.problem(409, "command-id-reused");
    desk.get(&claim_path("M8-41")).await.problem(404, "unknown-aggregate");
}

#[tokio::test]
async fn a_second_item_of_one_sku_refuses_the_whole_atomic_batch() {
    let desk = TestDesk::new().await;
    let (one, other, third) = (new_id(), new_id(), new_id());
    let commands = [
        create(third, "M8-39", "Pin"),
        create(one, " M8-40", "Bolt"),
        create(other, "m8-40", "Nut"),
    ];
    let problem = batch(&desk, true, &commands).await.problem(422, "rejected");
    assert_eq!(problem["index"], 2);
    assert_taken(&problem, "M8-40", one, "Bolt");
    assert_eq!(count(&desk).await, 0);
    desk.get(&claim_path("M8-39")).await.problem(404, "unknown-aggregate");

    let each = batch(&desk, false, &commands).await.ok();
    let told = each["results"].as_array().unwrap();
    assert_eq!([0, 1, 2].map(|place| told[place]["status"].clone()), [201, 201, 422]);
    assert_taken(&told[2]["problem"], "M8-40", one, "Bolt");

    // A repeated creation in a batch also holds its SKU against later commands.
    let commands = [commands[1].clone(), create(new_id(), "M8-41", "Cog"), commands[2].clone()];
    let problem = batch(&desk, true, &commands).await.problem(422, "rejected");
    assert_eq!(problem["index"], 2);
    assert_taken(&problem, "M8-40", one, "Bolt");
    assert_eq!(count(&desk).await, 2);
    // A command that is refused for another reason does not hold its SKU.
    let commands = [create(third, "M8-42", "Pin"), create(other, "M8-42", "Nut")];
    let problem = batch(&desk, true, &commands).await.problem(422, "rejected");
    assert_eq!(
        (&problem["index"], &problem["rejection"]["code"]),
        (&json!(0), &json!("exists-already"))
    );
}

#[tokio::test]
async fn an_atomic_batch_has_room_for_fifty_new_items() {
    let desk = TestDesk::new().await;
    let commands = |count| -> Vec<_> {
        (0..count).map(|_| command(new_id(), "CreateInventoryItem", bolt())).collect()
    };
    let problem = batch(&desk, true, &commands(51)).await.problem(400, "malformed");
    assert_eq!(problem["pointer"], "/commands");
    assert!(problem["detail"].as_str().unwrap().contains("would write 102"), "{problem}");
    assert_eq!(batch(&desk, true, &commands(50)).await.status, 201);
    assert_eq!(count(&desk).await, 50);
}

#[tokio::test]
async fn an_item_without_a_claim_gets_one_only_by_a_repeated_creation() {
    let desk = TestDesk::new().await;
    let (old, holder) = (new_id(), new_id());
    let creation = item_without_claim(&desk, old, "M8-40").await;
    desk.get(&claim_path("M8-40")).await.problem(404, "unknown-aggregate");
    // Without a claim, the SKU is free.
    desk.command(&create(holder, "M8-40", "Bolt")).await.ok();
    for atomic in [true, false] {
        let repeat = batch(&desk, atomic, std::slice::from_ref(&creation)).await.ok();
        assert_eq!(repeat["results"][0]["duplicate"], true, "{repeat}");
    }
    assert_eq!(desk.get(&claim_path("M8-40")).await.ok()["state"]["item"], json!(holder));

    // A repeat of the creation, as by a second load of the sample, claims the SKU.
    let other = new_id();
    let creation = item_without_claim(&desk, other, "M8-41").await;
    assert_eq!(desk.command(&creation).await.status, 200);
    assert_eq!(desk.get(&claim_path("M8-41")).await.ok()["state"]["item"], json!(other));
    let problem = desk.command(&create(new_id(), "M8-41", "Nut")).await.problem(422, "rejected");
    assert_taken(&problem, "M8-41", other, "Old");
    for id in [old, other] {
        let state = desk.get(&format!("/api/v1/aggregates/{ITEM}/{id}")).await.ok();
        assert_eq!(state["version"], 1);
    }
}
