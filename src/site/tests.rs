//! The site as a function: requests in, responses out, over a real folder and no socket.
