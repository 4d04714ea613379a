use proptest::prelude::*;

use super::*;
use crate::item::mapping::options::{Groups, InstantMessaging, PhoneNumbers, VCardVersion};
use crate::item::{Digest, read};

fn all() -> Vec<Contacts> {
    let keep = Contacts::default;
    let mut all = vec![keep()];
    all.extend([PhoneNumbers::Digits, PhoneNumbers::Brackets].map(phones));
    all.extend([InstantMessaging::Impp, InstantMessaging::XProperties].map(messengers));
    all.extend([VCardVersion::V3, VCardVersion::V4].map(versions));
    all.extend([Groups::Kind, Groups::AddressBookServer].map(groups));
    all.push(Contacts {
        phone_numbers: PhoneNumbers::Digits,
        instant_messaging: InstantMessaging::Impp,
        vcard_version: VCardVersion::V3,
        groups: Groups::Kind,
    });
    all.push(Contacts {
        phone_numbers: PhoneNumbers::Brackets,
        instant_messaging: InstantMessaging::XProperties,
        vcard_version: VCardVersion::V4,
        groups: Groups::AddressBookServer,
    });
    all
}

fn phones(phone_numbers: PhoneNumbers) -> Contacts {
    Contacts { phone_numbers, ..Contacts::default() }
}

fn messengers(instant_messaging: InstantMessaging) -> Contacts {
    Contacts { instant_messaging, ..Contacts::default() }
}

fn versions(vcard_version: VCardVersion) -> Contacts {
    Contacts { vcard_version, ..Contacts::default() }
}

fn groups(groups: Groups) -> Contacts {
    Contacts { groups, ..Contacts::default() }
}

fn card(lines: &str) -> Bytes {
    Bytes::from(format!("BEGIN:VCARD\n{lines}END:VCARD\n"))
}

fn text(card: &Bytes) -> String {
    let text = String::from_utf8_lossy(card).replace("\r\n", "\n");
    text.trim_start_matches("BEGIN:VCARD\n").trim_end_matches("END:VCARD\n").to_owned()
}

/// What goes out, and what a new card comes in as.
fn both_ways(mapping: &Contacts, lines: &str) -> (String, String) {
    let here = card(lines);
    let shared = mapping.shared(&here);
    assert_eq!(mapping.here(&shared, Some(&here)), here, "what comes back to the card is that card");
    (text(&shared), text(&mapping.here(&shared, None)))
}

fn digest(card: &Bytes) -> Digest {
    read(card).unwrap().digest
}

