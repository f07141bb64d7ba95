//! Behaviours that change while the bank runs.

use std::sync::Arc;

use serde_json::Value;

use super::super::sign::KeyRing;
use super::Bank;
use crate::ledger::{ChannelRecord, RecordKind};
use crate::profile::{Behaviour, ChannelProfile, HIDDEN_KEY, SwitchError};

/// What a behaviour is to be from now on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wish<'a> {
    /// This, written as the section of a profile; null for none of it.
    This(&'a Value),
    /// What the bank's own profile says.
    AsInProfile,
}

/// The status of a record by which a behaviour went back to the profile's.
const PROFILE: &str = "profile";

/// What a record has in place of a key that is not the profile's, so that nobody takes it for that one.
const OTHER_KEY: &str = "*** of whoever switched it";

impl Bank {
    /// Changes a behaviour from `now_us` on; windows of the run that it has are counted from then.
    ///
    /// # Errors
    /// Those of [`ChannelProfile::with`]; nothing has changed.
    ///
    /// [`ChannelProfile::with`]: crate::profile::ChannelProfile::with
    pub fn switch(
        &mut self,
        behaviour: Behaviour,
        wish: Wish<'_>,
        now_us: i64,
    ) -> Result<Vec<ChannelRecord>, SwitchError> {
        let known = Arc::clone(&self.profile);
        self.change(behaviour, wish, &known, now_us)?;
        let mut record = self.record(RecordKind::Control, behaviour.name(), now_us);
        record.status = match wish {
            Wish::This(to) => self.written(behaviour, to),
            Wish::AsInProfile => PROFILE.to_owned(),
        };
        Ok(vec![record])
    }

    /// A behaviour that was changed to `to`, as it is written down: without a key.
    fn written(&self, behaviour: Behaviour, to: &Value) -> String {
        if behaviour != Behaviour::SignatureFaults {
            return to.to_string();
        }
        // Not `to`, as it may say the same in a way in which the key is not found.
        let mut shown = behaviour.of(&self.profile);
        let key_of = |profile: &ChannelProfile| profile.signature_faults.rotation.as_ref().map(|r| r.key.clone());
        if key_of(&self.profile) != key_of(&self.base)
            && let Some(key) = shown.pointer_mut("/rotation/key").filter(|key| **key == *HIDDEN_KEY)
        {
            *key = Value::from(OTHER_KEY);
        }
        shown.to_string()
    }

    /// Does again what `record` says was done.
    pub(super) fn restore_switch(&mut self, record: &ChannelRecord) {
        let Some(behaviour) = Behaviour::parse(&record.operation) else { return };
        let to = serde_json::from_str::<Value>(&record.status);
        let wish = match &to {
            Ok(to) => Wish::This(to),
            Err(_) => Wish::AsInProfile,
        };
        // What does not fit the profile any more, as that is another one now, is left as the profile says.
        // Nor is one with a key of which the record shows only that it was another.
        let known = Arc::clone(&self.base);
        if let Err(e) = self.change(behaviour, wish, &known, record.at_us) {
            tracing::warn!("channel {}: a change of `{}` is not taken up again: {e}", self.base.name, record.operation);
        }
    }

    /// Changes a behaviour; keys that `wish` only shows are those of `known`.
    fn change(
        &mut self,
        behaviour: Behaviour,
        wish: Wish<'_>,
        known: &ChannelProfile,
        now_us: i64,
    ) -> Result<(), SwitchError> {
        let profile = match wish {
            Wish::This(to) => self.profile.with(behaviour, to, known)?,
            Wish::AsInProfile => self.profile.with_that_of(behaviour, &self.base)?,
        };
        if behaviour == Behaviour::SignatureFaults {
            self.keys = KeyRing::of(&profile);
        }
        self.profile = Arc::new(profile);
        match wish {
            Wish::This(_) => _ = self.switched_us.insert(behaviour, now_us),
            Wish::AsInProfile => _ = self.switched_us.remove(&behaviour),
        }
        Ok(())
    }

    /// When a behaviour was changed, Unix microseconds; `None` if it is as the bank's own profile says.
    pub(in crate::mock) fn switched_us(&self, behaviour: Behaviour) -> Option<i64> {
        self.switched_us.get(&behaviour).copied()
    }

