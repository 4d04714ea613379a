//! Pictures, sounds and keys: base64 with its kind as a parameter in 3.0, a `data:` URI (RFC 2397) in 4.0.

use crate::item::mapping::card::property::Property;
use crate::item::text;

const UNKNOWN: &str = "application/octet-stream";
/// The kinds whose names differ: property, word in 3.0, media type.
const KINDS: [(&str, &str, &str); 3] = [
    ("KEY", "PGP", "application/pgp-keys"),
    ("KEY", "X509", "application/pkix-cert"),
    ("KEY", "X.509", "application/pkix-cert"),
];
/// How base64 begins in which pictures.
const BEGINNINGS: [(&str, &str); 3] =
    [("/9j/", "image/jpeg"), ("iVBORw0KGgo", "image/png"), ("R0lGOD", "image/gif")];
/// What TYPE says that is no kind of data.
const USES: [&str; 5] = ["HOME", "WORK", "PREF", "BASE64", "B"];

pub(super) fn to_4(property: &mut Property) {
    let types = property.types();
    let kind = types.iter().find(|own| !USES.contains(&own.as_str()));
    let is_base64 = property
        .param("ENCODING")
        .is_some_and(|encoding| ["B", "BASE64"].contains(&encoding.to_ascii_uppercase().as_str()))
        || types.iter().any(|own| own == "BASE64");
    if is_base64 {
        let data: String = property.value.split_whitespace().collect();
        let media_type = match kind {
            Some(kind) => media_type(&property.name, kind),
            None => BEGINNINGS
                .iter()
                .find(|(start, _)| data.starts_with(start))
                .map_or(UNKNOWN, |(_, media_type)| media_type)
                .to_owned(),
        };
        property.value = format!("data:{media_type};base64,{data}");
        property.remove("ENCODING");
        property.remove("VALUE");
        for taken in kind.into_iter().map(String::as_str).chain(["BASE64", "B"]) {
            property.take_type(taken);
        }
    } else if property.param_is("VALUE", "uri") || property.param_is("VALUE", "url") {
        property.remove("VALUE");
        if let Some(kind) = kind.filter(|_| property.param("MEDIATYPE").is_none()) {
            let media_type = media_type(&property.name, kind);
            property.take_type(kind);
            property.add("MEDIATYPE", &media_type);
        }
    }
}

pub(super) fn to_3(property: &mut Property) {
    let value = text::unescape(property.value.trim()).into_owned();
    let Some((scheme, rest)) = value.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else { return };
    let data = rest.split_once(";base64,").filter(|(media_type, _)| {
        scheme.eq_ignore_ascii_case("data") && !media_type.contains([';', ',', '"'])
    });
    match data {
        Some((media_type, data)) => {
            property.remove("VALUE");
            property.remove("MEDIATYPE");
            property.add("ENCODING", "b");
            if !media_type.is_empty() && media_type != UNKNOWN {
                let kind = kind(&property.name, media_type);
                property.add("TYPE", &kind);
            }
            property.value = data.to_owned();
        }
        None if property.param("VALUE").is_none() => {
            property.add("VALUE", "uri");
            if let Some(media_type) = property.param("MEDIATYPE").map(str::to_owned) {
                property.remove("MEDIATYPE");
                let kind = kind(&property.name, &media_type);
                property.add("TYPE", &kind);
            }
        }
        None => {}
    }
}

fn is_scheme(text: &str) -> bool {
    text.len() > 1 && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet))
}

/// The media type of a kind in upper case.
fn media_type(property: &str, kind: &str) -> String {
    let known = KINDS.iter().find(|(of, own, _)| property.eq_ignore_ascii_case(of) && kind == *own);
    match known {
        Some((_, _, media_type)) => (*media_type).to_owned(),
        None if kind.contains('/') => kind.to_ascii_lowercase(),
        None if kind == "JPG" => "image/jpeg".to_owned(),
        None => format!("{}/{}", family(property), kind.to_ascii_lowercase()),
    }
}

fn kind(property: &str, media_type: &str) -> String {
    let known = KINDS.iter().find(|(of, _, own)| property.eq_ignore_ascii_case(of) && media_type == *own);
    match (known, media_type.split_once('/')) {
        (Some((_, kind, _)), _) => (*kind).to_owned(),
        (None, Some((own, kind))) if own == family(property) => kind.to_ascii_uppercase(),
        _ => media_type.to_owned(),
    }
}

fn family(property: &str) -> &'static str {
    match property.to_ascii_uppercase().as_str() {
        "SOUND" => "audio",
        "KEY" => "application",
        _ => "image",
    }
}
