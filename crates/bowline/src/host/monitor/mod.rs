//! What we and the processes we start take of the machine.
