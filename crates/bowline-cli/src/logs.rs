//! Everything on standard error: notices to whoever started this, and the log.

use crate::args::LogArgs;
use crate::escape;
use crate::exit::Fault;
use crate::show::screen;
use clap::ValueEnum;
use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal, Write};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The form of standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Lines for people
    Human,
    /// One JSON object a line
    Json,
}

impl Format {
    /// What was typed, or what fits whoever reads standard error.
    pub(crate) fn of(args: LogArgs) -> Self {
        let fitting = || if io::stderr().is_terminal() { Self::Human } else { Self::Json };
        args.log_format.unwrap_or_else(fitting)
    }
}

/// Starts the log.
///
/// # Errors
/// When `BOWLINE_LOG` cannot be read.
pub(crate) fn start(args: LogArgs, format: Format) -> Result<(), Fault> {
    let builder = tracing_subscriber::fmt().with_env_filter(filter(args)?);
    match format {
        Format::Human => {
            let color = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            builder.with_writer(|| screen::Stderr).event_format(Human { color }).init();
        }
        Format::Json => builder
            .with_writer(|| Escaped(screen::Stderr))
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .init(),
    }
    Ok(())
}

/// Tells whoever started this something that is no event: where we listen, how to call us.
pub(crate) fn notice(format: Format, args: LogArgs, text: &str) {
    if args.quiet {
        return;
    }
    match format {
        Format::Human => {
            screen::write(&format!("{}\n", escape::escape(text)));
        }
        Format::Json => tracing::info!(target: NOTICE, "{text}"),
    }
}

/// Notices pass every filter; whoever wants none says so with `--quiet`.
const NOTICE: &str = "bowline::notice";
const FILTER: &str = "BOWLINE_LOG";

fn filter(args: LogArgs) -> Result<EnvFilter, Fault> {
    let level = match (args.quiet, args.verbose) {
        (true, _) => "error",
        (false, 0) => "warn,bowline=info",
        (false, 1) => "info,bowline=debug,bowline_protocol=debug",
        (false, _) => "trace",
    };
    let wanted = std::env::var(FILTER).ok().filter(|wanted| !wanted.is_empty());
    let filter = match &wanted {
        Some(wanted) => EnvFilter::try_new(wanted).map_err(|error| {
            Fault::new(format!("{FILTER}={wanted:?} is no filter: {error}"))
                .hint(format!("write levels by module, such as {FILTER}=warn,bowline=debug"))
        })?,
        None => EnvFilter::new(level),
    };
    Ok(match format!("{NOTICE}=info").parse() {
        Ok(notices) if !args.quiet => filter.add_directive(notices),
        _ => filter,
    })
}

/// One event on one line: time, level, message, fields; nothing in it can steer a terminal.
struct Human {
    color: bool,
}

impl<S, N> FormatEvent<S, N> for Human
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let (color, name) = match *event.metadata().level() {
            Level::ERROR => ("31", "error"),
            Level::WARN => ("33", "warn"),
            Level::INFO => ("32", "info"),
            Level::DEBUG => ("34", "debug"),
            Level::TRACE => ("35", "trace"),
        };
        SystemTime.format_time(&mut writer)?;
        if self.color {
            write!(writer, " \x1b[{color}m{name}\x1b[0m")?;
        } else {
            write!(writer, " {name}")?;
        }
        let mut line = Line::default();
        event.record(&mut line);
        // One event is one line, whatever a peer put into it.
        let line = line.message + &line.fields;
        writeln!(writer, " {}", escape::line(&line))
    }
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message.push_str(value);
        } else {
            let _ = write!(self.fields, " {}={value:?}", field.name());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

/// Lines of JSON in which nothing can steer a terminal that shows them.
struct Escaped<W>(W);

impl<W: Write> Write for Escaped<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match str::from_utf8(bytes) {
            Ok(line) => self.0.write_all(escape::json(line).as_bytes())?,
            Err(_) => self.0.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
