//! What a collection is called on the server, and its colour.

use quick_xml::escape::escape;
use tr::tr;

use super::http::Ask;
use super::refusal::Refusal;
use super::xml::{HEAD, Part, Props};
use super::{Dav, Fault, xml};
use crate::collection::{CollectionError, Color, Feature, Look, Trouble, plain_name};

impl Dav {
    /// What the last observation saw, or else what the server says now.
    pub(super) async fn look_it(&self) -> Result<Look, Fault> {
        let seen = self.seen_look().take();
        match seen {
            Some(look) => Ok(look),
            None => Ok(look_of(&self.properties(xml::propfind_details()).await?)),
        }
    }

    /// PROPPATCH, and a look whether the server keeps it.
    pub(super) async fn set_look_it(&self, feature: &Feature) -> Result<(), CollectionError> {
        let before = self.properties(xml::propfind_details()).await?;
        let mut refusal = None;
        for text in spellings(feature, before.color.as_deref()) {
            let answer = self.patch(property(feature), &text).await?;
            if !(200..300).contains(&answer.status) {
                refusal = Some(answer);
                continue;
            }
            return match look_of(&self.properties(xml::propfind_details()).await?).has(feature) {
                true => Ok(()),
                false => Err(CollectionError::new(
                    Trouble::NotUnderstood,
                    tr!(
                        "the server says that it took {feature}, but keeps another: change it there",
                        feature
                    ),
                )),
            };
        }
        let refusal = refusal.unwrap_or_default();
        Err(CollectionError::new(
            Trouble::Forbidden,
            tr!(
                "the server refuses {feature} (error {}){}: ask the owner of the collection, or change it there",
                refusal.status,
                refusal.quoted(),
                feature
            ),
        ))
    }

    /// The status of the one property of a PROPPATCH (RFC 4918 section 9.2).
    async fn patch(&self, property: &str, text: &str) -> Result<Refusal, Fault> {
        let text = escape(text);
        let body = format!(
            r#"{HEAD}<propertyupdate xmlns="DAV:" xmlns:I="http://apple.com/ns/ical/"><set><prop><{property}>{text}</{property}></prop></set></propertyupdate>"#
        );
        let url = self.base().url().clone();
        let answer = self.http.send(Ask::change("PROPPATCH", url, body)).await?;
        if answer.status != 207 {
            return Ok(answer.refusal().await);
        }
        let mut parts = answer.multistatus().await?;
        let mut found = Refusal::new(200);
        while let Some(part) = parts.next().await? {
            if let Part::Response(response) = part {
                found.status = response.overall();
                found.words = response.description;
                found.elements = response.errors;
            }
        }
        Ok(found)
    }
}

pub(super) fn look_of(props: &Props) -> Look {
    Look {
        name: props.display_name.as_deref().and_then(plain_name),
        color: props.color.as_deref().and_then(Color::read),
    }
}

fn property(feature: &Feature) -> &'static str {
    match feature {
        Feature::Name(_) => "displayname",
        Feature::Color(_) => "I:calendar-color",
    }
}

/// As the server spells a colour already, or else first in the form that most take and then with the opacity that
/// Apple's programs write.
fn spellings(feature: &Feature, before: Option<&str>) -> Vec<String> {
    match feature {
        Feature::Name(name) => vec![name.clone()],
        Feature::Color(color) => {
            let opacity = before.map(str::trim).filter(|text| text.starts_with('#') && text.len() == 9);
            match opacity.and_then(|text| text.get(7..)) {
                Some(opacity) => vec![format!("{color}{opacity}")],
                None => vec![color.to_string(), format!("{color}FF")],
            }
        }
    }
}
