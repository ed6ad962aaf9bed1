//! How a person's taste is learned: rewards, style vectors, exploration, daily learning, drift. No I/O.
