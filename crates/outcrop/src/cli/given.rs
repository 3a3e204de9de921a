//! Options that do nothing without another one.

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches, Id};

use crate::{Error, Result};

/// A group of options, and which of them were given.
pub(crate) struct Given<T> {
    pub(crate) options: T,
    /// As they are written, such as `--time`.
    names: Vec<String>,
}

impl<T> Given<T> {
    /// Refuses the options of the group, which do nothing without what is not there.
    ///
    /// # Errors
    /// [`Error::Idle`] with the first that was given.
    pub(crate) fn refuse(&self, without: &'static str) -> Result<()> {
        match self.names.first() {
            None => Ok(()),
            Some(option) => Err(Error::Idle {
                option: option.clone(),
                without,
            }),
        }
    }
}

fn names<T: Args>(matches: &ArgMatches) -> Vec<String> {
    let group = T::augment_args(Command::new(""));
    let given = group.get_arguments().filter(|argument| {
        let id = argument.get_id().as_str();
        matches.value_source(id) == Some(ValueSource::CommandLine)
    });
    let long = given.filter_map(clap::Arg::get_long);
    long.map(|name| format!("--{name}")).collect()
}

impl<T: Args> Args for Given<T> {
    fn group_id() -> Option<Id> {
        T::group_id()
    }

    fn augment_args(command: Command) -> Command {
        T::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        T::augment_args_for_update(command)
    }
}

impl<T: Args> FromArgMatches for Given<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Self::from_arg_matches_mut(&mut matches.clone())
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self {
            names: names::<T>(matches),
            options: T::from_arg_matches_mut(matches)?,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.names = names::<T>(matches);
        self.options.update_from_arg_matches(matches)
    }
}
