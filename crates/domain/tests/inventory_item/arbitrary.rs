//! Random commands, events and histories: mostly what people do, now and then anything at all.

use std::ops::Range;

use domain::InventoryItem;
use domain::inventory_item::{
    AdjustStock, ChangeMaxQuantity, CheckInItems, CreateInventoryItem, DeactivateInventoryItem,
    InventoryItemCommand as Command, InventoryItemCreated, InventoryItemDeactivated,
    InventoryItemEvent as Event, InventoryItemReactivated, InventoryItemRenamed, ItemsCheckedIn,
    ItemsRemoved, ItemsTransferred, MaxQuantityChanged, ReactivateInventoryItem, RemovalReason,
    RemoveItems, RenameInventoryItem, ReorderLevelSet, SetReorderLevel, StockAdjusted, Task,
    TransferItems,
};
use event_store::{Aggregate, AggregateId, ChangeSet, Context, Hash, Timestamp};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use uuid::Uuid;

/// The result of a history of accepted commands.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) aggregate: AggregateId,
    pub(crate) change_sets: Vec<ChangeSet>,
    /// `states[k]` is the state after version k.
    pub(crate) states: Vec<InventoryItem>,
}

impl History {
    pub(crate) fn item(&self) -> &InventoryItem {
        self.states.last().unwrap()
    }

    /// Decides the command on the newest state and seals its events if it is accepted.
    fn take(mut self, command: &Command) -> Self {
        let version = self.change_sets.len() as u64 + 1;
        let context = context(version);
        if let Ok(events) = self.item().decide(command, &context) {
            let prev = self.change_sets.last().map_or(Hash::ZERO, |newest| newest.hash);
            let id = self.aggregate.clone();
            let sealed =
                ChangeSet::seal::<InventoryItem>(id, version, prev, command, &events, &context);
            self.change_sets.push(sealed.unwrap());
            self.states.push(events.iter().fold(self.item().clone(), Aggregate::evolve));
        }
        self
    }
}

pub(crate) fn context(version: u64) -> Context {
    let made_at = 0x019a_0000_0000 + version;
    let command_id = Uuid::from_u128(u128::from(made_at) << 80 | 0x7000_8000_0000_0000_0001);
    Context {
        command_id,
        actor: "somebody".into(),
        recorded_at: Timestamp::from_millis(made_at.try_into().unwrap()),
        rules: InventoryItem::RULES,
        correlation_id: command_id,
        causation_id: None,
    }
}

/// A history that creates an item and then applies the accepted ones among so many commands.
pub(crate) fn history(commands: Range<usize>) -> impl Strategy<Value = History> {
    let create =
        (any_plausible_text(), option::of(1..5_000_i64)).prop_map(|(text, max_quantity)| {
            let (sku, name, unit) = (text.clone(), text, "pcs".to_owned());
            Command::from(CreateInventoryItem { sku, name, unit, max_quantity })
        });
    (create, vec(command(), commands)).prop_map(|(create, commands)| {
        let aggregate = AggregateId::of::<InventoryItem>(context(0).command_id);
        let states = vec![InventoryItem::default()];
        let nothing = History { aggregate, change_sets: vec![], states };
        std::iter::once(&create).chain(&commands).fold(nothing, History::take)
    })
}

pub(crate) fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        1 => (text(), text(), text(), option::of(figure())).prop_map(
            |(sku, name, unit, max_quantity)| {
                CreateInventoryItem { sku, name, unit, max_quantity }.into()
            }
        ),
        3 => text().prop_map(|name| RenameInventoryItem { name }.into()),
        18 => movement(),
        6 => (prop_oneof![Just(0), figure()], location(), text()).prop_map(
            |(counted, location, reason)| AdjustStock { counted, location, reason }.into()
        ),
        4 => option::of(figure())
            .prop_map(|max_quantity| ChangeMaxQuantity { max_quantity }.into()),
        3 => figure().prop_map(|level| SetReorderLevel { level }.into()),
        3 => text().prop_map(|reason| DeactivateInventoryItem { reason }.into()),
        6 => Just(ReactivateInventoryItem {}.into()),
    ]
}

