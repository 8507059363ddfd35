use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The most places at which one item may be in stock, so that its state stays small.
pub const BALANCES_LIMIT: usize = 100;

/// The stock of an item at one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Balance {
    /// The id of the location; absent for the stock that is assigned to none.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub location: Option<Uuid>,
    /// The quantity on hand there; never 0.
    pub on_hand: i64,
}

/// The stock of an item by location, ordered by the ids of the locations. Unassigned stock comes
/// first. A location without stock has no balance.
///
/// ```
/// use domain::inventory_item::Balances;
/// use uuid::Uuid;
///
/// let back_room = Some(Uuid::from_u128(7));
/// let balances = Balances::default().with(back_room, 12).with(None, 3).with(back_room, -12);
/// assert_eq!((balances.at(None), balances.at(back_room), balances.len()), (3, 0, 1));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Balances(Vec<Balance>);

impl Balances {
    /// Returns the stock at a location.
    pub fn at(&self, location: Option<Uuid>) -> i64 {
        self.find(location).map_or(0, |index| self.0[index].on_hand)
    }

    /// Returns the balances after a change at a location.
    #[must_use]
    pub fn with(mut self, location: Option<Uuid>, delta: i64) -> Self {
        match self.find(location) {
            Ok(index) => {
                let on_hand = self.0[index].on_hand.saturating_add(delta);
                if on_hand == 0 {
                    self.0.remove(index);
                } else {
                    self.0[index].on_hand = on_hand;
                }
            }
            Err(_) if delta == 0 => {}
            Err(index) => self.0.insert(index, Balance { location, on_hand: delta }),
        }
        self
    }

    /// Returns the first location with stock; `None` if unassigned stock comes first, or there is
    /// none.
    pub fn first_location(&self) -> Option<Uuid> {
        self.0.first().and_then(|balance| balance.location)
    }

    /// Returns the number of locations with stock; unassigned stock counts as one.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether nothing is in stock.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether all of the stock is unassigned.
    pub fn are_unassigned(&self) -> bool {
        self.iter().all(|balance| balance.location.is_none())
    }

    /// Returns the balances, that of unassigned stock first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Balance> {
        self.0.iter()
    }

    fn find(&self, location: Option<Uuid>) -> Result<usize, usize> {
        self.0.binary_search_by_key(&location, |balance| balance.location)
    }
}
