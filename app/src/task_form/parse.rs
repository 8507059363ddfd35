use domain::figures;
use domain::inventory_item::{
    AdjustStock, ChangeMaxQuantity, CheckInItems, CreateInventoryItem, DeactivateInventoryItem,
    InventoryItemCommand as Command, ReactivateInventoryItem, RemovalReason, RemoveItems,
    RenameInventoryItem, SetReorderLevel, Task,
};

use super::spec::spec;
use super::{FieldProblem, Fields};

/// Converts the fields to a command.
///
/// The domain decides whether the command is valid: only input that cannot be read as a command is
/// a problem here.
///
/// # Errors
/// The first field that is missing or is not a whole number or a known reason.
pub fn parse(task: Task, fields: &Fields) -> Result<Command, FieldProblem> {
    let form = Form { task, fields };
    Ok(match task {
        Task::Create => Command::CreateInventoryItem(CreateInventoryItem {
            name: form.line("name")?,
            sku: form.line("sku")?,
            unit: form.line("unit")?,
            max_quantity: form.optional_count("max_quantity")?,
        }),
        Task::CheckIn => Command::CheckInItems(CheckInItems {
            quantity: form.count("quantity")?,
            reference: form.optional_line("reference"),
            unit_cost: None,
        }),
        Task::Remove | Task::WriteOffRemaining => Command::RemoveItems(RemoveItems {
            quantity: form.count("quantity")?,
            reason: form.removal_reason("reason")?,
        }),
        Task::Adjust => Command::AdjustStock(AdjustStock {
            counted: form.count("counted")?,
            reason: form.optional_line("reason").unwrap_or_default(),
        }),
        Task::Rename => {
            Command::RenameInventoryItem(RenameInventoryItem { name: form.line("name")? })
        }
        Task::ChangeMaximum => Command::ChangeMaxQuantity(ChangeMaxQuantity {
            max_quantity: form.optional_count("max_quantity")?,
        }),
        Task::SetReorderLevel => {
            Command::SetReorderLevel(SetReorderLevel { level: form.count("level")? })
        }
        Task::Deactivate => Command::DeactivateInventoryItem(DeactivateInventoryItem {
            reason: form.line("reason")?,
        }),
        Task::Reactivate => Command::ReactivateInventoryItem(ReactivateInventoryItem {}),
    })
}

struct Form<'a> {
    task: Task,
    fields: &'a Fields,
}

impl Form<'_> {
    fn line(&self, name: &'static str) -> Result<String, FieldProblem> {
        self.optional_line(name).ok_or_else(|| self.problem(name, "must not be blank", true))
    }

    fn optional_line(&self, name: &'static str) -> Option<String> {
        let text = self.fields.get(name).trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn count(&self, name: &'static str) -> Result<i64, FieldProblem> {
        self.optional_count(name)?.ok_or_else(|| self.problem(name, "must not be blank", true))
    }

    /// Reads a figure in every form in which the page prints it.
    fn optional_count(&self, name: &'static str) -> Result<Option<i64>, FieldProblem> {
        let text = self.fields.get(name).trim();
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = || self.problem(name, "must be a whole number, such as 1200 or 1,200", false);
        figures::read(text).map(Some).ok_or_else(wrong)
    }

    fn removal_reason(&self, name: &'static str) -> Result<RemovalReason, FieldProblem> {
        let text = self.line(name)?;
        text.parse().map_err(|_| self.problem(name, "must be one of the listed options", false))
    }

    fn problem(&self, field: &'static str, fault: &str, missing: bool) -> FieldProblem {
        let label = spec(self.task).iter().find(|s| s.name == field).map_or(field, |s| s.label);
        FieldProblem { field, message: format!("{label} {fault}."), missing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn a_filled_form_parses_to_a_command() {
        let form = fields(&[("quantity", " 1,200 "), ("reference", " PO 1182 ")]);
        let command =
            CheckInItems { quantity: 1_200, reference: Some("PO 1182".into()), unit_cost: None };
        assert_eq!(parse(Task::CheckIn, &form), Ok(Command::CheckInItems(command)));
    }

    #[test]
    fn an_empty_optional_field_is_left_out() {
        let form = fields(&[("quantity", "1"), ("reference", "  ")]);
        let command = CheckInItems { quantity: 1, reference: None, unit_cost: None };
        assert_eq!(parse(Task::CheckIn, &form), Ok(Command::CheckInItems(command)));
        assert_eq!(
            parse(Task::ChangeMaximum, &Fields::default()),
            Ok(Command::ChangeMaxQuantity(ChangeMaxQuantity { max_quantity: None })),
        );
    }

    #[test]
    fn unreadable_input_names_its_field() {
        for text in ["1.5", "1,5", "1.000", "ten", "9223372036854775808", "-", "0x1"] {
            let problem = parse(Task::Adjust, &fields(&[("counted", text), ("reason", "x")]));
            let problem = problem.err().map(|p| (p.field, p.missing));
            assert_eq!(problem, Some(("counted", false)), "{text}");
        }
    }

    #[test]
    fn missing_input_is_distinguished_from_wrong_input() {
        let missing = |task, pairs: &[(&str, &str)]| {
            parse(task, &fields(pairs)).err().filter(|p| p.missing).map(|p| p.message)
        };
        let quantity = Some("Quantity must not be blank.".to_owned());
        assert_eq!(missing(Task::CheckIn, &[]), quantity);
        assert_eq!(
            missing(Task::Remove, &[("quantity", "1"), ("reason", "")]),
            Some("Reason must not be blank.".into())
        );
        assert_eq!(missing(Task::Remove, &[("quantity", "1"), ("reason", "theft")]), None);
    }
}
