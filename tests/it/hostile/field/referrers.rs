//! Who refers to an image, and tag lists that are refused.
