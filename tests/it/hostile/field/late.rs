//! What was put and is seen late, and answers that are lost.
