use std::fmt::Write;

use crate::uri_template::{Obstacle, UriTemplate, Value, Variables};

/// What `template` finds in `uri`, as `name=text` and `name=[item item]`.
fn found(template: &str, uri: &str) -> Option<String> {
    let matcher = UriTemplate::parse(template).unwrap().matcher().expect(template);
    matcher.matches(uri).map(|variables| print(&variables))
}

fn print(variables: &Variables) -> String {
    let mut text = String::new();
    for (name, value) in variables.iter() {
        match value {
            Value::Text(value) => write!(text, " {name}={value}").unwrap(),
            Value::List(list) => write!(text, " {name}={list:?}").unwrap(),
            Value::Map(_) => panic!("maps are never matched"),
        }
    }
    text.trim_start().to_owned()
}

#[test]
fn uris_match() {
    let cases = [
        ("", "", ""),
        ("test://static", "test://static", ""),
        ("test://template/{id}/data", "test://template/7/data", "id=7"),
        ("test://template/{id}/data", "test://template/a%20b/data", "id=a b"),
        ("test://template/{id}/data", "test://template/%C3%A9/data", "id=é"),
        ("test://template/{id}/data", "test://template/é/data", "id=é"),
        ("test://template/{id}/data", "test://template/a b/data", "id=a b"),
        ("test://template/{id}/data", "test://template/%2e%2E/data", "id=.."),
        ("{a}.{b}", "x.y.z", "a=x b=y.z"),
        ("{a}.json", "x.json.json", "a=x.json"),
        ("{a}-{b}.json", "x-y-z.json.json", "a=x b=y-z.json"),
        ("{a}22{b}", "%2022x", "a=  b=x"),
        ("{a}2{b}", "%202x", "a=  b=x"),
        ("{a}aab{b}", "aaaabx", "a=aa b=x"),
        ("{a}ab{b}ab{c}/", "abababababab/", "a=ab b=ab c=abab"),
        ("{a,b}", "1,2", "a=1 b=2"),
        ("/%7Ea/{x}", "/~a/1", "x=1"),
        ("/~a/%2f{x}", "/%7ea/%2F1", "x=1"),
        ("{.a,b}", ".x.y", "a=x b=y"),
        ("{/a,b}", "/x/y", "a=x b=y"),
        ("{/a,b}", "/x", "a=x"),
        ("{/a,b}", "", ""),
        ("{/a,b}/end", "/x/end/end", "a=x b=end"),
        ("{/a*}", "/x/y/z", r#"a=["x", "y", "z"]"#),
        ("{/a*}", "/", r#"a=[""]"#),
        ("{/a,b*}", "/x/y/z", r#"a=x b=["y", "z"]"#),
        ("{/a,b*}", "/x", "a=x"),
        ("{a}{/b*}/end", "x/y/end/end", r#"a=x b=["y", "end"]"#),
        ("{a}-x{/b*}", "q-x-x/y", r#"a=q-x b=["y"]"#),
        ("{/a*}-{b}.txt", "/x/y-1-2.txt", r#"a=["x", "y-1"] b=2"#),
        ("x{/a*}.json", "x/y.json.json", r#"a=["y.json"]"#),
        ("{a*}", "x,y,", r#"a=["x", "y", ""]"#),
        ("{a}-{b*}/", "x-y-1,z/", r#"a=x b=["y-1", "z"]"#),
        ("file:///{+path}", "file:///a/b%20c.txt", "path=a/b c.txt"),
        ("file:///{+path}", "file:///../%2e%2e%2fx?y#z", "path=../../x?y#z"),
        ("{+path}.md", "a/b.md.md", "path=a/b.md"),
        ("{a}/{+path}/{b}", "1/2/3/4", "a=1 path=2/3 b=4"),
        ("{a}-{+path}-{b}", "1-2-3-4", "a=1 path=2-3 b=4"),
        ("x{+p}/{a}-{b}", "x/y/1-2-3", "p=/y a=1-2 b=3"),
        ("x{;a,b*}", "x;b=1;a=2;b", r#"a=2 b=["1", ""]"#),
        ("{x}{;a}/end", "q;a=1/end", "x=q a=1"),
        ("{x}{;a}", "q", "x=q"),
        ("{?a,b*}", "", ""),
        ("/s{?a,b*}", "/s?b=1&a=2&b=%2F%26", r#"a=2 b=["1", "/&"]"#),
        ("/s{?a}", "/s?a", "a="),
        ("/s{?a}", "/s?a=", "a="),
        ("/s?x=1&y={y}{&b}", "/s?x=1&y=2&b=3", "y=2 b=3"),
        ("/s?x=1{&b}", "/s?x=1", ""),
        ("/{+p}{?a}", "/x/y?a=1", "p=x/y a=1"),
        ("/{+p}{?a}{#f}", "/x/y?a=1#/z?%20", "p=x/y a=1 f=/z? "),
        ("/{a}{#f}", "/x", "a=x"),
        ("/{a}{#f}", "/x#", "a=x f="),
        ("{/a}{/b*}", "/x/y/z", r#"a=x b=["y", "z"]"#),
        ("{+a}{/b}", "x/y/z", "a=x/y b=z"),
        ("{%41}", "x", "%41=x"),
    ];
    for (template, uri, expected) in cases {
        assert_eq!(found(template, uri).as_deref(), Some(expected), "{template} {uri}");
    }
}

#[test]
fn uris_do_not_match() {
    let cases = [
        ("", "x"),
        ("x", ""),
        ("x", "xy"),
        ("{a}", ""),
        ("{a}", "x/y"),
        ("{a}", "x%2Fy"),
        ("{a}", "x%2fy"),
        ("{a}", "x,y"),
        ("{a}", "x?y"),
        ("{a}", "x#y"),
        ("{a}", "%"),
        ("{a}", "%4"),
        ("{a}", "%zz"),
        ("{a}", "%ff"),
        ("{a}", "%c3"),
        ("{a}", "x\n"),
        ("{a}", "x\0"),
        ("test://template/{id}/data", "test://template//data"),
        ("test://template/{id}/data", "test://template/a/b/data"),
        ("test://template/{id}/data", "test://template/a/data/"),
        ("test://template/{id}/data", "TEST://template/a/data"),
        ("{a}.json", ".json"),
        ("{a}.{b}", "x."),
        ("{a}-{b}", "xy"),
        ("{a,b}", "1"),
        ("{/a,b}", "/x/y/z"),
        ("{/a,b}", "//y"),
        ("{/a,b}", "x/y"),
        ("{/a}/end", "/end"),
        ("{/a*}/end", "/end"),
        ("{/a*}", "/x%2Fy"),
        ("{/a*}", "/x?y"),
        ("{a*}", ""),
        ("{a*}", "k=v"),
        ("{+a}", ""),
        ("x/{+a}/x", "x/x"),
        ("x/{+a}/x", "x//x"),
        ("x{;a}", "x;"),
        ("x{;a}", "x;b=1"),
        ("x{;a}", "x;a=1;a=2"),
        ("x{;a}", "x;a=%2F"),
        ("x{;a}", "xy;a=1"),
        ("/s{?a}", "/s?"),
        ("/s{?a}", "/s?b=1"),
        ("/s{?a}", "/s?a=1&a=2"),
        ("/s{?a}", "/s?a=1&"),
        ("/s{?a}", "/s?a=/"),
        ("/s{?a}", "/s?a=1#x"),
        ("/s?x=1{&b}", "/s?x=1&c=1"),
        ("/s?x=1{&b}", "/s?x=2&b=1"),
    ];
    for (template, uri) in cases {
        assert_eq!(found(template, uri), None, "{template} {uri}");
    }
}

#[test]
fn what_a_match_finds_expands_to_the_same_uri() {
    let cases = [
        ("test://template/{id}/data", "test://template/a%20b/data"),
        ("{a}-{b}.json", "x-y-z.json.json"),
        ("file:///{+path}", "file:///a/b%20c.txt"),
        ("{/a,b*}{?c,d*}{#e}", "/x/y/z?c=%2F&d=1&d=2#/?"),
        ("x{;a,b*}", "x;a=1;b=2;b=3"),
        ("{a*}", "1,2,3"),
    ];
    for (template, uri) in cases {
        let template = UriTemplate::parse(template).unwrap();
        let variables = template.matcher().unwrap().matches(uri).expect(uri);
        assert_eq!(template.expand(&variables).unwrap(), uri);
    }
}

#[test]
fn ambiguous_templates_are_refused() {
    use Obstacle::{Adjacent, Explode, Order, Prefix, Repeated, SecondWide};
    let cases = [
        ("{a}{b}", Adjacent, 3),
        ("{a}{+b}", Adjacent, 3),
        ("{+a}{b}", Adjacent, 4),
        ("{a}{b*}", Adjacent, 3),
        ("{/a*}{b}", Adjacent, 5),
        ("{a}{;p}.json", Adjacent, 3),
        ("{a}-x{;p}.json", Adjacent, 5),
        ("{+a}/{+b}", SecondWide, 5),
        ("{+a,b}", SecondWide, 0),
        ("{#a,b}", SecondWide, 0),
        ("{/a*}/x{/b*}", SecondWide, 7),
        ("{/a*,b}", SecondWide, 0),
        ("{+a}?x{&b}", SecondWide, 6),
        ("{a:3}", Prefix, 0),
        ("{?a:3}", Prefix, 0),
        ("{.a*}", Explode, 0),
        ("{+a*}", Explode, 0),
        ("{#a*}", Explode, 0),
        ("{a}/{a}", Repeated, 4),
        ("{a}{?b,a}", Repeated, 3),
        ("{?a}/x", Order, 0),
        ("{?a}{b}", Order, 4),
        ("{?a}{?b}", Order, 4),
        ("{?a}{&b}", Order, 4),
        ("?x{&a}{&b}", Order, 6),
        ("x?y{?a}", Order, 3),
        ("x#y{#a}", Order, 3),
        ("{#a}{?b}", Order, 0),
    ];
    for (template, obstacle, position) in cases {
        let error = UriTemplate::parse(template).unwrap().matcher().expect_err(template);
        assert_eq!((error.obstacle, error.position), (obstacle, position), "{template}");
    }
}

#[test]
fn matching_takes_linear_time() {
    // Each grows with the number, up to a URI of 64 KiB, and tempts a matcher to try again and again.
    let repeat = |piece: &str, count: usize| piece.repeat(count);
    type Make<'a> = &'a dyn Fn(usize) -> (String, String);
    let cases: &[(&str, Make<'_>)] = &[
        ("list of segments", &|n| ("{a}/{b*}/x".into(), repeat("a,", n / 2))),
        ("many small variables", &|n| {
            let template = (0..200).map(|i| format!("{{a{i}}}a")).collect();
            (template, repeat("a", n) + "/")
        }),
        ("partial literals", &|n| {
            ("{a}".to_owned() + &repeat("a", 4_000) + "b{c}", repeat("a", n))
        }),
        ("encoded partial literals", &|n| {
            ("{a}".to_owned() + &repeat("%22", 1_000) + "b{c}", repeat("%22", n / 3))
        }),
        ("from both ends", &|n| {
            ("{a}-{b}ab{+c}ab{d}-{e}".into(), repeat("a", n / 2) + "-" + &repeat("b", n / 2))
        }),
        ("segments", &|n| ("{/a*}/end".into(), repeat("/", n))),
        ("query", &|n| {
            let names: Vec<_> = (0..250).map(|i| format!("a{i}*")).collect();
            (format!("{{?{}}}", names.join(",")), "?".to_owned() + &repeat("a0&", n / 3 - 1))
        }),
        ("parameters", &|n| ("x{;a*}y".into(), "x".to_owned() + &repeat(";a", n / 2 - 1))),
    ];
    for (name, make) in cases {
        for size in [1 << 10, 1 << 13, 1 << 16] {
            let (template, uri) = make(size - 1);
            let matcher = UriTemplate::parse(&template).unwrap().matcher().unwrap();
            let (_, steps) = matcher.matches_counted(&uri);
            assert!(steps <= 4 * (uri.len() + template.len()), "{name}: {steps} for {}", uri.len());
        }
    }
}
