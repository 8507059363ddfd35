use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Accepts any value in which no object has the same key twice, and keeps nothing of it.
///
/// Readers of JSON disagree about a repeated key: most keep the last value, some the first (RFC
/// 8259, section 4). A request with one could be checked as one command and carried out as another,
/// so it is refused. Structs refuse repeated fields by themselves; maps and [`serde_json::Value`]
/// do not.
///
/// # Errors
/// The deserializer's error names the key.
///
/// ```
/// use api::DistinctKeys;
///
/// assert!(
///     serde_json::from_str::<DistinctKeys>(r#"{"quantity": 1, "unit": {"quantity": 2}}"#).is_ok()
/// );
/// let refused = serde_json::from_str::<DistinctKeys>(r#"[{"quantity": 1, "quantity": 100}]"#);
/// assert!(refused.unwrap_err().to_string().contains("the key `quantity` appears twice"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DistinctKeys;

impl<'de> Deserialize<'de> for DistinctKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = DistinctKeys;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<DistinctKeys, E> {
        Ok(DistinctKeys)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<DistinctKeys, E> {
        Ok(DistinctKeys)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<DistinctKeys, E> {
        Ok(DistinctKeys)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<DistinctKeys, E> {
        Ok(DistinctKeys)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<DistinctKeys, E> {
        Ok(DistinctKeys)
    }

    fn visit_unit<E: Error>(self) -> Result<DistinctKeys, E> {
        Ok(DistinctKeys)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<DistinctKeys, A::Error> {
        while items.next_element::<DistinctKeys>()?.is_some() {}
        Ok(DistinctKeys)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<DistinctKeys, A::Error> {
        let mut keys = BTreeSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if keys.contains(&key) {
                return Err(Error::custom(format_args!("the key `{key}` appears twice")));
            }
            entries.next_value::<DistinctKeys>()?;
            keys.insert(key);
        }
        Ok(DistinctKeys)
    }
}
