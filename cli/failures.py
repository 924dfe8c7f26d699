"""What a person is told of an error of the system, of AWS, or of the notifier, that no command has explained."""

from __future__ import annotations

import errno
from typing import Final

import click

from cli.language import later, say

_ERRNOS: Final = {
    errno.EACCES: later("you may not read or write it: check its owner and mode"),
    errno.EPERM: later("you may not change it: check its owner and mode"),
    errno.EROFS: later("its file system can only be read"),
    errno.ENOSPC: later("the disk is full"),
    errno.EDQUOT: later("your part of the disk is full"),
    errno.EISDIR: later("it is a folder, where a file is needed"),
    errno.ENOTDIR: later("a part of its path is a file, where a folder is needed"),
    errno.ENOENT: later("it does not exist"),
    errno.EMFILE: later("too many files are open: raise the limit with `ulimit -n`"),
}


def explained(error: Exception) -> click.ClickException | None:
    """Return an error as a message that says what to do; None for a defect, which keeps its traceback."""
    module = type(error).__module__.partition(".")[0]
    if module == "botocore":  # some of its errors are an OSError too
        return _of_aws(error)
    if isinstance(error, OSError):
        return _of_system(error)
    return _of_notifier(error) if module == "handler" else None


def _of_system(error: OSError) -> click.ClickException | None:
    if error.errno == errno.EPIPE:  # whoever read the output wants no more of it: click ends quietly
        return None
    known = _ERRNOS.get(error.errno or 0)
    why = say(known) if known else (error.strerror or str(error) or type(error).__name__)
    return click.ClickException(f"{error.filename}: {why}" if error.filename else why)


def _of_aws(error: Exception) -> click.ClickException | None:
    from cli.operations.aws_errors import UnansweredError, reason

    why = reason(error)
    return UnansweredError(say("Could not {what}: {why}", what=say("ask AWS"), why=why)) if why else None


def _of_notifier(error: Exception) -> click.ClickException | None:
    from cli import diagnoses
    from handler.errors import NotifierError

    if not isinstance(error, NotifierError) or error.code == "INTERNAL":
        return None
    return click.ClickException(diagnoses.with_remedy(error))
