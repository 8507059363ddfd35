use leptos::server_fn::codec::{JsonEncoding, Post};
use leptos::server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType};
use serde::Serialize;
use serde::de::{DeserializeOwned, Error as _};

/// JSON in the body of a `POST` and of its response.
pub(super) type Json = Post<Text>;

/// JSON that is parsed as text.
///
/// The data for hydration in the page's HTML is text too, so the browser needs only one parser of
/// each type. Parsing bytes would add a second.
pub struct Text;

impl ContentType for Text {
    const CONTENT_TYPE: &'static str = JsonEncoding::CONTENT_TYPE;
}

impl FormatType for Text {
    const FORMAT_TYPE: Format = JsonEncoding::FORMAT_TYPE;
}

impl<T: Serialize> Encodes<T> for Text {
    type Error = serde_json::Error;

    fn encode(output: &T) -> Result<Bytes, Self::Error> {
        JsonEncoding::encode(output)
    }
}

impl<T: DeserializeOwned> Decodes<T> for Text {
    type Error = serde_json::Error;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        let text = std::str::from_utf8(&bytes).map_err(Self::Error::custom)?;
        let value = serde_json::from_str(text)?;
        // The browser reads only what the server has written, and does not check for duplicate
        // keys.
        #[cfg(feature = "ssr")]
        serde_json::from_str::<event_store::DistinctKeys>(text)?;
        Ok(value)
    }
}
