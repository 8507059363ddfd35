use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

/// The state of an aggregate of any kind, as the JSON that it was written in.
///
/// Generic code passes a state on without knowing its type; the code of a kind decodes it. The text
/// travels as it is, as a value inside of other JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StateJson(Box<RawValue>);

impl StateJson {
    /// Encodes a state.
    ///
    /// # Errors
    /// The state has no form in JSON.
    pub fn of(state: &impl Serialize) -> Result<Self, serde_json::Error> {
        to_raw_value(state).map(Self)
    }

    /// Decodes the state.
    ///
    /// # Errors
    /// The state is of another type.
    pub fn decode<S: DeserializeOwned>(&self) -> Result<S, serde_json::Error> {
        serde_json::from_str(self.text())
    }

    /// Returns the JSON.
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

impl From<Box<RawValue>> for StateJson {
    fn from(json: Box<RawValue>) -> Self {
        Self(json)
    }
}

impl PartialEq for StateJson {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for StateJson {}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use domain::InventoryItem;

    use super::*;

    #[test]
    fn a_state_keeps_its_text_inside_of_other_json() {
        let item = InventoryItem { sku: "W-1".to_owned(), on_hand: 3, ..InventoryItem::default() };
        let state = StateJson::of(&item).unwrap();
        let travels = serde_json::to_string(&[&state]).unwrap();
        assert_eq!(travels, format!("[{}]", serde_json::to_string(&item).unwrap()));
        let [arrived]: [StateJson; 1] = serde_json::from_str(&travels).unwrap();
        assert_eq!(arrived, state);
        assert_eq!(arrived.decode::<InventoryItem>().unwrap(), item);
        assert!(arrived.decode::<u64>().is_err());
    }
}
