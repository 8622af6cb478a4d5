//! JSON from outside, of any depth: what is not asked for is skipped without recursion, so it needs no stack.

use std::collections::BTreeMap;

use serde_json::Result;
use serde_json::value::RawValue;

/// A JSON object, its members as they were written. Where a name occurs twice, the last one counts.
pub(crate) struct Object<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Object<'a> {
    /// The error says that the text is no JSON, or no object.
    pub(crate) fn read(text: &'a [u8]) -> Result<Object<'a>> {
        serde_json::from_slice(text).map(Object)
    }

    /// A member that is an object.
    pub(crate) fn object(&self, name: &str) -> Option<Object<'a>> {
        self.0.get(name).and_then(|value| Object::read(value.get().as_bytes()).ok())
    }

    /// A member that is text, or null, or missing.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>> {
        self.0.get(name).map_or(Ok(None), |value| serde_json::from_str(value.get()))
    }

    /// Whether there is a member that is not null.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| value.get() != "null")
    }
}
