//! Between the model and the orders: how quotes are widened and shifted, how large they are, and when they may change.
//!
//! A model says where it would quote; what stands here bends that to the market of the moment and to the inventory. All of
//! it works on plain numbers and ladders, whatever the model.
//!
//! Never here: an effect without a bound, a quote through the touch, an input that is unknown taken for zero.

pub mod adjust;
pub mod depth;
pub mod drift;
pub mod shaper;
pub mod size;
#[cfg(test)]
pub(crate) mod skew_sign;
pub mod throttle;
