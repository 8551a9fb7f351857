"""What all errors have in common that a user can mend."""


class KataError(Exception):
    """A trouble that the user can mend; the message says what to type."""

    exit_status = 2
