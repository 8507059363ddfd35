mod aggregates;
mod change_sets;
mod commands;
mod feed;
mod guard;
mod operations;
mod verification;
