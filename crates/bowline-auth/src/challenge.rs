//! What a server that wants to know who asks says in `WWW-Authenticate`.
