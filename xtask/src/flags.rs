//! The little that the tasks need of a command line: `--name value` and `--name`.

/// The flags of one task, taken one by one; what is left at the end is an error.
pub(crate) struct Flags {
    rest: Vec<String>,
}

impl Flags {
    /// The arguments after the task's name.
    pub(crate) fn new(args: &[String]) -> Self {
        Self { rest: args.to_vec() }
    }

    /// Takes `--name value`.
    pub(crate) fn value(&mut self, name: &str) -> Result<Option<String>, String> {
        let Some(at) = self.rest.iter().position(|arg| arg == name) else { return Ok(None) };
        if at + 1 == self.rest.len() {
            return Err(format!("{name} needs a value"));
        }
        self.rest.remove(at);
        Ok(Some(self.rest.remove(at)))
    }

    /// Takes `--name`.
    pub(crate) fn switch(&mut self, name: &str) -> bool {
        let found = self.rest.iter().position(|arg| arg == name);
        found.map(|at| self.rest.remove(at)).is_some()
    }

    /// The operands, once every flag was taken; an unknown flag is an error.
    pub(crate) fn operands(self) -> Result<Vec<String>, String> {
        match self.rest.iter().find(|arg| arg.starts_with('-')) {
            Some(unknown) => Err(format!("unknown flag {unknown}; `cargo xtask` lists the flags")),
            None => Ok(self.rest),
        }
    }

    /// Ends the command line: neither flags nor operands may be left.
    pub(crate) fn end(self) -> Result<(), String> {
        match self.operands()?.first() {
            Some(operand) => Err(format!("unexpected argument {operand}")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Flags;

    fn flags(line: &str) -> Flags {
        Flags::new(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn values_switches_and_operands_are_told_apart() {
        let mut taken = flags("fmt --leg server --all tidy");
        assert_eq!(taken.value("--leg").unwrap().as_deref(), Some("server"));
        assert!(taken.switch("--all"));
        assert!(!taken.switch("--all"));
        assert_eq!(taken.operands().unwrap(), ["fmt", "tidy"]);
    }

    #[test]
    fn what_nobody_takes_is_an_error() {
        assert_eq!(flags("--leg").value("--leg").unwrap_err(), "--leg needs a value");
        assert!(flags("--frob").end().unwrap_err().starts_with("unknown flag --frob"));
        assert_eq!(flags("frob").end().unwrap_err(), "unexpected argument frob");
    }
}
