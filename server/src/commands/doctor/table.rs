//! The table: whether it exists, is ready, and has our keys.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::describe_table::{DescribeTableError, DescribeTableOutput};
use aws_sdk_dynamodb::types::{TableDescription, TableStatus};
use event_store::dynamodb;

use super::{Finding, TableLocation};

/// Returns the table's description, or the finding that says why there is none.
pub(super) fn found(
    at: &TableLocation<'_>,
    described: Result<DescribeTableOutput, SdkError<DescribeTableError, HttpResponse>>,
) -> Result<TableDescription, Finding> {
    let TableLocation { table, name: place, .. } = at;
    let error = match described {
        Ok(DescribeTableOutput { table: Some(description), .. }) => return Ok(description),
        Ok(_) => return Err(missing(table, place)),
        Err(error) if error.code() == Some("ResourceNotFoundException") => {
            return Err(missing(table, place));
        }
        Err(error) => error,
    };
    let what = format!("the store at {place} cannot be used: {}", dynamodb::reason(&error));
    Err(Finding::problem(
        what,
        match (error.code(), at.is_aws) {
            (Some("AccessDeniedException"), _) => {
                "Allow dynamodb:DescribeTable: deploy/iam/serve.json has all that is needed"
            }
            (Some(_), true) => "Check the credentials and the region of the environment",
            (None, true) => {
                "Check the network, and that the environment names a region and has credentials \
             (AWS_REGION, AWS_PROFILE)"
            }
            (Some(_), false) => "Check that this is a DynamoDB-compatible server",
            (None, false) => "Check that it runs, and that --dynamodb-endpoint is its address",
        },
    ))
}

fn missing(table: &str, place: &str) -> Finding {
    Finding::problem(
        format!("there is no table `{table}` at {place}"),
        "`daybook serve` creates it if permitted; or choose another with --table",
    )
}

/// Returns the findings about the table, and whether it can be used at all.
pub(super) fn examine(
    at: &TableLocation<'_>,
    description: &TableDescription,
) -> (Vec<Finding>, bool) {
    let TableLocation { table, name: place, .. } = at;
    if let Err(error) = dynamodb::check_shape(table, description) {
        let remedy = "It belongs to another program: choose another with --table";
        return (vec![Finding::problem(error.to_string(), remedy)], false);
    }
    let status = description.table_status().map_or("UNKNOWN", TableStatus::as_str);
    if !["ACTIVE", "UPDATING"].contains(&status) {
        let what = format!("the table `{table}` is not active but {status}");
        return (vec![Finding::problem(what, "Wait until it is")], false);
    }
    let there = Finding::ok(format!("the table `{table}` at {place} has the keys it should have"));
    (std::iter::once(there).chain(billing(at, description)).collect(), true)
}

fn billing(at: &TableLocation<'_>, description: &TableDescription) -> Option<Finding> {
    // A table that is billed by use reports a capacity of zero.
    let capacity = description.provisioned_throughput().and_then(|p| p.write_capacity_units());
    let is_provisioned = capacity.is_some_and(|units| units > 0);
    is_provisioned.then(|| {
        let table = at.table;
        Finding::warning(
            format!("the table `{table}` has a provisioned capacity, beyond which it throttles"),
            format!(
                "Bill it by use: aws dynamodb update-table --table-name {table} --billing-mode \
                 PAY_PER_REQUEST"
            ),
        )
    })
}