    /// The behaviours that are not as the bank's own profile says, in its order.
    pub fn switched(&self) -> impl Iterator<Item = Behaviour> {
        self.switched_us.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample::{ask, bank, play, restore, shown};
    use super::*;

    #[test]
    fn a_behaviour_changes_for_what_comes_later_and_changes_back() {
        let mut bank = bank(&json!({ "limits": { "amount_max": 500 } }));
        play(&mut bank, "0 pay 1 600 => 61 FAIL; pay FAIL 600");
        let wider = json!({ "amount_max": 1000 });
        let records = bank.switch(Behaviour::Limits, Wish::This(&wider), 1_000).expect("sound");
        let written: Vec<_> =
            records.iter().map(|r| (r.seq, r.kind, r.operation.as_str(), r.status.as_str())).collect();
        assert_eq!(written, [(3, RecordKind::Control, "limits", r#"{"amount_max":1000}"#)]);
        play(&mut bank, "2 pay 2 600 => 00 SUCCESS; pay SUCCESS 600\n3 pay 1 600 => 61 FAIL");
        bank.switch(Behaviour::Limits, Wish::This(&Value::Null), 4_000).expect("sound");
        play(&mut bank, "5 pay 3 6000 => 00 SUCCESS; pay SUCCESS 6000");
        assert!(bank.switched().eq([Behaviour::Limits]));
        bank.switch(Behaviour::Limits, Wish::AsInProfile, 6_000).expect("sound");
        play(&mut bank, "7 pay 4 600 => 61 FAIL; pay FAIL 600");
        assert_eq!(bank.switched().count(), 0);
    }

    #[test]
    fn what_would_not_check_changes_nothing_and_is_not_written() {
        let mut bank = bank(&json!({}));
        let before = Arc::clone(&bank.profile);
        let wish = json!({ "amount_max": -1 });
        assert!(bank.switch(Behaviour::Limits, Wish::This(&wish), 0).is_err());
        assert_eq!(bank.profile, before);
        assert_eq!(bank.handle(&ask("query 1"), 0).records[0].seq, 1);
    }

    #[test]
    fn windows_of_what_was_switched_on_count_from_then() {
        let mut bank = bank(&json!({}));
        play(&mut bank, "0 query 1 => 25 NOT_FOUND");
        let window = json!([{ "when": { "run": { "from": "100ms", "lasts": "50ms" } }, "calls": "refuse" }]);
        bank.switch(Behaviour::Maintenance, Wish::This(&window), 5_000_000).expect("sound");
        play(
            &mut bank,
            "5099 query 1 => 25 NOT_FOUND
             5100 query 1 => 503 91 REFUSED
             5150 query 1 => 25 NOT_FOUND",
        );
    }

    fn records_of(bank: &mut Bank, wish: Wish<'_>) -> Vec<ChannelRecord> {
        bank.switch(Behaviour::SignatureFaults, wish, 1_000).expect("sound")
    }

    /// The key that callbacks are signed with once a new one is in force, as a signature.
    fn signs(bank: &Bank) -> Vec<u8> {
        bank.keys(60_000_000).expect("this bank signs").current.sign(&[b"it"])
    }

    /// Aim: a key never gets into the journal, however it is written; one that the profile has too is found again, any other
    /// is not, and is not taken for the profile's.
    #[test]
    fn a_key_that_comes_while_the_bank_runs_is_written_nowhere() {
        let own = json!({ "rotation": { "key": "hunter1", "after": "0s" } });
        let fresh = || bank(&json!({ "signature_faults": own }));
        let signs_as = |key: &str| {
            let faults = json!({ "rotation": { "key": key, "after": "0s" } });
            signs(&bank(&json!({ "signature_faults": faults })))
        };
        for other in
            [json!({ "rotation": { "key": "hunter2", "after": "0s" } }), json!({ "rotation": ["hunter2", "0s", "0s"] })]
        {
            let mut first = fresh();
            let records = records_of(&mut first, Wish::This(&other));
            assert!(!records[0].status.contains("hunter"), "{}", records[0].status);
            assert_eq!(signs(&first), signs_as("hunter2"));
            let mut second = fresh();
            restore(&mut second, &records);
            assert_eq!((second.switched().count(), signs(&second)), (0, signs_as("hunter1")));
        }
        let mut first = fresh();
        let mut shown = Behaviour::SignatureFaults.of(&first.profile);
        shown["missing_share"] = json!("5 %");
        let mut records = records_of(&mut first, Wish::This(&Value::Null));
        let refused = first.switch(Behaviour::SignatureFaults, Wish::This(&shown), 1_000);
        assert!(refused.is_err(), "there is no key to keep any more");
        shown["rotation"]["key"] = json!("hunter1");
        records.extend(records_of(&mut first, Wish::This(&shown)));
        assert!(!records[1].status.contains("hunter"), "{}", records[1].status);
        let mut second = fresh();
        restore(&mut second, &records);
        assert_eq!((second.switched().count(), signs(&second)), (1, signs_as("hunter1")));
        assert_eq!(second.profile, first.profile);
    }

    /// Journals of earlier versions have the key itself.
    #[test]
    fn a_key_in_an_older_journal_is_still_taken_up() {
        let mut first = bank(&json!({}));
        let wish = json!({ "rotation": { "key": "hunter2", "after": "0s" } });
        let mut records = records_of(&mut first, Wish::This(&wish));
        records[0].status = wish.to_string();
        let mut second = bank(&json!({}));
        restore(&mut second, &records);
        assert_eq!((second.switched().count(), signs(&second)), (1, signs(&first)));
    }

    /// Aim: a bank that is started again behaves as the one that stopped. Method: a storm of unknown outcomes is
    /// switched on in the middle; what nobody was told is found again by the rules of its time.
    #[test]
    fn changes_are_taken_up_again_from_the_journal() {
        let storm = json!({ "share": "60 %", "executed": "50 %", "shows": [{ "as": "ask_code", "weight": 1 }] });
        let mut first = bank(&json!({}));
        let mut journal = Vec::new();
        for n in 0..300 {
            if n == 100 {
                journal.extend(first.switch(Behaviour::Unknown, Wish::This(&storm), n * 1_000).expect("sound"));
            }
            if n == 200 {
                journal.extend(first.switch(Behaviour::Unknown, Wish::AsInProfile, n * 1_000).expect("sound"));
            }
            journal.extend(first.handle(&ask(&format!("pay {n} 500")), n * 1_000).records);
        }
        // Cut off in the storm, with a change that lasts.
        let upto = journal.iter().position(|r| r.at_us == 150_000).expect("a record of that time");
        let mut second = bank(&json!({}));
        restore(&mut second, &journal[..upto]);
        assert!(second.switched().eq([Behaviour::Unknown]));
        let mut third = bank(&json!({}));
        restore(&mut third, &journal);
        assert_eq!(third.switched().count(), 0);
        for n in 0..300 {
            let query = ask(&format!("query {n}"));
            let seen = shown(&first.handle(&query, 900_000).reply);
            assert_eq!(shown(&third.handle(&query, 900_000).reply), seen, "{n}");
            if n < 150 {
                assert_eq!(shown(&second.handle(&query, 900_000).reply), seen, "{n}");
            }
        }
    }
}
