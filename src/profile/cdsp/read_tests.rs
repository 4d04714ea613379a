use super::*;

fn wrong(text: &str) -> String {
    let (line, what) = read(text).unwrap_err();
    format!("{line}: {what}")
}

fn one(elements: &str) -> Options {
    let mut document =
        read(&format!("<ArrayOfOptions><Options>{elements}</Options></ArrayOfOptions>")).unwrap();
    document.profiles.remove(0)
}

#[test]
fn elements_and_their_texts() {
    let options = one(
        "<!-- x --><Name>B&amp;B &#228; <![CDATA[<x>]]></Name><EmailAddress /><A xsi:nil=\"true\" /><U a='1'>\r\n<V/></U>\
         <M q:type=\"q2:EventMappingConfiguration\"/>",
    );
    assert_eq!(options.text("Name"), Some("B&B ä <x>"));
    assert_eq!(options.find("EmailAddress").map(|element| element.text.as_str()), Some(""));
    assert_eq!(options.find("A"), None, "null is the same as nothing");
    assert_eq!(options.find("U").unwrap().attributes, [("a".to_owned(), "1".to_owned())]);
    assert_eq!(options.find("M").unwrap().kind(), Some("EventMappingConfiguration"));
}

#[test]
fn what_is_no_whole_xml_is_told_with_its_line() {
    insta::assert_snapshot!(wrong("<ArrayOfOptions>\n  <Options>\n    <Name>x</Nmae>\n"), @"3: this is no XML: ill-formed document: expected `</Name>`, but `</Nmae>` was found; export the profiles anew");
    insta::assert_snapshot!(wrong("<ArrayOfOptions>\n  <Options>\n    <Name>x"), @"3: the file ends within <Name>; it is not whole, so export the profiles anew");
    insta::assert_snapshot!(wrong("<ArrayOfOptions>\n<Options>\n&nbsp;</Options></ArrayOfOptions>"), @"3: the entity &nbsp; is not known; export the profiles anew");
    insta::assert_snapshot!(wrong("<ArrayOfOptions/>\n<ArrayOfOptions/>"), @"2: there is more after the end; export the profiles anew");
    insta::assert_snapshot!(wrong("<ArrayOfOptions>\n<a b=c/></ArrayOfOptions>"), @r#"2: this is no XML: position 4: attribute value must be enclosed in `"` or `'`"#);
    insta::assert_snapshot!(wrong("hello\n"), @"1: there is text outside of the elements; export the profiles anew");
    insta::assert_snapshot!(wrong(""), @"1: the file holds no profiles; export them to a .cdsp file");
    insta::assert_snapshot!(wrong("<html><body/></html>"), @"1: this is no file of profiles: it begins with <html>, not with <ArrayOfOptions>; export the profiles to a .cdsp file");
}

#[test]
fn entities_are_not_defined() {
    let bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>\n\
                <ArrayOfOptions><Options><Name>&b;</Name></Options></ArrayOfOptions>";
    insta::assert_snapshot!(wrong(bomb), @"2: the file has a document type definition, which no file of profiles has and which could do harm; export the profiles anew");
    let external = "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n<ArrayOfOptions><Options><Name>&x;</Name>\
                    </Options></ArrayOfOptions>";
    insta::assert_snapshot!(wrong(external), @"1: the file has a document type definition, which no file of profiles has and which could do harm; export the profiles anew");
}

#[test]
fn depth_and_number_are_bounded() {
    insta::assert_snapshot!(wrong(&"<a>\n".repeat(100_000)), @"17: the elements are nested too deep for a file of profiles");
    let many = format!("<ArrayOfOptions>{}</ArrayOfOptions>", "<a/>".repeat(MOST_ELEMENTS));
    insta::assert_snapshot!(wrong(&many), @"1: there are too many elements for a file of profiles");
}

#[test]
fn what_stands_where_no_program_puts_it_is_named() {
    let document =
        read("<ArrayOfOptions><Odd/><Options><p:Name>x</p:Name><Name>y</Name></Options></ArrayOfOptions>")
            .unwrap();
    assert_eq!(document.stray, ["p:Name", "Odd"]);
    assert_eq!(document.profiles[0].text("Name"), Some("y"));
    assert_eq!(document.profiles[0].0.len(), 1);
}

#[test]
fn elements_of_a_fragment() {
    let options = one("<Name>a\nb</Name><ProxyOptions><ProxyUrl>&lt;</ProxyUrl></ProxyOptions>");
    assert_eq!(read_fragment(&super::super::write::fragment(&options)), Ok(options));
    assert_eq!(read_fragment(""), Ok(Options::default()));
    assert!(read_fragment("</Options><Options>").is_err());
}

#[test]
fn a_profile_of_countless_elements_is_none() {
    let many: String = (0..2_000).map(|n| format!("<A{n}/>")).collect();
    let text = format!("<ArrayOfOptions><Options><Name>Busy</Name>{many}</Options></ArrayOfOptions>");
    insta::assert_snapshot!(wrong(&text), @r#"1: the profile "Busy" has far more elements than a profile has; export the profiles anew"#);
}
