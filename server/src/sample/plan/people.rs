//! The people of the company.

/// Owns the place; keeps the assortment and its limits, and sells on Saturdays.
pub(super) const OWNER: &str = "Sigrún Halldórsdóttir";
/// Takes deliveries in and counts.
pub(super) const STOCKROOM: &str = "Elín Ragnarsdóttir";
/// Sells.
pub(super) const SHOP: &str = "Kofi Mensah";
/// Repairs.
pub(super) const MECHANIC: &str = "Tomasz Zieliński";
/// Learns to repair.
pub(super) const APPRENTICE: &str = "Birta Jónsdóttir";
