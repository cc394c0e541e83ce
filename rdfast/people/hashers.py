"""How passwords are kept."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class LeanArgon2Hasher(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two passes and one lane: what OWASP asks for at least, and no more.

    On a deadline day thousands sign in within the hour, and hashing was the first thing to fill the processors:
    Django's PBKDF2 takes some eight times as long per sign-in, its own Argon2 settings five times the memory.
    """

    memory_cost = 19 * 1024
    time_cost = 2
    parallelism = 1
