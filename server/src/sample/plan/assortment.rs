//! The assortment of the company.

use time::macros::date;
use time::{Date, Weekday};

use super::calendar::{FIRST, Season};
use Leaves::{Either, Sold, Used};
use Season::{Steady, Summer, Winter};
use Supplier::{Hauge, Nordrad, Smidja, Velofin};

/// An article, and how it comes and goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Article {
    pub(super) since: Date,
    pub(super) sku: &'static str,
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) supplier: Supplier,
    /// The cost of one, in minor units of the currency.
    pub(super) unit_cost: i64,
    /// The quantity that a delivery fills up to.
    pub(super) target: i64,
    pub(super) reorder_level: i64,
    pub(super) max_quantity: Option<i64>,
    /// The number of removals in a usual week.
    pub(super) weekly: i64,
    /// The largest quantity that is removed at once.
    pub(super) handful: i64,
    pub(super) leaves: Leaves,
    pub(super) season: Season,
}

/// The way in which articles leave the shelves.
#[derive(Clone, Copy, Debug)]
pub(super) enum Leaves {
    /// Over the counter.
    Sold,
    /// Onto a bicycle in the workshop.
    Used,
    /// Sometimes one, sometimes the other.
    Either,
}

/// A company that delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Supplier {
    Smidja,
    Velofin,
    Nordrad,
    Hauge,
}

impl Supplier {
    /// Returns the supplier that delivers on this day: each weekly, but Nordrad every other week.
    pub(super) fn on(day: Date) -> Option<Self> {
        match day.weekday() {
            Weekday::Monday => Some(Smidja),
            Weekday::Tuesday => Some(Velofin),
            Weekday::Wednesday if day.iso_week().is_multiple_of(2) => Some(Nordrad),
            Weekday::Thursday => Some(Hauge),
            _ => None,
        }
    }
}

macro_rules! assortment {
    ($($since:expr => {
        $($sku:literal $name:literal $unit:literal, $supplier:ident $unit_cost:literal,
          $target:literal $reorder_level:literal $max_quantity:expr,
          $weekly:literal $handful:literal $leaves:ident $season:ident;)+
    })+) => {
        pub(super) const ASSORTMENT: &[Article] = &[$($(Article {
            since: $since,
            sku: $sku,
            name: $name,
            unit: $unit,
            supplier: $supplier,
            unit_cost: $unit_cost,
            target: $target,
            reorder_level: $reorder_level,
            max_quantity: $max_quantity,
            weekly: $weekly,
            handful: $handful,
            leaves: $leaves,
            season: $season,
        },)+)+];
    };
}