pub(crate) fn movement() -> impl Strategy<Value = Command> {
    prop_oneof![
        (figure(), location(), option::of(text()), option::of(figure())).prop_map(
            |(quantity, location, reference, unit_cost)| {
                CheckInItems { quantity, location, reference, unit_cost }.into()
            }
        ),
        (figure(), location(), reason()).prop_map(|(quantity, location, reason)| {
            RemoveItems { quantity, location, reason }.into()
        }),
        (figure(), location(), location()).prop_map(|(quantity, from, to)| TransferItems {
            from,
            to,
            quantity
        }
        .into()),
    ]
}

/// Arbitrary events that no `decide` produced: any figures, any texts, in any order.
pub(crate) fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (text(), text(), text(), option::of(any::<i64>())).prop_map(
            |(sku, name, unit, max_quantity)| {
                InventoryItemCreated { sku, name, unit, max_quantity }.into()
            }
        ),
        text().prop_map(|name| InventoryItemRenamed { name }.into()),
        (any::<i64>(), location(), option::of(text()), option::of(any::<i64>())).prop_map(
            |(quantity, location, reference, unit_cost)| {
                ItemsCheckedIn { quantity, location, reference, unit_cost }.into()
            }
        ),
        (any::<i64>(), location(), reason()).prop_map(|(quantity, location, reason)| {
            ItemsRemoved { quantity, location, reason }.into()
        }),
        (any::<i64>(), location(), location()).prop_map(|(quantity, from, to)| ItemsTransferred {
            from,
            to,
            quantity
        }
        .into()),
        (any::<i64>(), any::<i64>(), location(), text()).prop_map(
            |(counted, delta, location, reason)| {
                StockAdjusted { counted, delta, location, reason }.into()
            }
        ),
        option::of(any::<i64>())
            .prop_map(|max_quantity| MaxQuantityChanged { max_quantity }.into()),
        any::<i64>().prop_map(|level| ReorderLevelSet { level }.into()),
        text().prop_map(|reason| InventoryItemDeactivated { reason }.into()),
        Just(InventoryItemReactivated {}.into()),
    ]
}

/// The task that sends a command of this type.
pub(crate) fn task_of(command: &Command) -> Task {
    match command {
        Command::CreateInventoryItem(_) => Task::Create,
        Command::RenameInventoryItem(_) => Task::Rename,
        Command::CheckInItems(_) => Task::CheckIn,
        Command::RemoveItems(_) => Task::Remove,
        Command::TransferItems(_) => Task::Transfer,
        Command::AdjustStock(_) => Task::Adjust,
        Command::ChangeMaxQuantity(_) => Task::ChangeMaximum,
        Command::SetReorderLevel(_) => Task::SetReorderLevel,
        Command::DeactivateInventoryItem(_) => Task::Deactivate,
        Command::ReactivateInventoryItem(_) => Task::Reactivate,
    }
}

fn figure() -> impl Strategy<Value = i64> {
    prop_oneof![
        20 => 1..100_i64,
        2 => 1..=super::BILLION,
        1 => prop::sample::select(vec![
            i64::MIN, -1, 0, super::BILLION, super::BILLION + 1, i64::MAX,
        ]),
        1 => any::<i64>(),
    ]
}

/// Unassigned stock, or one of two locations.
fn location() -> impl Strategy<Value = Option<Uuid>> {
    prop_oneof![
        3 => Just(None),
        1 => prop::sample::select(vec![Some(super::SHOP), Some(super::VAN)]),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![10 => any_plausible_text(), 1 => any::<String>(), 1 => "\\s{0,3}"]
}

fn any_plausible_text() -> impl Strategy<Value = String> {
    "[A-Za-z0-9äß字🚲][A-Za-z0-9äß字🚲 ]{0,12}"
}

fn reason() -> impl Strategy<Value = RemovalReason> {
    prop::sample::select(RemovalReason::ALL.to_vec())
}
