//! What all servers of a host offer together: under which names, in which order, and which server has it.
