//! One property of a card, taken apart to be written otherwise.

use crate::item::lines::Line;
use crate::item::text;

/// A property. What is not changed is written as it was.
#[derive(Debug, Clone)]
pub(in crate::item::mapping) struct Property {
    /// With the dot.
    group: String,
    pub name: String,
    params: Vec<Param>,
    /// As written, escapes and all.
    pub value: String,
}

#[derive(Debug, Clone)]
struct Param {
    /// In upper case; empty for the bare values of vCard 2.1.
    name: String,
    text: String,
    /// Without quotes; a quoted list is several.
    values: Vec<String>,
}

impl Property {
    /// One without parameters.
    pub fn named(name: &str, value: &str) -> Self {
        Self { group: String::new(), name: name.to_owned(), params: Vec::new(), value: value.to_owned() }
    }

    pub fn read(line: &Line<'_>) -> Self {
        let params = line.params().map(|param| Param {
            name: param.name.map(str::to_ascii_uppercase).unwrap_or_default(),
            text: param.text.to_owned(),
            values: param.values().map(str::to_owned).collect(),
        });
        Self {
            group: line.group().map(|group| format!("{group}.")).unwrap_or_default(),
            name: line.name().to_owned(),
            params: params.collect(),
            value: line.value().to_owned(),
        }
    }

    /// The same without what only vCard 2.1 has: bare parameters, quoted-printable and character sets.
    pub fn plain(line: &Line<'_>) -> Self {
        let mut property = Self::read(line);
        let is_utf8 = property.param("CHARSET").is_none_or(|own| own.eq_ignore_ascii_case("UTF-8"));
        if line.is_quoted_printable() && is_utf8 {
            property.value = text::decoded(line).replace('\r', "").replace('\n', "\\n");
            property.remove("ENCODING");
            property.take_type("QUOTED-PRINTABLE");
        }
        if is_utf8 {
            property.remove("CHARSET");
        }
        property.name_types();
        property
    }

    /// The same, called otherwise.
    pub fn renamed(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    pub fn with_value(mut self, value: String) -> Self {
        self.value = value;
        self
    }

    pub fn text(&self) -> String {
        let mut text = format!("{}{}", self.group, self.name);
        for param in &self.params {
            text.push(';');
            text.push_str(&param.text);
        }
        text.push(':');
        text.push_str(&self.value);
        text
    }

    /// The text, if it is another than the line's.
    pub fn changed(&self, line: &Line<'_>) -> Option<String> {
        let text = self.text();
        (text != Self::read(line).text()).then_some(text)
    }

    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    pub fn has_params(&self) -> bool {
        !self.params.is_empty()
    }

    /// The first value of a parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|param| param.name == name)?.values.first().map(String::as_str)
    }

    /// Whether a parameter has this one value.
    pub fn param_is(&self, name: &str, value: &str) -> bool {
        self.param(name).is_some_and(|own| own.eq_ignore_ascii_case(value))
    }

    pub fn remove(&mut self, name: &str) {
        self.params.retain(|param| param.name != name);
    }

    /// Adds a parameter. A double quotation mark cannot be in one.
    pub fn add(&mut self, name: &str, value: &str) {
        let value: String = value.chars().filter(|&char| char != '"' && !char.is_control()).collect();
        let text = match value.contains([',', ';', ':']) {
            true => format!("{name}=\"{value}\""),
            false => format!("{name}={value}"),
        };
        self.params.push(Param { name: name.to_owned(), text, values: vec![value] });
    }

    /// The values of TYPE and the bare ones, in upper case and in their order.
    pub fn types(&self) -> Vec<String> {
        let typed = self.params.iter().filter(|param| matches!(param.name.as_str(), "TYPE" | ""));
        typed.flat_map(types).collect()
    }

    /// Takes one of the types away, and tells whether it was there.
    pub fn take_type(&mut self, wanted: &str) -> bool {
        let mut taken = false;
        for param in self.params.iter_mut().filter(|param| matches!(param.name.as_str(), "TYPE" | "")) {
            let all = param.values.iter().flat_map(|value| value.split(','));
            let kept: Vec<String> =
                all.filter(|own| !own.trim().eq_ignore_ascii_case(wanted)).map(str::to_owned).collect();
            if kept.len() < types(param).count() {
                taken = true;
                param.text = match param.name.as_str() {
                    "" => kept.join(","),
                    _ => format!("TYPE={}", kept.join(",")),
                };
                param.values = kept;
            }
        }
        self.params.retain(|param| !(param.values.is_empty() && matches!(param.name.as_str(), "TYPE" | "")));
        taken
    }

    /// Removes every parameter that does not say what the property is for.
    pub fn keep_types(&mut self) {
        self.params.retain(|param| param.name == "TYPE");
    }

    /// A list of types is quoted in vCard 4.0 only.
    pub fn unquote_types(&mut self) {
        for param in self.params.iter_mut().filter(|param| param.name == "TYPE") {
            if param.values.iter().any(|value| value.contains(',')) {
                param.text = format!("TYPE={}", param.values.join(","));
            }
        }
    }

    /// A phone number as a text, where its URI (RFC 3966) is nothing but a number.
    pub fn phone_as_text(&mut self) {
        let number = match self.value.trim().split_at_checked(4) {
            Some((scheme, number)) if scheme.eq_ignore_ascii_case("tel:") => number.to_owned(),
            _ => return,
        };
        if self.param_is("VALUE", "uri") && !number.is_empty() && !number.contains([';', '%', '\\', ':']) {
            self.value = number;
            self.remove("VALUE");
        }
    }

    /// Gives the bare values of vCard 2.1 their name.
    fn name_types(&mut self) {
        for param in self.params.iter_mut().filter(|param| param.name.is_empty()) {
            param.name = "TYPE".to_owned();
            param.text = format!("TYPE={}", param.text);
        }
    }
}

fn types(param: &Param) -> impl Iterator<Item = String> {
    param.values.iter().flat_map(|value| value.split(',')).map(|value| value.trim().to_ascii_uppercase())
}
