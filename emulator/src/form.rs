//! Forms and queries: `name=value&name=value`, percent-encoded.

/// The fields of a form or query, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form(Vec<Field>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    name: String,
    value: String,
    /// The value as it came.
    raw: String,
}

impl Form {
    /// Reads any text.
    pub fn read(text: &str) -> Self {
        let field = |pair: &str| {
            let (name, raw) = pair.split_once('=').unwrap_or((pair, ""));
            Field { name: decoded(name), value: decoded(raw), raw: raw.to_owned() }
        };
        Self(text.split('&').filter(|pair| !pair.is_empty()).map(field).collect())
    }

    /// The names and values, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|field| (&*field.name, &*field.value))
    }

    /// The first field of this name. An empty one counts as missing.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.field(name).map(|field| &*field.value).filter(|value| !value.is_empty())
    }

    /// The same, still encoded.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        self.field(name).map(|field| &*field.raw).filter(|value| !value.is_empty())
    }

    fn field(&self, name: &str) -> Option<&Field> {
        self.0.iter().find(|field| field.name == name)
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = hex.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        (rest, _) = match (first, byte) {
            (b'%', Some(byte)) => (&tail[2..], bytes.push(byte)),
            (b'+', _) => (tail, bytes.push(b' ')),
            (other, _) => (tail, bytes.push(*other)),
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded() {
        let form = Form::read("a=1&b=x+y%2Bz%&&c&a=2&%64=%C3%A9&e=%zz");
        let values = ["a", "b", "c", "d", "e", "f"].map(|name| form.get(name));
        assert_eq!(values, [Some("1"), Some("x y+z%"), None, Some("é"), Some("%zz"), None]);
        assert_eq!(form.raw("b"), Some("x+y%2Bz%"));
        assert_eq!(form.fields().nth(2), Some(("c", "")));
    }
}