assortment! {
    FIRST => {
        "TUBE-28-AV" "Inner tube 28 × 1.75, Schrader" "pcs", Velofin 329, 60 20 Some(100), 5 2 Either Steady;
        "TUBE-28-FV" "Inner tube 28 × 1.75, Presta" "pcs", Velofin 349, 50 15 Some(80), 4 2 Either Steady;
        "TUBE-26-AV" "Inner tube 26 × 2.10, Schrader" "pcs", Velofin 319, 24 8 Some(40), 2 1 Either Steady;
        "TUBE-20-AV" "Inner tube 20, children’s" "pcs", Velofin 299, 20 6 None, 2 1 Either Summer;
        "TYRE-28-32" "Tyre 700 × 32C, touring" "pcs", Velofin 1890, 16 5 Some(24), 2 2 Either Steady;
        "TYRE-28-47" "Tyre 700 × 47C, puncture guard" "pcs", Velofin 2450, 14 4 Some(24), 2 2 Either Steady;
        "RIMTAPE-18" "Rim tape 18 mm" "roll", Velofin 410, 12 4 None, 1 1 Used Steady;
        "PATCH-VULC" "Patch kit with vulcanising solution" "pcs", Velofin 240, 25 8 None, 2 1 Sold Summer;
        "CHAIN-8" "Chain 8-speed" "pcs", Nordrad 1290, 15 5 Some(30), 2 1 Either Steady;
        "CHAIN-9" "Chain 9-speed" "pcs", Nordrad 1590, 15 5 Some(30), 3 1 Either Steady;
        "CHAIN-11" "Chain 11-speed" "pcs", Nordrad 2890, 8 3 Some(16), 2 1 Either Steady;
        "CASS-8-32" "Cassette 8-speed, 11–32" "pcs", Nordrad 2150, 6 2 Some(12), 1 1 Used Steady;
        "PAD-RIM" "Brake pads, rim" "pair", Nordrad 590, 40 12 Some(80), 4 2 Either Steady;
        "PAD-DISC" "Brake pads, disc, organic" "pair", Nordrad 1190, 30 10 Some(60), 4 2 Either Steady;
        "ROTOR-160" "Disc rotor 160 mm" "pcs", Nordrad 1690, 8 2 None, 1 2 Used Steady;
        "CABLE-BR" "Brake cable 1.5 mm" "pcs", Nordrad 190, 50 15 Some(100), 3 2 Used Steady;
        "CABLE-SH" "Shift cable 1.1 mm" "pcs", Nordrad 170, 50 15 Some(100), 3 2 Used Steady;
        "HOUSING-5" "Cable housing 5 mm" "m", Nordrad 95, 100 30 Some(200), 4 4 Used Steady;
        "BB-68" "Bottom bracket BSA 68 mm" "pcs", Nordrad 1490, 6 2 None, 1 1 Used Steady;
        "SPOKE-264" "Spoke 264 mm, stainless" "pcs", Nordrad 45, 200 60 Some(500), 2 12 Used Steady;
        "NIPPLE-12" "Spoke nipple 12 mm, brass" "pcs", Nordrad 12, 300 100 Some(1000), 2 16 Used Steady;
        "LIGHT-F40" "Front light 40 lux, USB" "pcs", Hauge 2390, 20 8 Some(40), 2 1 Sold Winter;
        "LIGHT-R" "Rear light, USB" "pcs", Hauge 1490, 20 8 Some(40), 3 1 Sold Winter;
        "LOCK-U" "U-lock 230 mm" "pcs", Hauge 3490, 10 3 Some(16), 2 1 Sold Steady;
        "LOCK-CH" "Chain lock 85 cm" "pcs", Hauge 2690, 8 3 Some(16), 1 1 Sold Steady;
        "HELMET-M" "Helmet, 54–58 cm" "pcs", Hauge 3990, 8 3 Some(12), 2 1 Sold Summer;
        "BOTTLE-75" "Bottle 0.75 l" "pcs", Hauge 550, 30 10 Some(48), 3 2 Sold Summer;
        "CAGE-AL" "Bottle cage, aluminium" "pcs", Hauge 690, 15 5 None, 1 1 Sold Summer;
        "BELL-BRASS" "Bell, brass" "pcs", Hauge 790, 12 4 None, 2 1 Sold Steady;
        "PUMP-MINI" "Mini pump" "pcs", Hauge 1690, 8 3 None, 1 1 Sold Steady;
        "GRIP-ERGO" "Grips, ergonomic" "pair", Hauge 1390, 10 3 None, 1 1 Either Steady;
        "SADDLE-C" "Saddle, city" "pcs", Hauge 2990, 6 2 Some(10), 1 1 Sold Steady;
        "PEDAL-FLAT" "Pedals, flat" "pair", Hauge 1690, 8 3 None, 1 1 Either Steady;
        "RACK-REAR" "Rear rack 28″" "pcs", Hauge 3290, 5 2 Some(8), 1 1 Either Steady;
        "MUDGUARD-28" "Mudguards 28″" "set", Hauge 2190, 10 3 Some(14), 2 1 Either Winter;
        "LUBE-WET" "Chain lube, wet, 100 ml" "bottle", Smidja 490, 24 8 None, 4 1 Either Steady;
        "DEGREASER" "Degreaser 500 ml" "bottle", Smidja 690, 10 4 None, 2 1 Used Steady;
        "SEALANT-1L" "Tyre sealant 1 l" "bottle", Smidja 1890, 6 2 Some(12), 1 1 Used Steady;
        "GLOVE-NIT" "Nitrile gloves, box of 100" "box", Smidja 590, 10 3 None, 1 1 Used Steady;
    }
    date!(2026-09-28) => {
        "PATCH-SELF" "Patch kit, self-adhesive" "pcs", Velofin 190, 30 10 Some(60), 3 2 Sold Steady;
    }
    date!(2026-10-05) => {
        "TYRE-ICE" "Tyre 700 × 35C, studded" "pcs", Velofin 3890, 20 8 Some(40), 3 2 Either Winter;
        "GLOVE-WINTER" "Winter gloves" "pair", Hauge 2290, 12 4 Some(20), 2 1 Sold Winter;
    }
}
