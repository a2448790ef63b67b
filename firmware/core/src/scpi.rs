use crate::board::Board;
use crate::front_end::{Clock, FrontEnd};
use crate::Output;
pub struct Scpi {}
impl Scpi {
    pub const fn new() -> Self { Scpi {} }
    pub fn take<F: FrontEnd, C: Clock>(&mut self, _m: &[u8], _b: &mut Board<F, C>, _o: &mut impl Output) {}
    pub fn overrun(&mut self) {}
}
