//! Arguments of tools and prompts, as they are typed.

use crate::exit::Fault;
use serde_json::Value;
use std::fmt;
use std::path::PathBuf;

/// All arguments of a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Arguments {
    /// Where an object with all of them comes from.
    pub(crate) whole: Option<Source>,
    /// Single ones, in their order, which override those of the object.
    pub(crate) singles: Vec<Single>,
}

/// One operand.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Argument {
    /// An object with every argument.
    Whole(Source),
    /// A name and a value.
    Single(Single),
}

/// One argument.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Single {
    pub(crate) name: String,
    pub(crate) value: Given,
}

/// A value as it was given.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Given {
    /// `k=text`: of the type that the schema says.
    Text(String),
    /// `k==text`: this text.
    Literal(String),
    /// `k:=JSON`: this value.
    Json(Value),
    /// `k=@FILE`: the text of the file.
    TextOf(Source),
    /// `k:=@FILE`: the value in the file.
    JsonOf(Source),
}

/// Where something longer is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

impl Arguments {
    /// Reads the operands behind a tool or prompt.
    ///
    /// # Errors
    /// When one is no argument, or two want the same.
    pub(crate) fn parse(operands: &[String]) -> Result<Self, Fault> {
        let mut all = Self::default();
        for operand in operands {
            match Argument::parse(operand)? {
                Argument::Single(single) => all.singles.push(single),
                Argument::Whole(_) if all.whole.is_some() => {
                    return Err(Fault::new(format!("`{operand}` is a second object of arguments"))
                        .hint("give one object, and single arguments as NAME=VALUE"));
                }
                Argument::Whole(source) => all.whole = Some(source),
            }
        }
        if all.sources().filter(|source| **source == Source::Stdin).count() > 1 {
            return Err(Fault::new("standard input cannot be read for two arguments")
                .hint("use a file for one of them"));
        }
        Ok(all)
    }

    fn sources(&self) -> impl Iterator<Item = &Source> {
        let singles = self.singles.iter().filter_map(|single| match &single.value {
            Given::TextOf(source) | Given::JsonOf(source) => Some(source),
            Given::Text(_) | Given::Literal(_) | Given::Json(_) => None,
        });
        self.whole.iter().chain(singles)
    }
}

impl Argument {
    /// Reads one operand.
    ///
    /// # Errors
    /// When it is no argument.
    pub(crate) fn parse(operand: &str) -> Result<Self, Fault> {
        if operand == "-" {
            return Ok(Self::Whole(Source::Stdin));
        }
        if let Some(path) = operand.strip_prefix('@') {
            return Source::parse(operand, path).map(Self::Whole);
        }
        let Some((name, value)) = operand.split_once('=') else {
            return Err(Fault::new(format!("`{operand}` is no argument")).hint(FORMS));
        };
        let (name, is_json) = match name.strip_suffix(':') {
            Some(name) => (name, true),
            None => (name, false),
        };
        if name.is_empty() {
            return Err(Fault::new(format!("`{operand}` has no name")).hint(FORMS));
        }
        let value = if is_json { Given::json(name, value)? } else { Given::text(operand, value)? };
        Ok(Self::Single(Single { name: name.to_owned(), value }))
    }
}

impl Given {
    fn json(name: &str, text: &str) -> Result<Self, Fault> {
        if let Some(path) = text.strip_prefix('@') {
            return Source::parse(&format!("{name}:=@"), path).map(Self::JsonOf);
        }
        serde_json::from_str(text).map(Self::Json).map_err(|error| {
            Fault::new(format!("`{name}:=` is not followed by JSON: {error}"))
                .hint(format!("write {name}=TEXT for text, and quote JSON: '{name}:={{\"a\":1}}'"))
        })
    }

    fn text(operand: &str, text: &str) -> Result<Self, Fault> {
        if let Some(literal) = text.strip_prefix('=') {
            return Ok(Self::Literal(literal.to_owned()));
        }
        match text.strip_prefix('@') {
            Some(path) => Source::parse(operand, path).map(Self::TextOf),
            None => Ok(Self::Text(text.to_owned())),
        }
    }
}

impl Single {
    /// The name and the text, where that is all there is.
    ///
    /// # Errors
    /// When the value is something else than text on the command line.
    pub(crate) fn plain(self) -> Result<(String, String), Fault> {
        match self.value {
            Given::Text(text) | Given::Literal(text) => Ok((self.name, text)),
            Given::Json(_) | Given::TextOf(_) | Given::JsonOf(_) => {
                Err(Fault::new(format!("`{}` is given as something else than text", self.name))
                    .hint(format!("write {}=TEXT", self.name)))
            }
        }
    }
}

impl Source {
    fn parse(operand: &str, path: &str) -> Result<Self, Fault> {
        match path {
            "" => Err(Fault::new(format!("`{operand}` names no file after `@`")).hint(
                "write @FILE, @- for standard input, or NAME==@… for text that begins with @",
            )),
            "-" => Ok(Self::Stdin),
            path => Ok(Self::File(path.into())),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Stdin => f.write_str("standard input"),
        }
    }
}

const FORMS: &str = "write NAME=TEXT, NAME:=JSON, NAME=@FILE, NAME:=@FILE, NAME==TEXT, or @FILE or - for a whole object";
