//! The encoding of server functions.

use leptos::prelude::FromServerFnError;
use leptos::server_fn::codec::{JsonEncoding, Post};
use leptos::server_fn::error::ServerFnErrorErr;
use leptos::server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType};
use serde::Serialize;
use serde::de::{DeserializeOwned, Error as _};

use crate::{Code, Problem};

/// JSON in the body of a `POST` and of its response.
pub type Json = Post<Text>;

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
        #[cfg(feature = "server")]
        serde_json::from_str::<crate::DistinctKeys>(text)?;
        Ok(value)
    }
}

impl FromServerFnError for Problem {
    type Encoder = Text;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Self::new(Code::NoAnswer, error.to_string()),
            // On the server this error concerns the request; in the browser it concerns the
            // response.
            ServerFnErrorErr::Deserialization(why) if cfg!(feature = "server") => {
                Self::new(Code::Malformed, why)
            }
            ServerFnErrorErr::Args(why) | ServerFnErrorErr::MissingArg(why) => {
                Self::new(Code::Malformed, why)
            }
            _ => Self::new(Code::Internal, error.to_string()),
        }
    }
}
