//! Reads JSON from outside, of any depth. Skips unneeded members without recursion, so depth needs no stack.

use std::collections::BTreeMap;

use serde_json::Result;
use serde_json::value::RawValue;

/// A JSON object. Its members keep their text. If a name occurs twice, the last member counts.
pub(crate) struct Object<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Object<'a> {
    /// An error if the text is not JSON, or not an object.
    pub(crate) fn read(text: &'a [u8]) -> Result<Object<'a>> {
        serde_json::from_slice(text).map(Object)
    }

    /// A member, if it is an object.
    pub(crate) fn object(&self, name: &str) -> Option<Object<'a>> {
        self.0.get(name).and_then(|value| Object::read(value.get().as_bytes()).ok())
    }

    /// A member that is a string. None if it is null or missing, and an error if it is anything else.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>> {
        self.0.get(name).map_or(Ok(None), |value| serde_json::from_str(value.get()))
    }

    /// Whether there is such a member, and it is not null.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.json(name).is_some_and(|json| json != "null")
    }

    /// The JSON of a member, as it stands.
    pub(crate) fn json(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).map(|value| value.get())
    }
}
