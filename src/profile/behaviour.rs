//! The behaviours of a bank: the sections of a profile that can be changed while it runs.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{ChannelProfile, Problem};

/// Why a behaviour cannot be what is asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SwitchError {
    /// It is not written as a profile would have it.
    #[error("{0}")]
    Unreadable(String),
    /// The profile would have problems.
    #[error("{}: {}", .0[0].pointer, .0[0].message)]
    Unsound(Vec<Problem>),
}

/// Makes the enum, its names, and ways to read, set and take over the section of each.
macro_rules! behaviours {
    ($($(#[$doc:meta])* $variant:ident = $field:ident,)*) => {
        /// A behaviour of a bank, by the section of the profile that says what it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Behaviour {
            $($(#[$doc])* $variant,)*
        }

        impl Behaviour {
            /// All of them, in the order of the profile.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The key of its section.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($field),)* }
            }

            /// What `profile` says of it.
            pub fn of(self, profile: &ChannelProfile) -> Value {
                match self {
                    $(Self::$variant => serde_json::to_value(&profile.$field).expect("a section is plain data"),)*
                }
            }

            fn set(self, profile: &mut ChannelProfile, to: &Value) -> Result<(), serde_json::Error> {
                match self {
                    $(Self::$variant => profile.$field = section(to)?,)*
                }
                Ok(())
            }

            fn take_over(self, profile: &mut ChannelProfile, from: &ChannelProfile) {
                match self { $(Self::$variant => profile.$field.clone_from(&from.$field),)* }
            }
        }
    };
}

behaviours! {
    /// Payments that are declined.
    Decline = decline,
    /// Calls that end without a word on their outcome.
    Unknown = unknown,
    /// What inquiries find.
    Inquiry = inquiry,
    /// The end of orders without an outcome.
    Close = close,
    /// The end of payments whatever became of them.
    Reversal = reversal,
    /// Numbers that were used before.
    Idempotency = idempotency,
    /// Outcomes told by callback.
    Callback = callback,
    /// Callbacks that are signed wrongly, and keys that change.
    SignatureFaults = signature_faults,
    /// How refunds differ from payments.
    Refund = refund,
    /// Money that the merchant sends.
    Payout = payout,
    /// What the bank keeps.
    Fee = fee,
    /// Files about days that are over.
    Settlement = settlement,
    /// What the bank takes at most.
    Limits = limits,
    /// How many calls the bank takes in a time.
    Quota = quota,
    /// When the bank is closed.
    Maintenance = maintenance,
    /// When the bank is slow and fails more often.
    Degradation = degradation,
    /// How the bank slows down under load.
    Collapse = collapse,
    /// Answers that break on the wire.
    Network = network,
    /// Handshakes of TLS that fail.
    Handshake = handshake,
}

/// A section as it is written; null is none of it.
fn section<T: Default + DeserializeOwned>(written: &Value) -> Result<T, serde_json::Error> {
    if written.is_null() { Ok(T::default()) } else { serde_json::from_value(written.clone()) }
}

impl Behaviour {
    /// The behaviour with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|behaviour| behaviour.name() == name)
    }
}

impl ChannelProfile {
    /// This profile, but with `to` as the section of `behaviour`, written as in a profile; null is as if it had none.
    /// Where it has what is shown of a key ([`HIDDEN_KEY`](super::HIDDEN_KEY)), the key is that of the same place in `known`.
    ///
    /// # Errors
    /// - [`SwitchError::Unreadable`] if `to` is not such a section
    /// - [`SwitchError::Unsound`] with all problems the profile would have
    pub fn with(&self, behaviour: Behaviour, to: &Value, known: &Self) -> Result<Self, SwitchError> {
        let mut profile = self.clone();
        behaviour.set(&mut profile, to).map_err(|e| SwitchError::Unreadable(e.to_string()))?;
        if let (Some(rotation), Some(known)) =
            (&mut profile.signature_faults.rotation, &known.signature_faults.rotation)
        {
            rotation.key.keep(&known.key);
        }
        let problems = profile.check();
        if problems.is_empty() { Ok(profile) } else { Err(SwitchError::Unsound(problems)) }
    }

    /// This profile, but with the section of `behaviour` as it is in `other`.
    ///
    /// # Errors
    /// [`SwitchError::Unsound`] if that does not fit the rest of this one.
    pub fn with_that_of(&self, behaviour: Behaviour, other: &Self) -> Result<Self, SwitchError> {
        let mut profile = self.clone();
        behaviour.take_over(&mut profile, other);
        let problems = profile.check();
        if problems.is_empty() { Ok(profile) } else { Err(SwitchError::Unsound(problems)) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    fn plain() -> ChannelProfile {
        let answer = json!({ "synchronous": { "after": { "constant": "10ms" } } });
        let signature = json!({ "hmac_sha256": { "key": "k" } });
        serde_json::from_value(json!({ "name": "bank", "merchant_no": "88", "signature": signature, "answer": answer }))
            .expect("reads")
    }

    /// What is shown of a section is what can be written as one, so that a change can be built on what is.
    #[test]
    fn every_behaviour_is_written_as_it_is_read() {
        for &behaviour in Behaviour::ALL {
            let shown = behaviour.of(&plain());
            let again = plain().with(behaviour, &shown, &plain()).map(|p| behaviour.of(&p));
            assert_eq!(again, Ok(shown), "{behaviour:?}");
            assert_eq!(plain().with(behaviour, &Value::Null, &plain()), Ok(plain()), "{behaviour:?}");
            assert_eq!(Behaviour::parse(behaviour.name()), Some(behaviour));
        }
    }

    /// Everything but who the bank is, how it writes and signs, and how it answers.
    #[test]
    fn every_section_of_a_profile_is_a_behaviour() {
        let schema = serde_json::to_value(schemars::schema_for!(ChannelProfile)).expect("serializable");
        let sections = schema["properties"].as_object().expect("fields").keys();
        let fixed = ["name", "merchant_no", "face", "signature", "answer"];
        let switchable: BTreeSet<&str> = sections.map(String::as_str).filter(|key| !fixed.contains(key)).collect();
        let names: BTreeSet<&str> = Behaviour::ALL.iter().map(|b| b.name()).collect();
        assert_eq!(switchable, names);
    }

    /// A section with a key can be changed as it is shown: the key stays what it is, and is still not shown.
    #[test]
    fn a_key_that_is_sent_back_as_it_is_shown_stays() {
        let rotation = json!({ "rotation": { "key": "hunter2", "after": "10s" } });
        let with = plain().with(Behaviour::SignatureFaults, &rotation, &plain()).expect("sound");
        let mut shown = Behaviour::SignatureFaults.of(&with);
        assert_eq!(shown["rotation"]["key"], "***");
        shown["missing_share"] = json!("1 %");
        let again = with.with(Behaviour::SignatureFaults, &shown, &with).expect("sound");
        let key = |profile: &ChannelProfile| {
            profile.signature_faults.rotation.as_ref().and_then(|r| r.key.text().map(str::to_owned))
        };
        assert_eq!(key(&again).as_deref(), Some("hunter2"));
        let unknown = plain().with(Behaviour::SignatureFaults, &shown, &plain());
        let Err(SwitchError::Unsound(problems)) = unknown else { panic!("{unknown:?}") };
        assert_eq!(problems[0].message, "`***` stands for a key that is known, and here none is");
    }

    #[test]
    fn what_would_not_check_is_refused_with_its_place() {
        let refused = plain().with(Behaviour::Fee, &json!({ "basis_points": 20_000 }), &plain());
        let Err(SwitchError::Unsound(problems)) = refused else { panic!("{refused:?}") };
        assert_eq!(problems.iter().map(|p| p.pointer.as_str()).collect::<Vec<_>>(), ["/fee/basis_points"]);
        let unread = plain().with(Behaviour::Fee, &json!({ "points": 1 }), &plain());
        assert!(
            matches!(&unread, Err(SwitchError::Unreadable(text)) if text.contains("unknown field `points`")),
            "{unread:?}"
        );
    }
}