#[test]
fn phone_numbers_as_digits() {
    let (out, back) = both_ways(
        &phones(PhoneNumbers::Digits),
        "TEL;TYPE=cell:+49 (0) 170-12 34/5\nTEL:0170 123 ext. 6\nitem1.TEL;VALUE=uri:tel:+1-555;ext=5\n\
         TEL:1-800-FLOWERS\nTEL:*100#\nTEL:\nNOTE:1 2\n",
    );
    insta::assert_snapshot!(out, @r#"
    TEL;TYPE=cell:+4917012345
    TEL:0170123 ext. 6
    item1.TEL;VALUE=uri:tel:+1555;ext=5
    TEL:1-800-FLOWERS
    TEL:*100#
    TEL:
    NOTE:1 2
    "#);
    assert_eq!(out, back);
}

#[test]
fn phone_numbers_with_the_area_in_brackets() {
    let (out, back) = both_ways(
        &phones(PhoneNumbers::Brackets),
        "TEL;TYPE=cell:+1 (23) 45678 9\nTEL:+49 170 12345\nTEL:0170 123\nTEL:+1 23\n",
    );
    insta::assert_snapshot!(out, @r#"
    TEL;TYPE=cell:+1 23 45678 9
    TEL:+49 170 12345
    TEL:0170 123
    TEL:+1 23
    "#);
    insta::assert_snapshot!(back, @r#"
    TEL;TYPE=cell:+1 (23) 45678 9
    TEL:+49 (170) 12345
    TEL:0170 123
    TEL:+1 23
    "#);
}

#[test]
fn addresses_of_instant_messengers() {
    let (out, back) = both_ways(
        &messengers(InstantMessaging::Impp),
        "X-AIM;TYPE=HOME:john doe\nitem1.X-Google-Talk:a@x.org\nX-SKYPE:live:jana\\,b\nX-ICQ:\nIMPP:im:z@x\n\
         X-FOO:1\nX-MSN:msnim:é\n",
    );
    insta::assert_snapshot!(out, @r#"
    IMPP;TYPE=HOME:aim:john%20doe
    item1.IMPP:xmpp:a@x.org
    IMPP:skype:live:jana,b
    X-ICQ:
    IMPP:im:z@x
    X-FOO:1
    IMPP:msnim:%C3%A9
    "#);
    assert_eq!(out, back);
    let (out, back) = both_ways(
        &messengers(InstantMessaging::XProperties),
        "IMPP;X-SERVICE-TYPE=Skype;TYPE=work:skype:jana\nIMPP;PREF=1:XMPP:a%20b@x\nIMPP:im:z@x\nIMPP:none\n",
    );
    insta::assert_snapshot!(out, @r#"
    X-SKYPE;X-SERVICE-TYPE=Skype;TYPE=work:jana
    X-JABBER;PREF=1:a b@x
    IMPP:im:z@x
    IMPP:none
    "#);
    insta::assert_snapshot!(back, @r#"
    IMPP;X-SERVICE-TYPE=Skype;TYPE=work:skype:jana
    IMPP;PREF=1:xmpp:a%20b@x
    IMPP:im:z@x
    IMPP:none
    "#);
}

#[test]
fn contact_groups() {
    let (out, back) = both_ways(
        &groups(Groups::Kind),
        "VERSION:3.0\nFN:Team\nX-ADDRESSBOOKSERVER-KIND:group\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1\n",
    );
    insta::assert_snapshot!(out, @r#"
    VERSION:3.0
    FN:Team
    KIND:group
    MEMBER:urn:uuid:1
    "#);
    insta::assert_snapshot!(back, @r#"
    VERSION:3.0
    FN:Team
    X-ADDRESSBOOKSERVER-KIND:group
    X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1
    "#);
    let (out, back) = both_ways(
        &groups(Groups::AddressBookServer),
        "VERSION:4.0\nKIND:Group\nMEMBER;PREF=1:urn:uuid:1\nKIND:org\n",
    );
    insta::assert_snapshot!(out, @r"
    VERSION:4.0
    X-ADDRESSBOOKSERVER-KIND:Group
    X-ADDRESSBOOKSERVER-MEMBER;PREF=1:urn:uuid:1
    KIND:org
    ");
    assert!(back.contains("KIND:Group\nMEMBER;PREF=1"), "{back}");
}

#[test]
fn version_4_as_3() {
    let (out, back) = both_ways(
        &versions(VCardVersion::V3),
        "VERSION:4.0\nN;SORT-AS=\"Harten,Rene\":van der Harten;Rene;;;\nFN:Rene\nPHOTO:data:image/jpeg;base64,AAEC\n\
         LOGO;MEDIATYPE=image/png:http://x.org/a\nKEY:data:application/pgp-keys;base64,AAEC\n\
         TEL;VALUE=uri;PREF=1;TYPE=\"voice,home\":tel:+1-555\nTEL;VALUE=uri:tel:+1-555;ext=5\nBDAY:--0503\n\
         ANNIVERSARY:20090808T143000Z\nGEO:geo:37.386013,-122.082932\nTZ;VALUE=utc-offset:-0500\nTZ:Raleigh/North America\n\
         item1.ADR;TYPE=home;LABEL=\"Mr. ^'X^', Esq.\\nStreet 1\":;;Street 1;;;;\nitem1.X-ABLABEL:x\n\
         GENDER:F\nRELATED;TYPE=spouse:urn:uuid:2\nKIND:group\nMEMBER:urn:uuid:1\nEMAIL;PREF=2:a@x\nX-OWN;A=1:b\n",
    );
    insta::assert_snapshot!(out, @r#"
    VERSION:3.0
    N:van der Harten;Rene;;;
    SORT-STRING:Harten\,Rene
    FN:Rene
    PHOTO;ENCODING=b;TYPE=JPEG:AAEC
    LOGO;VALUE=uri;TYPE=PNG:http://x.org/a
    KEY;ENCODING=b;TYPE=PGP:AAEC
    TEL;TYPE=voice,home;TYPE=pref:+1-555
    TEL;VALUE=uri:tel:+1-555;ext=5
    BDAY;X-APPLE-OMIT-YEAR=1604:1604-05-03
    X-ANNIVERSARY;VALUE=date-time:2009-08-08T14:30:00Z
    GEO:37.386013;-122.082932
    TZ:-05:00
    TZ;VALUE=text:Raleigh/North America
    item1.ADR;TYPE=home:;;Street 1;;;;
    item1.LABEL;TYPE=home:Mr. "X"\, Esq.\nStreet 1
    item1.X-ABLABEL:x
    GENDER:F
    RELATED;TYPE=spouse:urn:uuid:2
    X-ADDRESSBOOKSERVER-KIND:group
    X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1
    EMAIL;PREF=2:a@x
    X-OWN;A=1:b
    "#);
    insta::assert_snapshot!(back, @r#"
    VERSION:4.0
    N;SORT-AS="Harten,Rene":van der Harten;Rene;;;
    FN:Rene
    PHOTO:data:image/jpeg;base64,AAEC
    LOGO;MEDIATYPE=image/png:http://x.org/a
    KEY:data:application/pgp-keys;base64,AAEC
    TEL;TYPE=voice,home;PREF=1:+1-555
    TEL;VALUE=uri:tel:+1-555;ext=5
    BDAY:--0503
    ANNIVERSARY:20090808T143000Z
    GEO:geo:37.386013,-122.082932
    TZ;VALUE=utc-offset:-0500
    TZ:Raleigh/North America
    item1.ADR;TYPE=home;LABEL="Mr. ^'X^', Esq.\nStreet 1":;;Street 1;;;;
    item1.X-ABLABEL:x
    GENDER:F
    RELATED;TYPE=spouse:urn:uuid:2
    KIND:group
    MEMBER:urn:uuid:1
    EMAIL;PREF=2:a@x
    X-OWN;A=1:b
    "#);
}

#[test]
fn version_3_as_4() {
    let (out, back) = both_ways(
        &versions(VCardVersion::V4),
        "VERSION:3.0\nN:Doe;J;;;\nFN:J\nSORT-STRING:Doe\\, J\nPHOTO;ENCODING=b;TYPE=JPEG:AAEC\nPHOTO;BASE64:iVBORw0KGgoA\n\
         SOUND;TYPE=BASIC;VALUE=uri:http://x.org/a\nTEL;TYPE=home,pref;TYPE=voice:+1 555\nTEL;HOME;PREF:1\n\
         BDAY;VALUE=date;X-APPLE-OMIT-YEAR=1604:1604-05-03\nX-ANNIVERSARY:2009-08-08\nREV:2026-01-01T10:00:00Z\n\
         GEO:37.386013;-122.082932\nTZ:-05:00\nTZ;VALUE=text:Europe/Berlin\nADR;TYPE=work:;;Street 1;;;;\n\
         LABEL;TYPE=work:Street 1\\n\"X\"\nLABEL;TYPE=home:nowhere\nMAILER:x\nCLASS:PRIVATE\nAGENT:x\n\
         X-ADDRESSBOOKSERVER-KIND:group\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1\nNOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:a=C3=BC=0D=0Ab\n",
    );
    insta::assert_snapshot!(out, @r#"
    VERSION:4.0
    N;SORT-AS="Doe, J":Doe;J;;;
    FN:J
    PHOTO:data:image/jpeg;base64,AAEC
    PHOTO:data:image/png;base64,iVBORw0KGgoA
    SOUND;MEDIATYPE=audio/basic:http://x.org/a
    TEL;TYPE=home;TYPE=voice;PREF=1:+1 555
    TEL;TYPE=HOME;PREF=1:1
    BDAY:--0503
    ANNIVERSARY:20090808
    REV:20260101T100000Z
    GEO:geo:37.386013,-122.082932
    TZ;VALUE=utc-offset:-0500
    TZ:Europe/Berlin
    ADR;TYPE=work;LABEL=Street 1\n^'X^':;;Street 1;;;;
    LABEL;TYPE=home:nowhere
    MAILER:x
    CLASS:PRIVATE
    AGENT:x
    KIND:group
    MEMBER:urn:uuid:1
    NOTE:aü\nb
    "#);
    insta::assert_snapshot!(back, @r#"
    VERSION:3.0
    N:Doe;J;;;
    SORT-STRING:Doe\, J
    FN:J
    PHOTO;ENCODING=b;TYPE=JPEG:AAEC
    PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgoA
    SOUND;VALUE=uri;TYPE=BASIC:http://x.org/a
    TEL;TYPE=home;TYPE=voice;TYPE=pref:+1 555
    TEL;TYPE=HOME;TYPE=pref:1
    BDAY;X-APPLE-OMIT-YEAR=1604:1604-05-03
    X-ANNIVERSARY:2009-08-08
    REV:20260101T100000Z
    GEO:37.386013;-122.082932
    TZ:-05:00
    TZ;VALUE=text:Europe/Berlin
    ADR;TYPE=work:;;Street 1;;;;
    LABEL;TYPE=work:Street 1\n"X"
    LABEL;TYPE=home:nowhere
    MAILER:x
    CLASS:PRIVATE
    AGENT:x
    X-ADDRESSBOOKSERVER-KIND:group
    X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1
    NOTE:aü\nb
    "#);
}

#[test]
fn a_change_there_leaves_every_other_line_here_as_it_is() {
    let mapping = &versions(VCardVersion::V4);
    let here = Bytes::from(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nN:Doe;J;;;\r\nFN:J\r\nPHOTO;TYPE=JPEG;ENCOD\r\n ING=b:/9j/\r\n \r\nTEL;TYPE=pref,HOME:1\r\n\
         tel;type=WORK;type=pref:2\r\nBDAY:19700101\r\nEND:VCARD\r\n",
    );
    let there = String::from_utf8(mapping.shared(&here).to_vec()).unwrap();
    assert!(there.contains("PHOTO:data:image/jpeg;base64,/9j/\r\n"), "{there}");
    // The server spells it otherwise, and a phone has added a number.
    let changed =
        Bytes::from(there.replace("TEL;TYPE=HOME;PREF=1:1", "TEL;PREF=1:3\r\nTEL;PREF=1;TYPE=\"home\":1"));
    let after = mapping.here(&mapping.shared(&changed), Some(&here));
    let expected = String::from_utf8(here.to_vec()).unwrap();
    let expected = expected.replace("TEL;TYPE=pref,HOME:1", "TEL;TYPE=pref:3\r\nTEL;TYPE=pref,HOME:1");
    assert_eq!(String::from_utf8(after.to_vec()).unwrap(), expected);
}

#[test]
fn a_card_here_keeps_its_own_version() {
    let mapping = &versions(VCardVersion::V4);
    let here = card("VERSION:4.0\nFN:J\nTEL;PREF=1:1\n");
    let shared = card("VERSION:4.0\nFN:J\nTEL;PREF=1:1\nEMAIL;PREF=1:a@x\n");
    assert_eq!(mapping.here(&shared, Some(&here)), shared);
    assert_eq!(
        text(&mapping.here(&shared, None)),
        "VERSION:3.0\nFN:J\nN:;;;;\nTEL;TYPE=pref:1\nEMAIL;TYPE=pref:a@x\n"
    );
}

#[test]
fn a_preference_that_is_said_twice_pairs_no_label_a_second_time() {
    let mapping = versions(VCardVersion::V4);
    let here = card(
        "VERSION:3.0\nADR;TYPE=home,pref:;;Street;;;;\nLABEL;PREF=2;TYPE=\"home,pref\":a\nLABEL;TYPE=home,pref:b\n",
    );
    let shared = mapping.shared(&here);
    assert_eq!(mapping.shared(&shared), shared);
}

fn lines() -> impl Strategy<Value = String> {
    let typed = "(;TYPE=(home|WORK|pref|home,pref|\"home,pref\")|;PREF=[12]|;HOME|;X-A=\"b:c\"){0,2}";
    let values = [
        "(item1\\.)?TEL{P}(:|;VALUE=uri:tel:)(\\+49[ -])?[0-9 ()/-]{0,8}( ext\\. 5|;ext=5|x)?",
        "TEL:\\+[1-9]{1,2} (\\([0-9]{2}\\)|[0-9]{2}) [0-9]{2,4}( [0-9])?",
        "(X-AIM|X-ICQ|X-SKYPE|X-GTALK|X-JABBER){P}:[a-z :@,é%]{0,9}",
        "IMPP{P}:(aim|skype|xmpp|im|XMPP):[a-z@%20]{0,9}",
        "KIND:(group|org)",
        "(X-ADDRESSBOOKSERVER-)?MEMBER{P}:urn:uuid:[0-3]",
        "X-ADDRESSBOOKSERVER-KIND:group",
        "(PHOTO|KEY|SOUND){P}(;TYPE=JPEG|;TYPE=PGP)?(;ENCODING=b|;BASE64)?:[A-Z/9j]{0,8}",
        "(PHOTO|LOGO|KEY){P}(:|;VALUE=uri:|;MEDIATYPE=image/png:)(data:image/(jpeg|PNG);base64,AAEC|data:;base64,AA|http://x/a|data:x,y)",
        "(BDAY|ANNIVERSARY|X-ANNIVERSARY)(;VALUE=date)?:(1970-05-03|19700503|--0503|--05-03|1985|1970-05-03T10:00:00Z|19700503T1000)",
        "BDAY;X-APPLE-OMIT-YEAR=1[67]04:1[67]04-05-03",
        "GEO:(geo:1\\.5,2|1\\.5;2|x)",
        "TZ(;VALUE=text|;VALUE=utc-offset)?:(-05:00|-0500|Europe/Berlin|)",
        "N(;SORT-AS=(a|\"a,b\"))?:(Doe;J)?;;;",
        "FN:J",
        "SORT-STRING(;X=1)?:[a-z\\\\,]{0,4}",
        "(ADR|LABEL){P}:;;Street;;;;",
        "ADR{P};LABEL=\"[a-z\\^',]{0,5}(\\\\n)?x\":;;Street;;;;",
        "REV:(2026-01-01T10:00:00Z|20260101T100000Z)",
        "NOTE;ENCODING=QUOTED-PRINTABLE(;CHARSET=(UTF-8|LATIN1))?:a=C3=BC=0Ab",
        "(CLASS|MAILER|X-OWN|GENDER|UID){P}:[a-z]{0,5}",
        "no line",
    ];
    let line = prop::sample::select(values.to_vec()).prop_flat_map(move |pattern| {
        let pattern = pattern.replace("{P}", typed);
        proptest::string::string_regex(&format!("{pattern}(\r)?\n")).unwrap()
    });
    ("VERSION:([234]\\.[01])?\r?\n", prop::collection::vec(line, 0..9))
        .prop_map(|(version, lines)| version + &lines.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn translated_once_is_translated(lines in lines(), mapping in prop::sample::select(all())) {
        let shared = mapping.shared(&card(&lines));
        prop_assert_eq!(mapping.shared(&shared), shared);
    }

    #[test]
    fn what_is_written_says_what_it_should_on_both_sides(
        here in lines(), there in lines(), is_new in any::<bool>(), mapping in prop::sample::select(all()),
    ) {
        let (here, there) = (card(&here.replace("no line\n", "")), card(&there));
        let shared = mapping.shared(&here);
        prop_assume!(read(&shared).is_ok());
        let place = (!is_new).then_some(&there);
        for written in [mapping.here(&shared, place), mapping.on_server(&shared, place)] {
            let again = mapping.shared(&written);
            prop_assert_eq!(digest(&again), digest(&shared), "{} / {}", text(&written), text(&shared));
        }
    }

    #[test]
    fn what_says_the_same_already_is_left_to_the_octet(lines in lines(), mapping in prop::sample::select(all())) {
        let card = card(&lines);
        let shared = mapping.shared(&card);
        prop_assert_eq!(mapping.here(&shared, Some(&card)), card.clone());
        prop_assert_eq!(mapping.on_server(&shared, Some(&card)), card);
    }
}
