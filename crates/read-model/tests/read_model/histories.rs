//! Any change sets in any order: each row is a fold of a prefix of its history, and in the end of
//! the whole history.

use std::collections::BTreeMap;

use domain::InventoryItem;
use domain::inventory_item::{
    CheckInItems, DeactivateInventoryItem, InventoryItemCommand, RemovalReason, RemoveItems,
    RenameInventoryItem, SetReorderLevel,
};
use event_store::{Aggregate, ChangeSet, Context, Hash, Timestamp};
use proptest::prelude::*;
use read_model::ReadModel;
use uuid::Uuid;

use crate::shop::{aggregate, create, find, item};

const ITEMS: u128 = 4;

#[derive(Clone, Debug)]
struct Delivery {
    /// The commands to each item after its creation. Rejected commands have no effect.
    commands: Vec<(u128, InventoryItemCommand)>,
    /// The deliveries: any change set, any number of times, in batches.
    batches: Vec<Vec<prop::sample::Index>>,
}

fn deliveries() -> impl Strategy<Value = Delivery> {
    let command = prop_oneof![
        (1..50_i64, location()).prop_map(|(quantity, location)| {
            CheckInItems { quantity, location, ..CheckInItems::default() }.into()
        }),
        (1..30_i64, location()).prop_map(|(quantity, location)| {
            RemoveItems { quantity, location, reason: RemovalReason::Sold }.into()
        }),
        "[a-z]{1,5}".prop_map(|name| RenameInventoryItem { name }.into()),
        (0..100_i64).prop_map(|level| SetReorderLevel { level }.into()),
        Just(DeactivateInventoryItem { reason: "no longer sold".to_owned() }.into()),
    ];
    let commands = prop::collection::vec((1..=ITEMS, command), 0..30);
    let batch = prop::collection::vec(any::<prop::sample::Index>(), 0..12);
    (commands, prop::collection::vec(batch, 0..12))
        .prop_map(|(commands, batches)| Delivery { commands, batches })
}

/// Unassigned stock, or a location.
fn location() -> impl Strategy<Value = Option<Uuid>> {
    prop::sample::select(vec![None, Some(item(901))])
}

/// The change sets of all items, and the state of each item after each version.
#[derive(Default)]
struct Truth {
    change_sets: Vec<ChangeSet>,
    states: BTreeMap<Uuid, Vec<InventoryItem>>,
}

impl Truth {
    fn of(commands: &[(u128, InventoryItemCommand)]) -> Self {
        let mut truth = Self::default();
        for number in 1..=ITEMS {
            truth.perform(number, &create(&format!("S-{number}"), "thing").into());
        }
        for (number, command) in commands {
            truth.perform(*number, command);
        }
        truth
    }

    fn perform(&mut self, number: u128, command: &InventoryItemCommand) {
        let states = self.states.entry(item(number)).or_default();
        let state = states.last().cloned().unwrap_or_default();
        let moment = i64::try_from(self.change_sets.len()).unwrap();
        let context = Context {
            command_id: Uuid::from_u128(moment.unsigned_abs().into()),
            actor: "Mara".to_owned(),
            recorded_at: Timestamp::from_millis(moment * 1000),
            rules: InventoryItem::RULES,
            correlation_id: Uuid::nil(),
            causation_id: None,
        };
        let Ok(events) = state.decide(command, &context) else { return };
        let version = states.len() as u64 + 1;
        states.push(events.iter().fold(state, InventoryItem::evolve));
        let (id, prev) = (aggregate(number), Hash::ZERO);
        let sealed =
            ChangeSet::seal::<InventoryItem>(id, version, prev, command, &events, &context);
        self.change_sets.push(sealed.unwrap());
    }

    async fn assert_rows_are_prefixes(&self, model: &ReadModel, whole: bool) {
        for (id, states) in &self.states {
            let Some(row) = find(model, *id).await else {
                assert!(!whole, "{id} is missing");
                continue;
            };
            let version = usize::try_from(row.version).unwrap();
            assert!(!whole || version == states.len(), "{id} is at {version}");
            let history: Vec<_> =
                self.change_sets.iter().filter(|c| c.aggregate.id == *id).take(version).collect();
            assert_eq!(row.state, states[version - 1]);
            assert_eq!(row.created_at, history[0].content().recorded_at);
            assert_eq!(row.updated_at, history[version - 1].content().recorded_at);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

    #[test]
    fn rows_are_correct_after_any_delivery_of_any_histories(delivery in deliveries()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(deliver(&delivery));
    }
}

async fn deliver(delivery: &Delivery) {
    let truth = Truth::of(&delivery.commands);
    let model = ReadModel::in_memory().await.unwrap();
    for batch in &delivery.batches {
        let batch: Vec<_> = batch.iter().map(|any| any.get(&truth.change_sets).clone()).collect();
        let outcome = model.apply(&batch).await.unwrap();
        truth.assert_rows_are_prefixes(&model, false).await;
        for gap in outcome.gaps {
            let row = find(&model, gap.aggregate.id).await;
            assert_eq!(gap.from, row.map_or(0, |row| row.version) + 1);
        }
        assert_eq!(outcome.unreadable, []);
    }
    let everything = model.apply(&truth.change_sets).await.unwrap();
    assert_eq!(everything.gaps, []);
    truth.assert_rows_are_prefixes(&model, true).await;
}
