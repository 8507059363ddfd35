//! A `tracing` layer that records the spans of the event store.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// The spans so far, in the order in which they began. Ids and capacity units are left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorded(Arc<Mutex<Vec<Span>>>);

#[derive(Debug)]
struct Span {
    id: u64,
    depth: usize,
    name: &'static str,
    fields: Fields,
}

#[derive(Debug, Default)]
struct Fields(String);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if !["id", "command_id", "read_units", "write_units"].contains(&field.name()) {
            write!(self.0, " {}={value:?}", field.name()).unwrap();
        }
    }
}

impl Recorded {
    /// Takes the recorded spans: one a line, indented below its parent.
    pub(crate) fn take(&self) -> String {
        let spans = std::mem::take(&mut *self.0.lock().unwrap());
        let line = |Span { depth, name, fields, .. }: &Span| {
            format!("{:indent$}{name}{}\n", "", fields.0, indent = 2 * depth)
        };
        spans.iter().map(line).collect()
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorded {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().target() != "event_store" {
            return;
        }
        assert_eq!(*attributes.metadata().level(), Level::DEBUG);
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let depth = context.span_scope(id).map_or(0, |scope| {
            scope.skip(1).filter(|span| span.metadata().target() == "event_store").count()
        });
        let name = attributes.metadata().name();
        self.0.lock().unwrap().push(Span { id: id.into_u64(), depth, name, fields });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut spans = self.0.lock().unwrap();
        // The id of a closed span is reused: the newest span with this id is meant.
        if let Some(span) = spans.iter_mut().rev().find(|span| span.id == id.into_u64()) {
            values.record(&mut span.fields);
        }
    }
}
