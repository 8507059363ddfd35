mod aggregates;
mod change_sets;
mod commands;
mod every_answer;
mod feed;
mod guard;
mod operations;
mod verification;
