//! `cfg` belongs on modules and items: inside a function body it makes two functions that look like one.

use super::source::{without_literals, without_tests};
use crate::workspace::Tree;

/// Every `#[cfg(…)]` and `cfg!(…)` inside a function body of a published crate.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let product = tree.rust().filter(|file| file.is_product());
    let findings = product.flat_map(|file| {
        let lines = inside_bodies(&without_tests(&without_literals(&file.text)));
        lines
            .into_iter()
            .map(|line| format!("{}:{line} has a cfg inside a function body", file.path))
    });
    findings.collect()
}

/// Lines of the `cfg`s inside of functions, found by braces: a block whose header has the word `fn` is a body.
fn inside_bodies(code: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let (mut line, mut depth, mut parens) = (1, 0_usize, 0_usize);
    // The depth of the function that we are in, and the text since the last item ended.
    let mut body: Option<usize> = None;
    let mut header = String::new();
    for (at, c) in code.char_indices() {
        match c {
            '\n' => line += 1,
            '(' | '[' => parens += 1,
            ')' | ']' => parens = parens.saturating_sub(1),
            '{' => {
                if body.is_none()
                    && header
                        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                        .any(|word| word == "fn")
                {
                    body = Some(depth);
                }
                depth += 1;
            }
            '}' => {
                depth = depth.saturating_sub(1);
                body = body.filter(|start| *start < depth);
            }
            _ => {}
        }
        if matches!(c, '{' | '}') || (c == ';' && parens == 0) {
            header.clear();
        } else {
            header.push(c);
        }
        let rest = &code[at..];
        if body.is_some() && (rest.starts_with("#[cfg(") || rest.starts_with("cfg!(")) {
            found.push(line);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::inside_bodies;

    #[test]
    fn a_cfg_in_a_body_is_found() {
        let code = "fn f(x: [u8; 4]) -> X {\n    #[cfg(unix)]\n    g();\n    if cfg!(unix) { h() }\n}\n#[cfg(unix)]\nfn g() {}\n";
        assert_eq!(inside_bodies(code), [2, 4]);
    }

    #[test]
    fn a_cfg_on_an_item_is_fine() {
        let code = "#[cfg(unix)]\nmod a {\n    #[cfg(unix)]\n    impl X {\n        #[cfg(unix)]\n        fn f() {}\n        #[cfg(unix)]\n        const Y: u8 = 1;\n    }\n}\n";
        assert_eq!(inside_bodies(code), Vec::<usize>::new());
        assert_eq!(
            inside_bodies("struct X {\n    f: fn(u8),\n    #[cfg(unix)]\n    g: u8,\n}\n"),
            Vec::<usize>::new()
        );
    }
}
