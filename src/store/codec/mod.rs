//! One file for each table: its columns, and the law that rows come back as they went in.

mod balance;
mod channel_record;
mod event;
mod intent;
mod notification;
mod payment;
mod posting;
mod refund;
mod state;

#[cfg(test)]
mod round_trip;
