"""The demonstration: a programme with awards and proposals in every state, made by the real operations."""
