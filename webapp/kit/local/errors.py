"""The one error that starting things on this machine may raise."""

from __future__ import annotations

import errno

import click


class CannotStart(click.ClickException):
    """Something on this machine is in the way; the message is a sentence that says what to do about it.

    A `flask` command that meets it shows the sentence instead of a stack trace, as for any error of click's.
    """


def sentence(problem: OSError) -> str:
    """What to do about a refusal of the operating system, as one sentence."""
    place = problem.filename or "the instance directory"
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full: free some space for {place} and start again."
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{place} cannot be written by this user: change its owner, or run from a directory of your own."
    if problem.errno == errno.ENOENT:
        return f"{place} is missing: run `make setup` and start again."
    return f"The system refused {place}: {problem.strerror or problem}."
