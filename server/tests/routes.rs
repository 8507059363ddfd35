mod aggregates;
mod change_sets;
mod commands;
mod guard;
mod operations;
mod verification;
