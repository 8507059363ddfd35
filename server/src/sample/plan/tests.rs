#![expect(clippy::unwrap_used, clippy::panic, reason = "this is how a test fails")]

use std::collections::{BTreeMap, BTreeSet};

use domain::InventoryItem;
use domain::inventory_item::{InventoryItemCommand as Command, RemovalReason};
use event_store::{Aggregate, Context, Timestamp};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::story::STORY;
use super::*;

/// Returns the items after the whole plan, each command decided in its turn.
fn carried_out(plan: &[Planned]) -> BTreeMap<Uuid, InventoryItem> {
    let mut items: BTreeMap<Uuid, InventoryItem> = BTreeMap::new();
    for planned in plan {
        let PlannedCommand::Item(command) = &planned.command else { continue };
        let context = Context {
            command_id: planned.command_id,
            actor: planned.actor.to_owned(),
            recorded_at: planned.recorded_at,
            rules: InventoryItem::RULES,
            correlation_id: planned.correlation_id,
            causation_id: None,
        };
        let item = items.entry(planned.aggregate.id).or_default();
        match item.decide(command, &context) {
            Ok(events) => *item = events.iter().fold(std::mem::take(item), Aggregate::evolve),
            Err(rejection) => panic!("{planned:?} is rejected: {rejection}"),
        }
    }
    items
}

fn count(plan: &[Planned], wanted: impl Fn(&Command) -> bool) -> usize {
    let wanted = |planned: &&Planned| match &planned.command {
        PlannedCommand::Item(command) => wanted(command),
        PlannedCommand::Location(_) => false,
    };
    plan.iter().filter(wanted).count()
}

#[test]
fn the_plan_is_the_same_every_time() {
    assert_eq!(plan(), plan());
}

/// A sample that an older release has half loaded must resume in this release.
#[test]
fn the_plan_is_the_same_in_every_release() {
    let (mut print, mut prints) = (Sha256::new(), Vec::new());
    let plan = plan();
    let first_part =
        plan.iter().filter(|planned| planned.recorded_at < calendar::at(calendar::MOVE, 0));
    let ends = [first_part.count(), plan.len()];
    for (place, planned) in (1..).zip(plan) {
        let Planned { aggregate, command_id, correlation_id, actor, recorded_at, command } =
            planned;
        let command = serde_json::to_string(&command).unwrap();
        let item = aggregate.id;
        let line =
            format!("{item} {command_id} {correlation_id} {actor} {recorded_at} {command}\n");
        print.update(line);
        if ends.contains(&place) {
            prints.push(hex::encode(print.clone().finalize()));
        }
    }
    let before_locations = "bcc247e19d266929d0cda47d6fc17c8e6789545c0e3c1f860e15628bebfaf39f";
    let whole = "bb65ce05e38073d732855fda5a89531167d522549e60461bc057891b64075c20";
    assert_eq!(prints, [before_locations, whole]);
}

#[test]
fn every_command_is_accepted_in_its_turn() {
    let items = carried_out(&plan());
    assert!((38..=45).contains(&items.len()), "{} items", items.len());
}

#[test]
fn the_plan_has_about_fifteen_hundred_change_sets_over_ninety_days() {
    let plan = plan();
    assert!((1_400..=1_700).contains(&plan.len()), "{} change sets", plan.len());
    let (first, last) = (plan.first().unwrap().recorded_at, plan.last().unwrap().recorded_at);
    let days = (last.as_millis() - first.as_millis()) / 86_400_000 + 1;
    assert!((85..=90).contains(&days), "{days} days");
    assert_eq!(&last.to_string()[..10], "2026-11-21");
}

#[test]
fn time_never_runs_back_and_nobody_works_on_sundays_or_at_night() {
    let plan = plan();
    assert!(plan.is_sorted_by(|one, next| one.recorded_at < next.recorded_at));
    for planned in &plan {
        let moment = planned.recorded_at.as_millis() / 1000;
        let moment = time::OffsetDateTime::from_unix_timestamp(moment).unwrap();
        assert_ne!(moment.weekday(), time::Weekday::Sunday, "{moment}");
        assert!((8..19).contains(&moment.hour()), "{moment}");
    }
}

