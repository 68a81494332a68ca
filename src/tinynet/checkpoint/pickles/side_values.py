"""What stands beside the weights in many checkpoints: paths, dates and times. Nothing is looked up by them."""

from __future__ import annotations

import posixpath
from typing import Any, Callable

from tinynet.checkpoint.pickles.context import CallContext, damaged
from tinynet.checkpoint.pickles.inert import Record

Arguments = tuple[Any, ...]

_MAX_PARTS = 256
_MAX_PATH = 4096


def posix_path(context: CallContext, arguments: Arguments) -> str:
    """Do ``pathlib.PosixPath(*parts)``, as text."""
    return _path(context, arguments, posixpath.join)


def windows_path(context: CallContext, arguments: Arguments) -> str:
    """Do ``pathlib.WindowsPath(*parts)``, as text."""
    import ntpath

    return _path(context, arguments, ntpath.join)


def _path(context: CallContext, parts: Arguments, join: Callable[..., str]) -> str:
    if len(parts) > _MAX_PARTS or any(type(part) is not str or len(part) > _MAX_PATH for part in parts):
        raise damaged("a path")
    length = sum(map(len, parts)) + len(parts)
    if length > _MAX_PATH:
        raise damaged("a path")
    context.objects.spend(4 * length, "the paths")
    return join(*parts) if parts else "."


class Moment(Record):
    """A date, a time, a duration or a time zone: an object of the module `datetime` that this module made."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value: Any = value

    def plain(self) -> str:
        """Return the moment as text, in the form of ISO 8601 where it has one."""
        return str(self.value.isoformat() if hasattr(self.value, "isoformat") else self.value)


def date(context: CallContext, arguments: Arguments) -> Moment:
    """Do ``datetime.date(state)``: two bytes of the year, month, day."""
    return _moment("date", _state(arguments, 4, "a date"), None)


def time(context: CallContext, arguments: Arguments) -> Moment:
    """Do ``datetime.time(state, tzinfo=None)``: hour, minute, second, three bytes of the microsecond."""
    return _moment("time", _state(arguments, 6, "a time"), _zone(arguments))


def date_time(context: CallContext, arguments: Arguments) -> Moment:
    """Do ``datetime.datetime(state, tzinfo=None)``: the bytes of a date, and those of a time."""
    return _moment("datetime", _state(arguments, 10, "a date"), _zone(arguments))


def duration(context: CallContext, arguments: Arguments) -> Moment:
    """Do ``datetime.timedelta(days, seconds, microseconds)``."""
    if len(arguments) != 3 or any(type(n) is not int for n in arguments):
        raise damaged("a duration")
    return _moment("timedelta", arguments, None)


def time_zone(context: CallContext, arguments: Arguments) -> Moment:
    """Do ``datetime.timezone(offset, name=None)``, without the name."""
    if not 1 <= len(arguments) <= 2 or type(arguments[0]) is not Moment:
        raise damaged("a time zone")
    return _moment("timezone", (arguments[0].value,), None)


def _state(arguments: Arguments, size: int, what: str) -> Arguments:
    """Take the bytes apart into the numbers that `datetime` takes, and checks."""
    state = arguments[0] if 1 <= len(arguments) <= 2 else None
    if type(state) is str:  # written by Python 2, and by chance readable as text
        state = state.encode("utf-8")
    if type(state) is not bytes or len(state) != size:
        raise damaged(what)
    numbers: list[int] = []
    if size != 6:  # a date; the highest bit tells the second of two equal hours at the end of summer time
        numbers += [state[0] * 256 + state[1], state[2] & 0x7F, state[3]]
        state = state[4:]
    if size != 4:
        numbers += [state[0] & 0x7F, state[1], state[2], int.from_bytes(state[3:], "big")]
    return tuple(numbers)


def _zone(arguments: Arguments) -> Moment | None:
    if len(arguments) == 1:
        return None
    if type(arguments[1]) is not Moment:
        raise damaged("a time zone")
    return arguments[1]


def _moment(kind: str, arguments: Arguments, zone: Moment | None) -> Moment:
    import datetime  # takes a millisecond, and few checkpoints hold a date

    try:
        made = getattr(datetime, kind)(*arguments)
        return Moment(made if zone is None else made.replace(tzinfo=zone.value))
    except (ValueError, OverflowError, TypeError):
        raise damaged("a date or time") from None


#: What REDUCE may call of `datetime` and `pathlib`.
CALLS: dict[str, Callable[[CallContext, Arguments], Any]] = {
    "datetime.date": date,
    "datetime.time": time,
    "datetime.datetime": date_time,
    "datetime.timedelta": duration,
    "datetime.timezone": time_zone,
}
for _module in ("pathlib", "pathlib._local"):
    for _class in ("Path", "PurePath", "PosixPath", "PurePosixPath"):
        CALLS[f"{_module}.{_class}"] = posix_path
    for _class in ("WindowsPath", "PureWindowsPath"):
        CALLS[f"{_module}.{_class}"] = windows_path
