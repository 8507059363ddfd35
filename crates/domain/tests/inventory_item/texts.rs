//! All texts obey the same rules, whatever they are for.

use domain::InventoryItem;
use domain::inventory_item::{
    AdjustStock, CheckInItems, CreateInventoryItem, DeactivateInventoryItem,
    InventoryItemCommand as Command, InventoryItemRenamed, RenameInventoryItem, StockAdjusted,
};
use domain::limits::OutOfLimits;
use event_store::testing::scenario::given;

use super::*;

/// A text field: a command that is valid except for the text, and the event that keeps it.
struct Field {
    name: &'static str,
    history: Vec<Event>,
    command: fn(String) -> Command,
    event: fn(String) -> Event,
}

impl Field {
    #[track_caller]
    fn keeps(&self, text: &str) {
        given::<InventoryItem>(self.history.clone())
            .when((self.command)(text.to_owned()))
            .then([(self.event)(text.to_owned())]);
    }

    #[track_caller]
    fn refuses(&self, text: &str, refusal: OutOfLimits) {
        given::<InventoryItem>(self.history.clone())
            .when((self.command)(text.to_owned()))
            .then_rejected_with(refusal);
    }
}

fn fields() -> Vec<Field> {
    let creating = |name, command, event| Field { name, history: vec![], command, event };
    let changing = |name, command, event| Field { name, history: vec![created()], command, event };
    vec![
        creating(
            "sku",
            |sku| create(CreateInventoryItem { sku, ..filled_in() }),
            |sku| InventoryItemCreated { sku, ..kept() }.into(),
        ),
        creating(
            "name",
            |name| create(CreateInventoryItem { name, ..filled_in() }),
            |name| InventoryItemCreated { name, ..kept() }.into(),
        ),
        creating(
            "unit",
            |unit| create(CreateInventoryItem { unit, ..filled_in() }),
            |unit| InventoryItemCreated { unit, ..kept() }.into(),
        ),
        changing(
            "name",
            |name| RenameInventoryItem { name }.into(),
            |name| InventoryItemRenamed { name }.into(),
        ),
        changing(
            "reference",
            |text| CheckInItems { quantity: 1, reference: Some(text), ..<_>::default() }.into(),
            |text| {
                ItemsCheckedIn {
                    quantity: 1,
                    location: None,
                    reference: Some(text),
                    unit_cost: None,
                }
                .into()
            },
        ),
        changing(
            "reason",
            |reason| AdjustStock { counted: 1, location: None, reason }.into(),
            |reason| StockAdjusted { counted: 1, delta: 1, location: None, reason }.into(),
        ),
        changing(
            "reason",
            |reason| DeactivateInventoryItem { reason }.into(),
            |reason| InventoryItemDeactivated { reason }.into(),
        ),
    ]
}

fn create(command: CreateInventoryItem) -> Command {
    command.into()
}

fn filled_in() -> CreateInventoryItem {
    CreateInventoryItem { sku: "S".into(), name: "N".into(), unit: "U".into(), max_quantity: None }
}

fn kept() -> InventoryItemCreated {
    InventoryItemCreated { sku: "S".into(), name: "N".into(), unit: "U".into(), max_quantity: None }
}

#[test]
fn a_text_has_at_most_two_hundred_characters() {
    for field in fields() {
        for character in ["x", "ü", "字", "🚲"] {
            field.keeps(&character.repeat(200));
            let refusal =
                OutOfLimits::TooLong { field: field.name.into(), length: 201, limit: 200 };
            field.refuses(&character.repeat(201), refusal);
        }
    }
}

#[test]
fn the_space_around_a_text_does_not_count() {
    let padded = format!(" {}\n", "x".repeat(200));
    given::<InventoryItem>([created()])
        .when(RenameInventoryItem { name: padded })
        .then_state(|item| assert_eq!(item.name.len(), 200));
}

#[test]
fn every_script_and_every_emoji_is_kept_as_it_is() {
    let texts = [
        "x",
        "Größe 28″ – “soft”",
        "אופניים 28",
        "دراجة هوائية",
        "自転車のチューブ",
        "e\u{301}clair",
        "🚲",
        "👩\u{200d}🔧 tools",
        "👨\u{200d}👩\u{200d}👧\u{200d}👦",
        "❤\u{fe0f}",
        "🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
        "نمی\u{200c}خواهم",
        "<script>alert(1)</script>",
        "'; DROP TABLE items; --",
        "\"quoted\" \\ back",
    ];
    for field in fields() {
        for text in texts {
            field.keeps(text);
        }
    }
}

#[test]
fn a_control_character_is_refused_with_its_position() {
    let controls = ['\0', '\n', '\r', '\t', '\u{1b}', '\u{7f}', '\u{85}', '\u{2028}', '\u{2029}'];
    for field in fields() {
        for control in controls {
            let refusal = OutOfLimits::ControlCharacter { field: field.name.into(), place: 3 };
            field.refuses(&format!("üx{control}y"), refusal);
        }
    }
}

/// "invoice\u{202e}gpj.exe" would display as "invoiceexe.jpg".
#[test]
fn a_direction_override_is_refused() {
    let overrides = ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}');
    for (field, mark) in fields().iter().flat_map(|f| overrides.clone().map(move |m| (f, m))) {
        let refusal = OutOfLimits::ControlCharacter { field: field.name.into(), place: 8 };
        field.refuses(&format!("invoice{mark}gpj.exe"), refusal);
    }
}

#[test]
fn a_lone_control_character_is_not_merely_blank() {
    let refusal = OutOfLimits::ControlCharacter { field: "name".into(), place: 1 };
    fields()[1].refuses("\0", refusal);
}
