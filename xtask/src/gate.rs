//! Figures that a task fails on.

/// One figure and the most it may be.
pub(crate) struct Gate {
    pub(crate) what: String,
    pub(crate) value: f64,
    pub(crate) most: f64,
    /// What we would like it to be.
    pub(crate) aim: Option<f64>,
}

impl Gate {
    pub(crate) fn new(what: impl Into<String>, value: f64, most: f64) -> Self {
        Self { what: what.into(), value, most, aim: None }
    }

    pub(crate) fn aim(mut self, aim: f64) -> Self {
        self.aim = Some(aim);
        self
    }

    pub(crate) fn holds(&self) -> bool {
        self.value <= self.most
    }

    fn print(&self) {
        let aim = self.aim.map_or_else(String::new, |aim| format!("{aim:.0}"));
        let verdict = if self.holds() { "ok" } else { "FAILED" };
        println!("{:<60} {:>10.1} {:>10.1} {aim:>10}  {verdict}", self.what, self.value, self.most);
    }
}

/// Prints all gates of a task; an error when one does not hold.
pub(crate) fn judge(task: &str, gates: &[Gate]) -> Result<(), String> {
    println!("\n{:<60} {:>10} {:>10} {:>10}  verdict", "gate", "measured", "at most", "aim");
    gates.iter().for_each(Gate::print);
    let red = gates.iter().filter(|gate| !gate.holds()).count();
    println!("{task}: {} passed, {red} failed", gates.len() - red);
    if red == 0 { Ok(()) } else { Err(format!("{red} of {} {task} gates failed", gates.len())) }
}

/// Bytes as MiB.
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    kibibytes(bytes) / 1024.0
}

/// Bytes as KiB.
pub(crate) fn kibibytes(bytes: u64) -> f64 {
    // Exact below 2^52 bytes.
    #[expect(
        clippy::cast_precision_loss,
        reason = "sizes of programs and processes are far below 2^52"
    )]
    let bytes = bytes as f64;
    bytes / 1024.0
}

/// The value that so large a part of all values, between 0 and 1, does not exceed; NaN of none.
pub(crate) fn quantile(values: &[f64], part: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index between 0 and the length"
    )]
    let at = ((values.len() as f64 * part) as usize).min(values.len().saturating_sub(1));
    values.get(at).copied().unwrap_or(f64::NAN)
}

/// The value in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

#[cfg(test)]
mod tests {
    use super::{Gate, judge, mebibytes, median, quantile};

    #[test]
    fn a_gate_holds_up_to_its_limit() {
        let gate = |value| Gate::new("x", value, 24.0);
        assert!(gate(24.0).holds());
        assert!(!gate(24.1).holds());
        assert!(!gate(f64::NAN).holds());
        assert!(judge("x", &[gate(1.0)]).is_ok());
        assert!(judge("x", &[gate(1.0), gate(25.0)]).is_err());
    }

    #[test]
    fn memory_is_shown_in_mebibytes() {
        assert!((mebibytes(3 * 1024 * 1024) - 3.0).abs() < f64::EPSILON);
    }

    #[test]
    fn quantiles_are_values_that_were_there() {
        let close = |a: f64, b: f64| (a - b).abs() < f64::EPSILON;
        let values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert!(close(quantile(&values, 0.95), 96.0) && close(quantile(&values, 1.0), 100.0));
        assert!(close(median(&[3.0, 1.0, 2.0]), 2.0));
        assert!(median(&[]).is_nan());
    }
}
