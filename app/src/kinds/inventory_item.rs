//! Inventory items: their words, their forms and their figures.

mod effect;
mod figures;
mod forms;
pub mod listing;
mod refusal;
mod sentence;
mod story;
mod taken_sku;
#[cfg(test)]
mod tests;

use api::{Problem, StateJson};
use domain::inventory_item::{
    Balance, InventoryItemCommand, InventoryItemEvent, InventoryItemRejection, Task,
};
use domain::limits::OutOfLimits;
use domain::{InventoryItem, Location};
use event_store::AggregateId;
use leptos::prelude::*;
use uuid::Uuid;

use super::location;
use crate::chart::Level;
use crate::kind::{Fact, Figure, Header, Measure, Mention, Presentation, Screen, Share};
use crate::task_form::{FieldProblem, Fields, Input, TaskForm};
use crate::text::{grouped, isolated};
use taken_sku::TakenSku;

impl Presentation for InventoryItem {
    const SCREEN: Screen = Screen {
        listing: &listing::LISTING,
        creating: "Create an item",
        figures: &[
            ("on-hand", "On hand"),
            ("maximum", "Maximum"),
            ("reorder-level", "Reorder level"),
        ],
        measure: Some(Measure {
            name: "On hand",
            after_figure: "on hand",
            maximum: "maximum",
            reorder: "reorder level",
            by: "By location",
        }),
        refers_to: &[&location::listing::LISTING],
        contents: None,
    };

    fn form(task: Task) -> &'static TaskForm {
        forms::form(task)
    }

    fn parse(task: Task, input: &Input<'_>) -> Result<InventoryItemCommand, FieldProblem> {
        forms::parse(task, input)
    }

    fn initial(&self, task: Task) -> Fields {
        forms::initial(self, task)
    }

    fn header(&self) -> Header {
        Header {
            code: self.sku.clone(),
            facts: vec![Fact { label: "Unit", text: self.unit.clone() }],
            status: if self.active { "Active" } else { "Inactive" },
            is_good: self.active,
        }
    }

    fn figures(&self) -> Vec<Figure> {
        figures::figures(self)
    }

    fn level(&self) -> Option<Level> {
        Some(Level {
            version: 0,
            value: self.on_hand,
            maximum: self.max_quantity,
            reorder: self.reorder_level,
        })
    }

    fn shares(&self) -> Vec<Share> {
        if self.balances.are_unassigned() {
            return Vec::new();
        }
        let share = |balance: &Balance| Share {
            of: balance.location.map(AggregateId::of::<Location>),
            value: balance.on_hand,
        };
        self.balances.iter().map(share).collect()
    }

    fn unit(&self) -> &str {
        &self.unit
    }

    fn lead(&self) -> Option<Task> {
        Some(if self.active { Task::CheckIn } else { Task::Reactivate })
    }

    fn standstill(&self) -> Option<&'static str> {
        let inactive = "The item is inactive. Reactivate it to perform other tasks.";
        (!self.active).then_some(inactive)
    }

    fn offers(&self, task: Task) -> bool {
        match task {
            Task::Deactivate => self.active,
            Task::Reactivate => !self.active,
            _ => true,
        }
    }

    fn limit(rejection: &InventoryItemRejection) -> Option<&OutOfLimits> {
        match rejection {
            InventoryItemRejection::OutOfLimits(limits) => Some(limits),
            _ => None,
        }
    }

    fn refusal(rejection: &InventoryItemRejection) -> String {
        refusal::refusal(rejection)
    }

    fn effect(event: &InventoryItemEvent, after: &Self) -> String {
        effect::effect(event, after)
    }

    fn sentence(event: &InventoryItemEvent) -> String {
        sentence::sentence(event)
    }

    fn says_reason(event: &InventoryItemEvent) -> bool {
        matches!(event, InventoryItemEvent::ItemsRemoved(_))
    }

    fn story(event: &InventoryItemEvent) -> String {
        story::story(event)
    }

    fn announcement(event: &InventoryItemEvent, after: &Self) -> String {
        sentence::announcement(event, after)
    }

    fn icon(event: &InventoryItemEvent) -> &'static str {
        use InventoryItemEvent as Event;

        match event {
            Event::InventoryItemCreated(_) => "created",
            Event::InventoryItemRenamed(_) => "renamed",
            Event::ItemsCheckedIn(_) => "checked-in",
            Event::ItemsRemoved(_) => "removed",
            Event::ItemsTransferred(_) => "transferred",
            Event::StockAdjusted(_) => "adjusted",
            Event::MaxQuantityChanged(_) => "maximum",
            Event::ReorderLevelSet(_) => "reorder",
            Event::InventoryItemDeactivated(_) => "deactivated",
            Event::InventoryItemReactivated(_) => "reactivated",
        }
    }

    fn mentions(event: &InventoryItemEvent) -> Vec<Mention> {
        use InventoryItemEvent as Event;

        let of = |location: Option<Uuid>| location.map(AggregateId::of::<Location>);
        let place = match event {
            Event::ItemsCheckedIn(e) => e.location,
            Event::ItemsRemoved(e) => e.location,
            Event::StockAdjusted(e) => e.location,
            Event::ItemsTransferred(e) => {
                let (from, to) = (of(e.from), of(e.to));
                return vec![Mention { word: "from", of: from }, Mention { word: "to", of: to }];
            }
            _ => None,
        };
        place.into_iter().map(|place| Mention { word: "at", of: of(Some(place)) }).collect()
    }

    fn movement(event: &InventoryItemEvent) -> Option<i64> {
        use InventoryItemEvent as Event;

        match event {
            Event::InventoryItemCreated(_)
            | Event::ItemsCheckedIn(_)
            | Event::ItemsRemoved(_)
            | Event::ItemsTransferred(_)
            | Event::StockAdjusted(_) => Some(event.delta()),
            _ => None,
        }
    }

    fn explain(problem: &Problem) -> Option<AnyView> {
        let taken = problem.sku_taken()?;
        Some(view! { <TakenSku taken/> }.into_any())
    }

    /// Returns the SKU field while it still holds the SKU that was refused: a taken SKU stays
    /// taken.
    ///
    /// Only the server folds SKUs, because the tables are too large for a browser. This comparison
    /// may therefore miss a match that the server finds.
    fn objection(problem: &Problem, fields: &Fields) -> Option<FieldProblem> {
        let typed = fields.get("sku").trim().to_lowercase();
        problem.sku_taken().filter(|taken| taken.sku.to_lowercase() == typed)?;
        let message = "Choose another SKU.".to_owned();
        Some(FieldProblem { field: "sku", message, missing: false })
    }
}

/// Returns the stock at a location, with its unit.
pub(super) fn on_hand_at(item: &StateJson, location: Uuid) -> serde_json::Result<String> {
    let item: InventoryItem = item.decode()?;
    Ok(format!("{} {}", grouped(item.balances.at(Some(location))), isolated(&item.unit)))
}