#[test]
fn ids_are_unique_and_carry_their_moment() {
    let plan = plan();
    let ids: BTreeSet<_> = plan.iter().map(|planned| planned.command_id).collect();
    assert_eq!(ids.len(), plan.len());
    let mut items = BTreeSet::new();
    for planned in &plan {
        assert_eq!(Timestamp::of_uuid(planned.command_id), Some(planned.recorded_at));
        assert!(Timestamp::of_uuid(planned.correlation_id).unwrap() <= planned.recorded_at);
        let id = planned.aggregate.id;
        if items.insert(id) {
            let command = serde_json::to_value(&planned.command).unwrap();
            assert!(
                ["CreateInventoryItem", "RegisterLocation"]
                    .map(Into::into)
                    .contains(&command["type"])
            );
            assert!(Timestamp::of_uuid(id).unwrap() <= planned.recorded_at);
        }
    }
    assert!(items.is_disjoint(&ids));
}

#[test]
fn every_person_and_every_activity_occurs() {
    let plan = plan();
    let mut commands_of: BTreeMap<_, usize> = BTreeMap::new();
    for planned in &plan {
        *commands_of.entry(planned.actor).or_default() += 1;
    }
    assert!(commands_of.len() >= 4 && commands_of.values().all(|n| *n >= 40), "{commands_of:?}");

    for reason in RemovalReason::ALL {
        let times = count(&plan, |c| matches!(c, Command::RemoveItems(c) if c.reason == reason));
        assert!(times > 1, "{reason} only {times} times");
    }
    let renamed = count(&plan, |c| matches!(c, Command::RenameInventoryItem(_)));
    let limits = count(&plan, |c| matches!(c, Command::ChangeMaxQuantity(_)));
    let counts = count(&plan, |c| matches!(c, Command::AdjustStock(_)));
    let orders = count(&plan, |c| {
        matches!(c, Command::CheckInItems(c) if c.unit_cost.is_some()
            && c.reference.as_ref().is_some_and(|r| r.starts_with("PO ")))
    });
    assert!(renamed >= 1 && limits >= 3 && counts >= 20 && orders >= 80);
}

#[test]
fn every_decision_of_the_story_happens() {
    let plan = plan();
    let sku_of = |planned: &Planned| {
        plan.iter().find_map(|other| match &other.command {
            PlannedCommand::Item(Command::CreateInventoryItem(c))
                if other.aggregate == planned.aggregate =>
            {
                Some(c.sku.clone())
            }
            _ => None,
        })
    };
    for step in STORY {
        let day = calendar::working_days().find(|day| step.is_on(*day)).unwrap();
        let soon = calendar::at(day, step.minutes)..calendar::at(day, step.minutes + 15);
        let happened = plan.iter().any(|planned| {
            planned.actor == step.actor
                && soon.contains(&planned.recorded_at)
                && sku_of(planned).as_deref() == Some(step.sku)
        });
        assert!(happened, "{step:?}");
    }

    let items = carried_out(&plan);
    let item = |sku: &str| items.values().find(|item| item.sku == sku).unwrap();
    assert!(!item("PATCH-VULC").active);
    assert!(item("BELL-BRASS").active && item("BELL-BRASS").on_hand > 0);
    assert_eq!(item("CHAIN-9").name, "Chain, 9-speed, 114 links");
    assert_eq!(items.values().filter(|item| !item.active).count(), 1);
    assert_eq!(count(&plan, |c| matches!(c, Command::ReactivateInventoryItem(_))), 1);
}

#[test]
fn in_the_end_all_stock_is_at_three_locations() {
    let plan = plan();
    let is_location = |planned: &&Planned| matches!(planned.command, PlannedCommand::Location(_));
    let locations: BTreeSet<_> = plan.iter().filter(is_location).map(|p| p.aggregate.id).collect();
    assert_eq!(locations.len(), 3);
    let items = carried_out(&plan);
    let balances = items.values().flat_map(|item| item.balances.iter());
    let used: BTreeSet<_> = balances.map(|balance| balance.location.unwrap()).collect();
    assert_eq!(used, locations);
    assert!(items.values().any(|item| item.balances.len() == 3));
}

/// A list in perfect order would show nothing.
#[test]
fn some_items_are_below_their_reorder_level() {
    let items = carried_out(&plan());
    let low = items.values().filter(|item| item.is_below_reorder_level()).count();
    assert!((2..=12).contains(&low), "{low} items are low");
}
